"""Schema ml: runs, tags, artifacts, uploads, checks, policies and events; roles, and what each may read."""

from __future__ import annotations

from alembic import op

revision = "ml_0003"
down_revision = "ml_0002"
branch_labels = None
depends_on = None

EXPERIMENTS = """\
CREATE TABLE ml.experiments (
    experiment_id int IDENTITY(1, 1) NOT NULL,
    name nvarchar(128) NOT NULL,
    description nvarchar(4000) NULL,
    created_at datetime NOT NULL CONSTRAINT DF_experiments_created_at DEFAULT GETUTCDATE(),
    created_by nvarchar(128) NOT NULL CONSTRAINT DF_experiments_created_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_experiments PRIMARY KEY CLUSTERED (experiment_id),
    CONSTRAINT UQ_experiments_name UNIQUE (name)
)"""

RUNS = """\
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
)"""

RUN_PARAMS = """\
CREATE TABLE ml.run_params (
    run_id bigint NOT NULL,
    name nvarchar(250) NOT NULL,
    value nvarchar(max) NOT NULL,
    CONSTRAINT PK_run_params PRIMARY KEY CLUSTERED (run_id, name),
    CONSTRAINT FK_run_params_runs FOREIGN KEY (run_id) REFERENCES ml.runs (run_id)
)"""

RUN_METRICS = """\
CREATE TABLE ml.run_metrics (
    run_id bigint NOT NULL,
    name nvarchar(250) NOT NULL,
    step bigint NOT NULL,
    value float NOT NULL,
    logged_at datetime NOT NULL CONSTRAINT DF_run_metrics_logged_at DEFAULT GETUTCDATE(),
    CONSTRAINT PK_run_metrics PRIMARY KEY CLUSTERED (run_id, name, step),
    CONSTRAINT FK_run_metrics_runs FOREIGN KEY (run_id) REFERENCES ml.runs (run_id)
)"""

RUN_TAGS = """\
CREATE TABLE ml.run_tags (
    run_id bigint NOT NULL,
    name nvarchar(250) NOT NULL,
    value nvarchar(4000) NOT NULL,
    CONSTRAINT PK_run_tags PRIMARY KEY CLUSTERED (run_id, name),
    CONSTRAINT FK_run_tags_runs FOREIGN KEY (run_id) REFERENCES ml.runs (run_id)
)"""

RUN_ARTIFACTS = """\
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
)"""

MODELS = """\
ALTER TABLE ml.models ADD
    description nvarchar(4000) NULL,
    archived_at datetime NULL"""

MODEL_VERSIONS = """\
ALTER TABLE ml.model_versions ADD
    run_id bigint NULL CONSTRAINT FK_model_versions_runs FOREIGN KEY REFERENCES ml.runs (run_id),
    description nvarchar(4000) NULL,
    archived_at datetime NULL,
    language nvarchar(128) NOT NULL CONSTRAINT DF_model_versions_language DEFAULT N'Python',
    seal_key binary(32) NULL,
    seal varbinary(64) NULL,
    scan nvarchar(max) NULL,
    sample nvarchar(max) NULL"""

MODEL_TAGS = """\
CREATE TABLE ml.model_tags (
    model_id int NOT NULL,
    name nvarchar(250) NOT NULL,
    value nvarchar(4000) NOT NULL,
    CONSTRAINT PK_model_tags PRIMARY KEY CLUSTERED (model_id, name),
    CONSTRAINT FK_model_tags_models FOREIGN KEY (model_id) REFERENCES ml.models (model_id)
)"""

MODEL_VERSION_TAGS = """\
CREATE TABLE ml.model_version_tags (
    model_version_id int NOT NULL,
    name nvarchar(250) NOT NULL,
    value nvarchar(4000) NOT NULL,
    CONSTRAINT PK_model_version_tags PRIMARY KEY CLUSTERED (model_version_id, name),
    CONSTRAINT FK_model_version_tags_model_versions FOREIGN KEY (model_version_id)
        REFERENCES ml.model_versions (model_version_id)
)"""

MODEL_CHECKS = """\
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
)"""

EVENTS = """\
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
)"""

POLICIES = """\
CREATE TABLE ml.policies (
    name nvarchar(128) NOT NULL,
    value nvarchar(4000) NOT NULL,
    changed_at datetime NOT NULL CONSTRAINT DF_policies_changed_at DEFAULT GETUTCDATE(),
    changed_by nvarchar(128) NOT NULL CONSTRAINT DF_policies_changed_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_policies PRIMARY KEY CLUSTERED (name)
)"""

UPLOADS = """\
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
)"""

UPLOAD_CHUNKS = """\
CREATE TABLE ml.upload_chunks (
    upload_id int NOT NULL,
    chunk_no int NOT NULL,
    data varbinary(max) NOT NULL,
    CONSTRAINT PK_upload_chunks PRIMARY KEY CLUSTERED (upload_id, chunk_no),
    CONSTRAINT FK_upload_chunks_uploads FOREIGN KEY (upload_id) REFERENCES ml.uploads (upload_id)
)"""

