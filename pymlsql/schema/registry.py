"""Schema ml: models, their bytes and versions, aliases, checks, policies, events, scoring runs and deployments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.mssql import BINARY, BIT, DATETIME, FLOAT, NVARCHAR, VARBINARY

from pymlsql.schema.columns import BYTES, METADATA, ML, TEXT, made_at, made_by, refers, required

_SEAL: Any = VARBINARY(64)  # type: ignore[no-untyped-call]

MODELS = Table(
    "models",
    METADATA,
    required("model_id", Integer, Identity()),
    required("name", NVARCHAR(128)),
    made_at(),
    made_by(),
    PrimaryKeyConstraint("model_id", name="PK_models"),
    Column("description", NVARCHAR(4000)),
    Column("archived_at", DATETIME),
    UniqueConstraint("name", name="UQ_models_name"),
    schema=ML,
)

BLOBS = Table(
    "blobs",
    METADATA,
    required("sha256", BINARY(32)),
    required("data", BYTES),
    required("size_bytes", BigInteger),
    made_at(),
    PrimaryKeyConstraint("sha256", name="PK_blobs"),
    schema=ML,
)

MODEL_VERSIONS = Table(
    "model_versions",
    METADATA,
    required("model_version_id", Integer, Identity()),
    required("model_id", Integer),
    required("version", Integer),
    required("sha256", BINARY(32)),
    required("format", NVARCHAR(20)),
    required("signature", TEXT),
    required("python_version", NVARCHAR(20)),
    required("packages", TEXT),
    required("metrics", TEXT),
    made_at(),
    made_by(),
    Column("comment", NVARCHAR(4000)),
    Column("run_id", BigInteger),
    Column("description", NVARCHAR(4000)),
    Column("archived_at", DATETIME),
    required("language", NVARCHAR(128), server_default=text("N'Python'")),
    Column("seal_key", BINARY(32)),
    Column("seal", _SEAL),
    Column("scan", TEXT),
    Column("sample", TEXT),
    PrimaryKeyConstraint("model_version_id", name="PK_model_versions"),
    UniqueConstraint("model_id", "version", name="UQ_model_versions_version"),
    ForeignKeyConstraint(["model_id"], ["ml.models.model_id"], name="FK_model_versions_models"),
    ForeignKeyConstraint(["sha256"], ["ml.blobs.sha256"], name="FK_model_versions_blobs"),
    refers("FK_model_versions_runs", "run_id", "runs.run_id"),
    CheckConstraint("version > 0", name="CK_model_versions_version"),
    Index("IX_model_versions_sha256", "sha256"),
    schema=ML,
)

MODEL_ALIASES = Table(
    "model_aliases",
    METADATA,
    required("model_id", Integer),
    required("alias", NVARCHAR(128)),
    required("version", Integer),
    made_at("changed_at"),
    made_by("changed_by"),
    PrimaryKeyConstraint("model_id", "alias", name="PK_model_aliases"),
    ForeignKeyConstraint(
        ["model_id", "version"],
        ["ml.model_versions.model_id", "ml.model_versions.version"],
        name="FK_model_aliases_model_versions",
    ),
    schema=ML,
)

SCORING_RUNS = Table(
    "scoring_runs",
    METADATA,
    required("run_id", BigInteger, Identity()),
    required("model_version_id", Integer),
    required("procedure_name", NVARCHAR(257)),
    Column("since", DATETIME),
    Column("until", DATETIME),
    required("status", NVARCHAR(20)),
    Column("rows", BigInteger),
    made_at("started_at"),
    Column("finished_at", DATETIME),
    Column("duration_s", FLOAT),
    Column("error", TEXT),
    made_by("login"),
    Column("alias", NVARCHAR(128)),
    Column("route_id", Integer),
    required("is_shadow", BIT, server_default=text("0")),
    Column("call_run_id", BigInteger),
    PrimaryKeyConstraint("run_id", name="PK_scoring_runs"),
    ForeignKeyConstraint(
        ["model_version_id"], ["ml.model_versions.model_version_id"], name="FK_scoring_runs_model_versions"
    ),
    refers("FK_scoring_runs_routes", "route_id", "routes.route_id"),
    CheckConstraint("status IN (N'running', N'succeeded', N'failed')", name="CK_scoring_runs_status"),
    schema=ML,
)

APPLIES = Table(
    "applies",
    METADATA,
    required("apply_id", Integer, Identity()),
    required("project", NVARCHAR(128)),
    Column("label", NVARCHAR(128)),
    required("modules", TEXT),
    Column("undoes", Integer),
    required("package_version", NVARCHAR(40)),
    made_at("applied_at"),
    made_by("applied_by"),
    PrimaryKeyConstraint("apply_id", name="PK_applies"),
    refers("FK_applies_undoes", "undoes", "applies.apply_id"),
    schema=ML,
)

DEPLOYMENTS = Table(
    "deployments",
    METADATA,
    required("deployment_id", Integer, Identity()),
    required("object_name", NVARCHAR(257)),
    required("object_type", NVARCHAR(20)),
    Column("definition_sha256", BINARY(32)),
    Column("definition", TEXT),
    Column("former_definition", TEXT),
    required("package_version", NVARCHAR(40)),
    made_at("applied_at"),
    made_by("applied_by"),
    PrimaryKeyConstraint("deployment_id", name="PK_deployments"),
    Column("apply_id", Integer),
    Column("action", NVARCHAR(20)),
    Column("source_sha256", BINARY(32)),
    Column("granted", TEXT),
    Column("signing", TEXT),
    Column("former_quoted_identifier", BIT),
    Column("former_ansi_nulls", BIT),
    Column("former_grants", TEXT),
    Column("former_signing", TEXT),
    refers("FK_deployments_applies", "apply_id", "applies.apply_id"),
    Index("IX_deployments_object_name", "object_name", "deployment_id"),
    schema=ML,
)

MODEL_TAGS = Table(
    "model_tags",
    METADATA,
    required("model_id", Integer, autoincrement=False),
    required("name", NVARCHAR(250)),
    required("value", NVARCHAR(4000)),
    PrimaryKeyConstraint("model_id", "name", name="PK_model_tags"),
    refers("FK_model_tags_models", "model_id", "models.model_id"),
    schema=ML,
)

MODEL_VERSION_TAGS = Table(
    "model_version_tags",
    METADATA,
    required("model_version_id", Integer, autoincrement=False),
    required("name", NVARCHAR(250)),
    required("value", NVARCHAR(4000)),
    PrimaryKeyConstraint("model_version_id", "name", name="PK_model_version_tags"),
    refers("FK_model_version_tags_model_versions", "model_version_id", "model_versions.model_version_id"),
    schema=ML,
)

MODEL_CHECKS = Table(
    "model_checks",
    METADATA,
    required("check_id", Integer, Identity()),
    required("model_version_id", Integer),
    required("language", NVARCHAR(128)),
    required("passed", BIT),
    Column("python_version", NVARCHAR(20)),
    Column("packages", TEXT),
    Column("reason", NVARCHAR(4000)),
    made_at("checked_at"),
    made_by("checked_by"),
    PrimaryKeyConstraint("check_id", name="PK_model_checks"),
    refers("FK_model_checks_model_versions", "model_version_id", "model_versions.model_version_id"),
    Index("IX_model_checks_model_version_id", "model_version_id", "check_id"),
    schema=ML,
)

EVENTS = Table(
    "events",
    METADATA,
    required("event_id", BigInteger, Identity()),
    made_at("at"),
    required("login", NVARCHAR(128), server_default=text("ORIGINAL_LOGIN()")),
    Column("application", NVARCHAR(128), server_default=text("APP_NAME()")),
    required("action", NVARCHAR(40)),
    Column("model", NVARCHAR(128)),
    Column("version", Integer),
    Column("alias", NVARCHAR(128)),
    Column("former_version", Integer),
    Column("detail", TEXT),
    PrimaryKeyConstraint("event_id", name="PK_events"),
    Index("IX_events_model", "model", "event_id"),
    schema=ML,
)

POLICIES = Table(
    "policies",
    METADATA,
    required("name", NVARCHAR(128)),
    required("value", NVARCHAR(4000)),
    made_at("changed_at"),
    made_by("changed_by"),
    PrimaryKeyConstraint("name", name="PK_policies"),
    schema=ML,
)

UPLOADS = Table(
    "uploads",
    METADATA,
    required("upload_id", Integer, Identity()),
    required("sha256", BINARY(32)),
    required("size_bytes", BigInteger),
    required("chunk_bytes", Integer),
    made_at("started_at"),
    made_by("started_by"),
    Column("finished_at", DATETIME),
    PrimaryKeyConstraint("upload_id", name="PK_uploads"),
    CheckConstraint("chunk_bytes > 0", name="CK_uploads_chunk_bytes"),
    Index("IX_uploads_sha256", "sha256"),
    schema=ML,
)

UPLOAD_CHUNKS = Table(
    "upload_chunks",
    METADATA,
    required("upload_id", Integer, autoincrement=False),
    required("chunk_no", Integer, autoincrement=False),
    required("data", BYTES),
    PrimaryKeyConstraint("upload_id", "chunk_no", name="PK_upload_chunks"),
    refers("FK_upload_chunks_uploads", "upload_id", "uploads.upload_id"),
    schema=ML,
)
