-- pymlsql: upgrade to heads
-- Run it with sqlcmd, or in SSMS with SQLCMD Mode on. It stops at the first error and then has changed nothing.
:on error exit
SET QUOTED_IDENTIFIER ON;
SET ANSI_NULLS ON;
SET XACT_ABORT ON;
SET NOCOUNT ON;
GO
BEGIN TRANSACTION;

IF SCHEMA_ID(N'ml') IS NULL EXEC(N'CREATE SCHEMA ml');
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.alembic_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
-- Running upgrade  -> 0001

INSERT INTO ml.alembic_version (version_num) OUTPUT inserted.version_num VALUES ('0001');
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
-- Running upgrade 0001 -> pdm_0002

CREATE TABLE dbo.PdM_telemetry (
    machineID int NOT NULL,
    datetime datetime NOT NULL,
    volt float NULL,
    rotate float NULL,
    pressure float NULL,
    vibration float NULL,
    CONSTRAINT PK_PdM_telemetry PRIMARY KEY CLUSTERED (machineID, datetime)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE INDEX IX_PdM_telemetry_datetime ON dbo.PdM_telemetry (datetime);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE dbo.PdM_errors (
    machineID int NOT NULL,
    datetime datetime NOT NULL,
    errorID nvarchar(20) NOT NULL,
    CONSTRAINT PK_PdM_errors PRIMARY KEY CLUSTERED (machineID, datetime, errorID)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE dbo.PdM_maint (
    machineID int NOT NULL,
    datetime datetime NOT NULL,
    comp nvarchar(20) NOT NULL,
    CONSTRAINT PK_PdM_maint PRIMARY KEY CLUSTERED (machineID, datetime, comp)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE dbo.PdM_failures (
    machineID int NOT NULL,
    datetime datetime NOT NULL,
    failure nvarchar(20) NOT NULL,
    CONSTRAINT PK_PdM_failures PRIMARY KEY CLUSTERED (machineID, datetime, failure)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE dbo.PdM_machines (
    machineID int NOT NULL,
    model nvarchar(20) NOT NULL,
    age int NOT NULL,
    CONSTRAINT PK_PdM_machines PRIMARY KEY CLUSTERED (machineID)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE dbo.FailurePredictions (
    machineID int NOT NULL,
    datetime datetime NOT NULL,
    predicted nvarchar(20) NOT NULL,
    p_none float NOT NULL,
    p_comp1 float NOT NULL,
    p_comp2 float NOT NULL,
    p_comp3 float NOT NULL,
    p_comp4 float NOT NULL,
    model_version int NOT NULL,
    run_id bigint NOT NULL,
    scored_at datetime NOT NULL CONSTRAINT DF_FailurePredictions_scored_at DEFAULT GETUTCDATE(),
    CONSTRAINT PK_FailurePredictions PRIMARY KEY CLUSTERED (datetime, machineID, model_version, run_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE INDEX IX_FailurePredictions_machineID ON dbo.FailurePredictions (machineID, datetime DESC);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
UPDATE ml.alembic_version SET version_num='pdm_0002' WHERE ml.alembic_version.version_num = '0001';
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
-- Running upgrade 0001 -> ml_0002

CREATE TABLE ml.models (
    model_id int IDENTITY(1, 1) NOT NULL,
    name nvarchar(128) NOT NULL,
    created_at datetime NOT NULL CONSTRAINT DF_models_created_at DEFAULT GETUTCDATE(),
    created_by nvarchar(128) NOT NULL CONSTRAINT DF_models_created_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_models PRIMARY KEY CLUSTERED (model_id),
    CONSTRAINT UQ_models_name UNIQUE (name)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.blobs (
    sha256 binary(32) NOT NULL,
    data varbinary(max) NOT NULL,
    size_bytes bigint NOT NULL,
    created_at datetime NOT NULL CONSTRAINT DF_blobs_created_at DEFAULT GETUTCDATE(),
    CONSTRAINT PK_blobs PRIMARY KEY CLUSTERED (sha256)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.model_versions (
    model_version_id int IDENTITY(1, 1) NOT NULL,
    model_id int NOT NULL,
    version int NOT NULL,
    sha256 binary(32) NOT NULL,
    format nvarchar(20) NOT NULL,
    signature nvarchar(max) NOT NULL,
    python_version nvarchar(20) NOT NULL,
    packages nvarchar(max) NOT NULL,
    metrics nvarchar(max) NOT NULL,
    created_at datetime NOT NULL CONSTRAINT DF_model_versions_created_at DEFAULT GETUTCDATE(),
    created_by nvarchar(128) NOT NULL CONSTRAINT DF_model_versions_created_by DEFAULT SUSER_SNAME(),
    comment nvarchar(4000) NULL,
    CONSTRAINT PK_model_versions PRIMARY KEY CLUSTERED (model_version_id),
    CONSTRAINT UQ_model_versions_version UNIQUE (model_id, version),
    CONSTRAINT FK_model_versions_models FOREIGN KEY (model_id) REFERENCES ml.models (model_id),
    CONSTRAINT FK_model_versions_blobs FOREIGN KEY (sha256) REFERENCES ml.blobs (sha256),
    CONSTRAINT CK_model_versions_version CHECK (version > 0)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.model_aliases (
    model_id int NOT NULL,
    alias nvarchar(128) NOT NULL,
    version int NOT NULL,
    changed_at datetime NOT NULL CONSTRAINT DF_model_aliases_changed_at DEFAULT GETUTCDATE(),
    changed_by nvarchar(128) NOT NULL CONSTRAINT DF_model_aliases_changed_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_model_aliases PRIMARY KEY CLUSTERED (model_id, alias),
    CONSTRAINT FK_model_aliases_model_versions FOREIGN KEY (model_id, version)
        REFERENCES ml.model_versions (model_id, version)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.scoring_runs (
    run_id bigint IDENTITY(1, 1) NOT NULL,
    model_version_id int NOT NULL,
    procedure_name nvarchar(257) NOT NULL,
    since datetime NULL,
    until datetime NULL,
    status nvarchar(20) NOT NULL,
    rows bigint NULL,
    started_at datetime NOT NULL CONSTRAINT DF_scoring_runs_started_at DEFAULT GETUTCDATE(),
    finished_at datetime NULL,
    duration_s float NULL,
    error nvarchar(max) NULL,
    login nvarchar(128) NOT NULL CONSTRAINT DF_scoring_runs_login DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_scoring_runs PRIMARY KEY CLUSTERED (run_id),
    CONSTRAINT FK_scoring_runs_model_versions FOREIGN KEY (model_version_id)
        REFERENCES ml.model_versions (model_version_id),
    CONSTRAINT CK_scoring_runs_status CHECK (status IN (N'running', N'succeeded', N'failed'))
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.deployments (
    deployment_id int IDENTITY(1, 1) NOT NULL,
    object_name nvarchar(257) NOT NULL,
    object_type nvarchar(20) NOT NULL,
    definition_sha256 binary(32) NOT NULL,
    definition nvarchar(max) NOT NULL,
    former_definition nvarchar(max) NULL,
    package_version nvarchar(40) NOT NULL,
    applied_at datetime NOT NULL CONSTRAINT DF_deployments_applied_at DEFAULT GETUTCDATE(),
    applied_by nvarchar(128) NOT NULL CONSTRAINT DF_deployments_applied_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_deployments PRIMARY KEY CLUSTERED (deployment_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE INDEX IX_deployments_object_name ON ml.deployments (object_name, deployment_id);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
INSERT INTO ml.alembic_version (version_num) OUTPUT inserted.version_num VALUES ('ml_0002');
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
-- Running upgrade ml_0002 -> ml_0003

CREATE TABLE ml.experiments (
    experiment_id int IDENTITY(1, 1) NOT NULL,
    name nvarchar(128) NOT NULL,
    description nvarchar(4000) NULL,
    created_at datetime NOT NULL CONSTRAINT DF_experiments_created_at DEFAULT GETUTCDATE(),
    created_by nvarchar(128) NOT NULL CONSTRAINT DF_experiments_created_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_experiments PRIMARY KEY CLUSTERED (experiment_id),
    CONSTRAINT UQ_experiments_name UNIQUE (name)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.runs (
    run_id bigint IDENTITY(1, 1) NOT NULL,
    experiment_id int NOT NULL,
    parent_run_id bigint NULL,
    name nvarchar(128) NULL,
    status nvarchar(20) NOT NULL CONSTRAINT DF_runs_status DEFAULT N'running',
    started_at datetime NOT NULL CONSTRAINT DF_runs_started_at DEFAULT GETUTCDATE(),
    ended_at datetime NULL,
    login nvarchar(128) NOT NULL CONSTRAINT DF_runs_login DEFAULT SUSER_SNAME(),
    git_commit nvarchar(64) NULL,
    source nvarchar(400) NULL,
    error nvarchar(max) NULL,
    training_query nvarchar(max) NULL,
    n_rows bigint NULL,
    data_sha256 binary(32) NULL,
    view_name nvarchar(257) NULL,
    view_definition nvarchar(max) NULL,
    CONSTRAINT PK_runs PRIMARY KEY CLUSTERED (run_id),
    CONSTRAINT FK_runs_experiments FOREIGN KEY (experiment_id) REFERENCES ml.experiments (experiment_id),
    CONSTRAINT FK_runs_parent FOREIGN KEY (parent_run_id) REFERENCES ml.runs (run_id),
    CONSTRAINT CK_runs_status CHECK (status IN (N'running', N'finished', N'failed', N'killed'))
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.run_params (
    run_id bigint NOT NULL,
    name nvarchar(250) NOT NULL,
    value nvarchar(max) NOT NULL,
    CONSTRAINT PK_run_params PRIMARY KEY CLUSTERED (run_id, name),
    CONSTRAINT FK_run_params_runs FOREIGN KEY (run_id) REFERENCES ml.runs (run_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.run_metrics (
    run_id bigint NOT NULL,
    name nvarchar(250) NOT NULL,
    step bigint NOT NULL,
    value float NOT NULL,
    logged_at datetime NOT NULL CONSTRAINT DF_run_metrics_logged_at DEFAULT GETUTCDATE(),
    CONSTRAINT PK_run_metrics PRIMARY KEY CLUSTERED (run_id, name, step),
    CONSTRAINT FK_run_metrics_runs FOREIGN KEY (run_id) REFERENCES ml.runs (run_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.run_tags (
    run_id bigint NOT NULL,
    name nvarchar(250) NOT NULL,
    value nvarchar(4000) NOT NULL,
    CONSTRAINT PK_run_tags PRIMARY KEY CLUSTERED (run_id, name),
    CONSTRAINT FK_run_tags_runs FOREIGN KEY (run_id) REFERENCES ml.runs (run_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.run_artifacts (
    run_id bigint NOT NULL,
    path nvarchar(400) NOT NULL,
    sha256 binary(32) NOT NULL,
    size_bytes bigint NOT NULL,
    created_at datetime NOT NULL CONSTRAINT DF_run_artifacts_created_at DEFAULT GETUTCDATE(),
    created_by nvarchar(128) NOT NULL CONSTRAINT DF_run_artifacts_created_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_run_artifacts PRIMARY KEY CLUSTERED (run_id, path),
    CONSTRAINT FK_run_artifacts_runs FOREIGN KEY (run_id) REFERENCES ml.runs (run_id),
    CONSTRAINT FK_run_artifacts_blobs FOREIGN KEY (sha256) REFERENCES ml.blobs (sha256)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
ALTER TABLE ml.models ADD
    description nvarchar(4000) NULL,
    archived_at datetime NULL;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
ALTER TABLE ml.model_versions ADD
    run_id bigint NULL CONSTRAINT FK_model_versions_runs FOREIGN KEY REFERENCES ml.runs (run_id),
    description nvarchar(4000) NULL,
    archived_at datetime NULL,
    language nvarchar(128) NOT NULL CONSTRAINT DF_model_versions_language DEFAULT N'Python',
    seal_key binary(32) NULL,
    seal varbinary(64) NULL,
    scan nvarchar(max) NULL,
    sample nvarchar(max) NULL;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.model_tags (
    model_id int NOT NULL,
    name nvarchar(250) NOT NULL,
    value nvarchar(4000) NOT NULL,
    CONSTRAINT PK_model_tags PRIMARY KEY CLUSTERED (model_id, name),
    CONSTRAINT FK_model_tags_models FOREIGN KEY (model_id) REFERENCES ml.models (model_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.model_version_tags (
    model_version_id int NOT NULL,
    name nvarchar(250) NOT NULL,
    value nvarchar(4000) NOT NULL,
    CONSTRAINT PK_model_version_tags PRIMARY KEY CLUSTERED (model_version_id, name),
    CONSTRAINT FK_model_version_tags_model_versions FOREIGN KEY (model_version_id)
        REFERENCES ml.model_versions (model_version_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.model_checks (
    check_id int IDENTITY(1, 1) NOT NULL,
    model_version_id int NOT NULL,
    language nvarchar(128) NOT NULL,
    passed bit NOT NULL,
    python_version nvarchar(20) NULL,
    packages nvarchar(max) NULL,
    reason nvarchar(4000) NULL,
    checked_at datetime NOT NULL CONSTRAINT DF_model_checks_checked_at DEFAULT GETUTCDATE(),
    checked_by nvarchar(128) NOT NULL CONSTRAINT DF_model_checks_checked_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_model_checks PRIMARY KEY CLUSTERED (check_id),
    CONSTRAINT FK_model_checks_model_versions FOREIGN KEY (model_version_id)
        REFERENCES ml.model_versions (model_version_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.events (
    event_id bigint IDENTITY(1, 1) NOT NULL,
    at datetime NOT NULL CONSTRAINT DF_events_at DEFAULT GETUTCDATE(),
    login nvarchar(128) NOT NULL CONSTRAINT DF_events_login DEFAULT ORIGINAL_LOGIN(),
    application nvarchar(128) NULL CONSTRAINT DF_events_application DEFAULT APP_NAME(),
    action nvarchar(40) NOT NULL,
    model nvarchar(128) NULL,
    version int NULL,
    alias nvarchar(128) NULL,
    former_version int NULL,
    detail nvarchar(max) NULL,
    CONSTRAINT PK_events PRIMARY KEY CLUSTERED (event_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.policies (
    name nvarchar(128) NOT NULL,
    value nvarchar(4000) NOT NULL,
    changed_at datetime NOT NULL CONSTRAINT DF_policies_changed_at DEFAULT GETUTCDATE(),
    changed_by nvarchar(128) NOT NULL CONSTRAINT DF_policies_changed_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_policies PRIMARY KEY CLUSTERED (name)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.uploads (
    upload_id int IDENTITY(1, 1) NOT NULL,
    sha256 binary(32) NOT NULL,
    size_bytes bigint NOT NULL,
    chunk_bytes int NOT NULL,
    started_at datetime NOT NULL CONSTRAINT DF_uploads_started_at DEFAULT GETUTCDATE(),
    started_by nvarchar(128) NOT NULL CONSTRAINT DF_uploads_started_by DEFAULT SUSER_SNAME(),
    finished_at datetime NULL,
    CONSTRAINT PK_uploads PRIMARY KEY CLUSTERED (upload_id),
    CONSTRAINT CK_uploads_chunk_bytes CHECK (chunk_bytes > 0)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.upload_chunks (
    upload_id int NOT NULL,
    chunk_no int NOT NULL,
    data varbinary(max) NOT NULL,
    CONSTRAINT PK_upload_chunks PRIMARY KEY CLUSTERED (upload_id, chunk_no),
    CONSTRAINT FK_upload_chunks_uploads FOREIGN KEY (upload_id) REFERENCES ml.uploads (upload_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE INDEX IX_runs_experiment_id ON ml.runs (experiment_id, run_id);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE INDEX IX_model_versions_sha256 ON ml.model_versions (sha256);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE INDEX IX_run_artifacts_sha256 ON ml.run_artifacts (sha256);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE INDEX IX_model_checks_model_version_id ON ml.model_checks (model_version_id, check_id);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE INDEX IX_events_model ON ml.events (model, event_id);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE INDEX IX_uploads_sha256 ON ml.uploads (sha256);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
IF DATABASE_PRINCIPAL_ID(N'ml_admin') IS NULL CREATE ROLE ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
IF DATABASE_PRINCIPAL_ID(N'ml_approver') IS NULL CREATE ROLE ml_approver;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
IF DATABASE_PRINCIPAL_ID(N'ml_publisher') IS NULL CREATE ROLE ml_publisher;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
IF DATABASE_PRINCIPAL_ID(N'ml_scorer') IS NULL CREATE ROLE ml_scorer;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
IF DATABASE_PRINCIPAL_ID(N'ml_reader') IS NULL CREATE ROLE ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
ALTER ROLE ml_reader ADD MEMBER ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
ALTER ROLE ml_reader ADD MEMBER ml_approver;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
ALTER ROLE ml_reader ADD MEMBER ml_publisher;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.models TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.model_versions TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.model_aliases TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.scoring_runs TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.deployments TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.experiments TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.runs TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.run_params TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.run_metrics TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.run_tags TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.run_artifacts TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.model_tags TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.model_version_tags TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.model_checks TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.events TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.policies TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.uploads TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.alembic_version TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.blobs (sha256, size_bytes, created_at) TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
UPDATE ml.alembic_version SET version_num='ml_0003' WHERE ml.alembic_version.version_num = 'ml_0002';
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
-- Running upgrade ml_0003 -> ml_0004

CREATE TABLE ml.applies (
    apply_id int IDENTITY(1, 1) NOT NULL,
    project nvarchar(128) NOT NULL,
    label nvarchar(128) NULL,
    modules nvarchar(max) NOT NULL,
    undoes int NULL,
    package_version nvarchar(40) NOT NULL,
    applied_at datetime NOT NULL CONSTRAINT DF_applies_applied_at DEFAULT GETUTCDATE(),
    applied_by nvarchar(128) NOT NULL CONSTRAINT DF_applies_applied_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_applies PRIMARY KEY CLUSTERED (apply_id),
    CONSTRAINT FK_applies_undoes FOREIGN KEY (undoes) REFERENCES ml.applies (apply_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
ALTER TABLE ml.deployments ADD
    apply_id int NULL,
    action nvarchar(20) NULL,
    source_sha256 binary(32) NULL,
    granted nvarchar(max) NULL,
    signing nvarchar(max) NULL,
    former_quoted_identifier bit NULL,
    former_ansi_nulls bit NULL,
    former_grants nvarchar(max) NULL,
    former_signing nvarchar(max) NULL,
    CONSTRAINT FK_deployments_applies FOREIGN KEY (apply_id) REFERENCES ml.applies (apply_id);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
ALTER TABLE ml.deployments ALTER COLUMN definition nvarchar(max) NULL;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
ALTER TABLE ml.deployments ALTER COLUMN definition_sha256 binary(32) NULL;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON OBJECT::ml.applies TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
UPDATE ml.alembic_version SET version_num='ml_0004' WHERE ml.alembic_version.version_num = 'ml_0003';
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
-- Running upgrade ml_0004 -> ml_0005

CREATE TABLE ml.routes (
    route_id int IDENTITY(1, 1) NOT NULL,
    model_id int NOT NULL,
    active bit NOT NULL,
    project nvarchar(128) NULL,
    created_at datetime NOT NULL CONSTRAINT DF_routes_created_at DEFAULT GETUTCDATE(),
    created_by nvarchar(128) NOT NULL CONSTRAINT DF_routes_created_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_routes PRIMARY KEY CLUSTERED (route_id),
    CONSTRAINT FK_routes_models FOREIGN KEY (model_id) REFERENCES ml.models (model_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.route_ranges (
    route_id int NOT NULL,
    from_slot int NOT NULL,
    to_slot int NOT NULL,
    alias nvarchar(128) NOT NULL,
    CONSTRAINT PK_route_ranges PRIMARY KEY CLUSTERED (route_id, from_slot),
    CONSTRAINT FK_route_ranges_routes FOREIGN KEY (route_id) REFERENCES ml.routes (route_id),
    CONSTRAINT CK_route_ranges_slots CHECK (from_slot >= 0 AND from_slot <= to_slot AND to_slot <= 9999)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE TABLE ml.route_shadows (
    route_id int NOT NULL,
    alias nvarchar(128) NOT NULL,
    CONSTRAINT PK_route_shadows PRIMARY KEY CLUSTERED (route_id, alias),
    CONSTRAINT FK_route_shadows_routes FOREIGN KEY (route_id) REFERENCES ml.routes (route_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
ALTER TABLE ml.scoring_runs ADD
    alias nvarchar(128) NULL,
    route_id int NULL CONSTRAINT FK_scoring_runs_routes FOREIGN KEY REFERENCES ml.routes (route_id),
    is_shadow bit NOT NULL CONSTRAINT DF_scoring_runs_is_shadow DEFAULT 0,
    call_run_id bigint NULL;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
CREATE INDEX IX_routes_model_id ON ml.routes (model_id, route_id);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.routes TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.route_ranges TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.route_shadows TO ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
UPDATE ml.alembic_version SET version_num='ml_0005' WHERE ml.alembic_version.version_num = 'ml_0004';
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
-- Running upgrade ml_0005 -> ml_0006

CREATE TABLE ml.role_members (
    change_id int IDENTITY(1, 1) NOT NULL,
    apply_id int NOT NULL,
    role_name nvarchar(128) NOT NULL,
    member_name nvarchar(128) NOT NULL,
    is_added bit NOT NULL,
    CONSTRAINT PK_role_members PRIMARY KEY CLUSTERED (change_id),
    CONSTRAINT FK_role_members_applies FOREIGN KEY (apply_id) REFERENCES ml.applies (apply_id)
);
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
IF IS_ROLEMEMBER(N'ml_reader', N'ml_admin') = 1 ALTER ROLE ml_reader DROP MEMBER ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
IF IS_ROLEMEMBER(N'ml_reader', N'ml_approver') = 1 ALTER ROLE ml_reader DROP MEMBER ml_approver;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
IF IS_ROLEMEMBER(N'ml_reader', N'ml_publisher') = 1 ALTER ROLE ml_reader DROP MEMBER ml_publisher;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.models FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.model_versions FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.model_aliases FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.scoring_runs FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.deployments FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.experiments FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.runs FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.run_params FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.run_metrics FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.run_tags FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.run_artifacts FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.model_tags FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.model_version_tags FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.model_checks FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.events FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.policies FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.uploads FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.alembic_version FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.blobs (sha256, size_bytes, created_at) FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.applies FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.routes FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.route_ranges FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
REVOKE SELECT ON ml.route_shadows FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.models TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.model_versions TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.model_aliases TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.scoring_runs TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.experiments TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.runs TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.run_params TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.run_metrics TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.run_tags TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.run_artifacts TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.model_tags TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.model_version_tags TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.model_checks TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.events TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.policies TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.alembic_version TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.routes TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.route_ranges TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.route_shadows TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.blobs (sha256, size_bytes, created_at) TO ml_publisher, ml_approver, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.uploads TO ml_publisher, ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.deployments TO ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.applies TO ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
GRANT SELECT ON ml.role_members TO ml_admin;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
IF OBJECT_ID(N'ml.ReadArtifact', N'P') IS NOT NULL REVOKE EXECUTE ON ml.ReadArtifact FROM ml_reader;
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
UPDATE ml.alembic_version SET version_num='ml_0006' WHERE ml.alembic_version.version_num = 'ml_0005';
GO
IF @@TRANCOUNT = 0 SET NOEXEC ON;
GO
COMMIT;
GO
SET NOEXEC OFF;
GO
