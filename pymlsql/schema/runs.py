"""Schema ml: experiments and their runs, with what was logged."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.mssql import BINARY, DATETIME, FLOAT, NVARCHAR

from pymlsql.schema.columns import METADATA, ML, TEXT, made_at, made_by, refers, required

EXPERIMENTS = Table(
    "experiments",
    METADATA,
    required("experiment_id", Integer, Identity()),
    required("name", NVARCHAR(128)),
    Column("description", NVARCHAR(4000)),
    made_at(),
    made_by(),
    PrimaryKeyConstraint("experiment_id", name="PK_experiments"),
    UniqueConstraint("name", name="UQ_experiments_name"),
    schema=ML,
)

RUNS = Table(
    "runs",
    METADATA,
    required("run_id", BigInteger, Identity()),
    required("experiment_id", Integer),
    Column("parent_run_id", BigInteger),
    Column("name", NVARCHAR(128)),
    required("status", NVARCHAR(20), server_default=text("N'running'")),
    made_at("started_at"),
    Column("ended_at", DATETIME),
    made_by("login"),
    Column("git_commit", NVARCHAR(64)),
    Column("source", NVARCHAR(400)),
    Column("error", TEXT),
    Column("training_query", TEXT),
    Column("n_rows", BigInteger),
    Column("data_sha256", BINARY(32)),
    Column("view_name", NVARCHAR(257)),
    Column("view_definition", TEXT),
    PrimaryKeyConstraint("run_id", name="PK_runs"),
    refers("FK_runs_experiments", "experiment_id", "experiments.experiment_id"),
    refers("FK_runs_parent", "parent_run_id", "runs.run_id"),
    CheckConstraint("status IN (N'running', N'finished', N'failed', N'killed')", name="CK_runs_status"),
    Index("IX_runs_experiment_id", "experiment_id", "run_id"),
    schema=ML,
)

RUN_PARAMS = Table(
    "run_params",
    METADATA,
    required("run_id", BigInteger, autoincrement=False),
    required("name", NVARCHAR(250)),
    required("value", TEXT),
    PrimaryKeyConstraint("run_id", "name", name="PK_run_params"),
    refers("FK_run_params_runs", "run_id", "runs.run_id"),
    schema=ML,
)

RUN_METRICS = Table(
    "run_metrics",
    METADATA,
    required("run_id", BigInteger, autoincrement=False),
    required("name", NVARCHAR(250)),
    required("step", BigInteger, autoincrement=False),
    required("value", FLOAT),
    made_at("logged_at"),
    PrimaryKeyConstraint("run_id", "name", "step", name="PK_run_metrics"),
    refers("FK_run_metrics_runs", "run_id", "runs.run_id"),
    schema=ML,
)

RUN_TAGS = Table(
    "run_tags",
    METADATA,
    required("run_id", BigInteger, autoincrement=False),
    required("name", NVARCHAR(250)),
    required("value", NVARCHAR(4000)),
    PrimaryKeyConstraint("run_id", "name", name="PK_run_tags"),
    refers("FK_run_tags_runs", "run_id", "runs.run_id"),
    schema=ML,
)

RUN_ARTIFACTS = Table(
    "run_artifacts",
    METADATA,
    required("run_id", BigInteger, autoincrement=False),
    required("path", NVARCHAR(400)),
    required("sha256", BINARY(32)),
    required("size_bytes", BigInteger),
    made_at(),
    made_by(),
    PrimaryKeyConstraint("run_id", "path", name="PK_run_artifacts"),
    refers("FK_run_artifacts_runs", "run_id", "runs.run_id"),
    refers("FK_run_artifacts_blobs", "sha256", "blobs.sha256"),
    Index("IX_run_artifacts_sha256", "sha256"),
    schema=ML,
)
