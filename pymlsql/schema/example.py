"""The example's tables: what machines report, what happens to them, and what is predicted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table
from sqlalchemy.dialects.mssql import DATETIME, FLOAT, NVARCHAR

from pymlsql.schema.columns import METADATA, made_at, required


def _event_table(name: str, kind: str) -> Table:
    """What happened to which machine when; two kinds at one time are two rows."""
    return Table(
        name,
        METADATA,
        required("machineID", Integer),
        required("datetime", DATETIME),
        required(kind, NVARCHAR(20)),
        PrimaryKeyConstraint("machineID", "datetime", kind, name=f"PK_{name}"),
    )


PDM_TELEMETRY = Table(
    "PdM_telemetry",
    METADATA,
    required("machineID", Integer),
    required("datetime", DATETIME),
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
    required("machineID", Integer, autoincrement=False),
    required("model", NVARCHAR(20)),
    required("age", Integer),
    PrimaryKeyConstraint("machineID", name="PK_PdM_machines"),
)

FAILURE_PREDICTIONS = Table(
    "FailurePredictions",
    METADATA,
    required("machineID", Integer),
    required("datetime", DATETIME),
    required("predicted", NVARCHAR(20)),
    required("p_none", FLOAT),
    required("p_comp1", FLOAT),
    required("p_comp2", FLOAT),
    required("p_comp3", FLOAT),
    required("p_comp4", FLOAT),
    required("model_version", Integer),
    required("run_id", BigInteger),
    made_at("scored_at"),
    PrimaryKeyConstraint("datetime", "machineID", "model_version", "run_id", name="PK_FailurePredictions"),
)
Index("IX_FailurePredictions_machineID", FAILURE_PREDICTIONS.c.machineID, FAILURE_PREDICTIONS.c.datetime.desc())
