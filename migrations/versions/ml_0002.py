"""Schema ml: models, their bytes and versions, aliases, scoring runs and deployments."""

from __future__ import annotations

from alembic import op

revision = "ml_0002"
down_revision = "0001"
branch_labels = ("pymlsql",)
depends_on = None

MODELS = """\
CREATE TABLE ml.models (
    model_id int IDENTITY(1, 1) NOT NULL,
    name nvarchar(128) NOT NULL,
    created_at datetime NOT NULL CONSTRAINT DF_models_created_at DEFAULT GETUTCDATE(),
    created_by nvarchar(128) NOT NULL CONSTRAINT DF_models_created_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_models PRIMARY KEY CLUSTERED (model_id),
    CONSTRAINT UQ_models_name UNIQUE (name)
)"""

BLOBS = """\
CREATE TABLE ml.blobs (
    sha256 binary(32) NOT NULL,
    data varbinary(max) NOT NULL,
    size_bytes bigint NOT NULL,
    created_at datetime NOT NULL CONSTRAINT DF_blobs_created_at DEFAULT GETUTCDATE(),
    CONSTRAINT PK_blobs PRIMARY KEY CLUSTERED (sha256)
)"""

MODEL_VERSIONS = """\
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
)"""

MODEL_ALIASES = """\
CREATE TABLE ml.model_aliases (
    model_id int NOT NULL,
    alias nvarchar(128) NOT NULL,
    version int NOT NULL,
    changed_at datetime NOT NULL CONSTRAINT DF_model_aliases_changed_at DEFAULT GETUTCDATE(),
    changed_by nvarchar(128) NOT NULL CONSTRAINT DF_model_aliases_changed_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_model_aliases PRIMARY KEY CLUSTERED (model_id, alias),
    CONSTRAINT FK_model_aliases_model_versions FOREIGN KEY (model_id, version)
        REFERENCES ml.model_versions (model_id, version)
)"""

SCORING_RUNS = """\
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
)"""

DEPLOYMENTS = """\
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
)"""

DEPLOYMENTS_INDEX = "CREATE INDEX IX_deployments_object_name ON ml.deployments (object_name, deployment_id)"


def upgrade() -> None:
    """Create the tables, those that others refer to first."""
    for statement in (
        MODELS, BLOBS, MODEL_VERSIONS, MODEL_ALIASES, SCORING_RUNS, DEPLOYMENTS, DEPLOYMENTS_INDEX,
    ):  # fmt: skip
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables. Models, their bytes and the record of runs are gone with them."""
    for table in ("deployments", "scoring_runs", "model_aliases", "model_versions", "blobs", "models"):
        op.execute(f"DROP TABLE ml.{table}")
