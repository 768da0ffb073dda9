"""What the database looks like after all migrations, as SQLAlchemy metadata: schema ml, and the example's tables.

The migrations are the truth that runs; a test compares them with this. Keys are int, nvarchar and datetime: these go
into Python scripts (a datetime2 does not). Times in ml are UTC.
"""

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
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.mssql import BINARY, DATETIME, FLOAT, NVARCHAR, VARBINARY

ML = "ml"
"""The package's own schema."""

METADATA = MetaData()

VERSION_TABLE = "alembic_version"
"""ml.alembic_version: what alembic has applied. A user's own migrations keep dbo.alembic_version to themselves."""


_TEXT: Any = NVARCHAR("max")  # type: ignore[arg-type]
_BYTES: Any = VARBINARY("max")  # type: ignore[no-untyped-call]


def _required(name: str, kind: Any, *args: Any, **options: Any) -> Column[Any]:
    return Column(name, kind, *args, nullable=False, **options)


MODELS = Table(
    "models",
    METADATA,
    _required("model_id", Integer, Identity()),
    _required("name", NVARCHAR(128)),
    _required("created_at", DATETIME, server_default=text("GETUTCDATE()")),
    _required("created_by", NVARCHAR(128), server_default=text("SUSER_SNAME()")),
    PrimaryKeyConstraint("model_id", name="PK_models"),
    UniqueConstraint("name", name="UQ_models_name"),
    schema=ML,
)

BLOBS = Table(
    "blobs",
    METADATA,
    _required("sha256", BINARY(32)),
    _required("data", _BYTES),
    _required("size_bytes", BigInteger),
    _required("created_at", DATETIME, server_default=text("GETUTCDATE()")),
    PrimaryKeyConstraint("sha256", name="PK_blobs"),
    schema=ML,
)

MODEL_VERSIONS = Table(
    "model_versions",
    METADATA,
    _required("model_version_id", Integer, Identity()),
    _required("model_id", Integer),
    _required("version", Integer),
    _required("sha256", BINARY(32)),
    _required("format", NVARCHAR(20)),
    _required("signature", _TEXT),
    _required("python_version", NVARCHAR(20)),
    _required("packages", _TEXT),
    _required("metrics", _TEXT),
    _required("created_at", DATETIME, server_default=text("GETUTCDATE()")),
    _required("created_by", NVARCHAR(128), server_default=text("SUSER_SNAME()")),
    Column("comment", NVARCHAR(4000)),
    PrimaryKeyConstraint("model_version_id", name="PK_model_versions"),
    UniqueConstraint("model_id", "version", name="UQ_model_versions_version"),
    ForeignKeyConstraint(["model_id"], ["ml.models.model_id"], name="FK_model_versions_models"),
    ForeignKeyConstraint(["sha256"], ["ml.blobs.sha256"], name="FK_model_versions_blobs"),
    CheckConstraint("version > 0", name="CK_model_versions_version"),
    schema=ML,
)

MODEL_ALIASES = Table(
    "model_aliases",
    METADATA,
    _required("model_id", Integer),
    _required("alias", NVARCHAR(128)),
    _required("version", Integer),
    _required("changed_at", DATETIME, server_default=text("GETUTCDATE()")),
    _required("changed_by", NVARCHAR(128), server_default=text("SUSER_SNAME()")),
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
    _required("run_id", BigInteger, Identity()),
    _required("model_version_id", Integer),
    _required("procedure_name", NVARCHAR(257)),
    Column("since", DATETIME),
    Column("until", DATETIME),
    _required("status", NVARCHAR(20)),
    Column("rows", BigInteger),
    _required("started_at", DATETIME, server_default=text("GETUTCDATE()")),
    Column("finished_at", DATETIME),
    Column("duration_s", FLOAT),
    Column("error", _TEXT),
    _required("login", NVARCHAR(128), server_default=text("SUSER_SNAME()")),
    PrimaryKeyConstraint("run_id", name="PK_scoring_runs"),
    ForeignKeyConstraint(
        ["model_version_id"], ["ml.model_versions.model_version_id"], name="FK_scoring_runs_model_versions"
    ),
    CheckConstraint("status IN (N'running', N'succeeded', N'failed')", name="CK_scoring_runs_status"),
    schema=ML,
)

DEPLOYMENTS = Table(
    "deployments",
    METADATA,
    _required("deployment_id", Integer, Identity()),
    _required("object_name", NVARCHAR(257)),
    _required("object_type", NVARCHAR(20)),
    _required("definition_sha256", BINARY(32)),
    _required("definition", _TEXT),
    Column("former_definition", _TEXT),
    _required("package_version", NVARCHAR(40)),
    _required("applied_at", DATETIME, server_default=text("GETUTCDATE()")),
    _required("applied_by", NVARCHAR(128), server_default=text("SUSER_SNAME()")),
    PrimaryKeyConstraint("deployment_id", name="PK_deployments"),
    Index("IX_deployments_object_name", "object_name", "deployment_id"),
    schema=ML,
)


def _event_table(name: str, kind: str) -> Table:
    """What happened to which machine when; two kinds at one time are two rows."""
    return Table(
        name,
        METADATA,
        _required("machineID", Integer),
        _required("datetime", DATETIME),
        _required(kind, NVARCHAR(20)),
        PrimaryKeyConstraint("machineID", "datetime", kind, name=f"PK_{name}"),
    )


PDM_TELEMETRY = Table(
    "PdM_telemetry",
    METADATA,
    _required("machineID", Integer),
    _required("datetime", DATETIME),
    Column("volt", FLOAT),
    Column("rotate", FLOAT),
    Column("pressure", FLOAT),
    Column("vibration", FLOAT),
    PrimaryKeyConstraint("machineID", "datetime", name="PK_PdM_telemetry"),
    Index("IX_PdM_telemetry_datetime", "datetime"),
)

PDM_ERRORS = _event_table("PdM_errors", "errorID")
PDM_MAINT = _event_table("PdM_maint", "comp")
PDM_FAILURES = _event_table("PdM_failures", "failure")

PDM_MACHINES = Table(
    "PdM_machines",
    METADATA,
    _required("machineID", Integer, autoincrement=False),
    _required("model", NVARCHAR(20)),
    _required("age", Integer),
    PrimaryKeyConstraint("machineID", name="PK_PdM_machines"),
)

FAILURE_PREDICTIONS = Table(
    "FailurePredictions",
    METADATA,
    _required("machineID", Integer),
    _required("datetime", DATETIME),
    _required("predicted", NVARCHAR(20)),
    _required("p_none", FLOAT),
    _required("p_comp1", FLOAT),
    _required("p_comp2", FLOAT),
    _required("p_comp3", FLOAT),
    _required("p_comp4", FLOAT),
    _required("model_version", Integer),
    _required("run_id", BigInteger),
    _required("scored_at", DATETIME, server_default=text("GETUTCDATE()")),
    PrimaryKeyConstraint("datetime", "machineID", "model_version", "run_id", name="PK_FailurePredictions"),
)
Index("IX_FailurePredictions_machineID", FAILURE_PREDICTIONS.c.machineID, FAILURE_PREDICTIONS.c.datetime.desc())