INDEXES = (
    "CREATE INDEX IX_runs_experiment_id ON ml.runs (experiment_id, run_id)",
    "CREATE INDEX IX_model_versions_sha256 ON ml.model_versions (sha256)",
    "CREATE INDEX IX_run_artifacts_sha256 ON ml.run_artifacts (sha256)",
    "CREATE INDEX IX_model_checks_model_version_id ON ml.model_checks (model_version_id, check_id)",
    "CREATE INDEX IX_events_model ON ml.events (model, event_id)",
    "CREATE INDEX IX_uploads_sha256 ON ml.uploads (sha256)",
)

TABLES = (
    EXPERIMENTS, RUNS, RUN_PARAMS, RUN_METRICS, RUN_TAGS, RUN_ARTIFACTS, MODELS, MODEL_VERSIONS, MODEL_TAGS,
    MODEL_VERSION_TAGS, MODEL_CHECKS, EVENTS, POLICIES, UPLOADS, UPLOAD_CHUNKS,
)  # fmt: skip

ROLES = ("ml_admin", "ml_approver", "ml_publisher", "ml_scorer", "ml_reader")
READERS = ("ml_admin", "ml_approver", "ml_publisher")

# All tables but the chunks of uploads; of ml.blobs all columns but the bytes.
READABLE = (
    "ml.models", "ml.model_versions", "ml.model_aliases", "ml.scoring_runs", "ml.deployments", "ml.experiments",
    "ml.runs", "ml.run_params", "ml.run_metrics", "ml.run_tags", "ml.run_artifacts", "ml.model_tags",
    "ml.model_version_tags", "ml.model_checks", "ml.events", "ml.policies", "ml.uploads", "ml.alembic_version",
    "ml.blobs (sha256, size_bytes, created_at)",
)  # fmt: skip

# The registry's procedures come after the migrations; what signs them is named by the toolkit.
DROP_PROCEDURES = """\
DECLARE @statement nvarchar(max);
SELECT @statement = STRING_AGG(CAST(CONCAT(N'DROP PROCEDURE ml.', QUOTENAME(p.name), N';') AS nvarchar(max)), N' ')
FROM sys.procedures AS p
WHERE p.schema_id = SCHEMA_ID(N'ml');
IF @statement IS NOT NULL EXEC (@statement);
SELECT @statement = STRING_AGG(CAST(CONCAT(N'DROP USER ', QUOTENAME(u.name), N'; DROP CERTIFICATE ',
    QUOTENAME(c.name), N';') AS nvarchar(max)), N' ')
FROM sys.certificates AS c
JOIN sys.database_principals AS u ON u.sid = c.sid
WHERE c.name LIKE N'pymlsql signs ml.%';
IF @statement IS NOT NULL EXEC (@statement)"""

DROP_ROLES = """\
DECLARE @statement nvarchar(max);
SELECT @statement = STRING_AGG(CAST(CONCAT(N'ALTER ROLE ', QUOTENAME(r.name), N' DROP MEMBER ', QUOTENAME(u.name),
    N';') AS nvarchar(max)), N' ')
FROM sys.database_role_members AS m
JOIN sys.database_principals AS r ON r.principal_id = m.role_principal_id
JOIN sys.database_principals AS u ON u.principal_id = m.member_principal_id
WHERE r.name IN (N'ml_admin', N'ml_approver', N'ml_publisher', N'ml_scorer', N'ml_reader');
IF @statement IS NOT NULL EXEC (@statement)"""


def upgrade() -> None:
    """Create the tables, those that others refer to first; then the roles."""
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    for role in ROLES:
        op.execute(f"IF DATABASE_PRINCIPAL_ID(N'{role}') IS NULL CREATE ROLE {role}")
    for role in READERS:
        op.execute(f"ALTER ROLE ml_reader ADD MEMBER {role}")
    for readable in READABLE:
        op.execute(f"GRANT SELECT ON {readable} TO ml_reader")


def downgrade() -> None:
    """Drop procedures, roles with their members, and tables. The record of runs and events is gone with them."""
    op.execute(DROP_PROCEDURES)
    op.execute(DROP_ROLES)
    for readable in READABLE[:5]:
        op.execute(f"REVOKE SELECT ON {readable} FROM ml_reader")
    op.execute("REVOKE SELECT ON ml.alembic_version FROM ml_reader")
    op.execute("REVOKE SELECT ON ml.blobs (sha256, size_bytes, created_at) FROM ml_reader")
    for table in (
        "upload_chunks", "uploads", "policies", "events", "model_checks", "model_version_tags", "model_tags",
    ):  # fmt: skip
        op.execute(f"DROP TABLE ml.{table}")
    op.execute("DROP INDEX IX_model_versions_sha256 ON ml.model_versions")
    op.execute("ALTER TABLE ml.model_versions DROP CONSTRAINT FK_model_versions_runs")
    op.execute("ALTER TABLE ml.model_versions DROP CONSTRAINT DF_model_versions_language")
    op.execute(
        "ALTER TABLE ml.model_versions DROP COLUMN run_id, description, archived_at, language, seal_key, seal, scan,"
        " sample"
    )
    op.execute("ALTER TABLE ml.models DROP COLUMN description, archived_at")
    for table in ("run_artifacts", "run_tags", "run_metrics", "run_params", "runs", "experiments"):
        op.execute(f"DROP TABLE ml.{table}")
    for role in ROLES:
        op.execute(f"DROP ROLE {role}")
