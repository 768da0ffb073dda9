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
COMMIT;
GO
SET NOEXEC OFF;
GO
