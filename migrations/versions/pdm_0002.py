"""The example's tables: what machines report, what happens to them, and what is predicted."""

from __future__ import annotations

from alembic import op

revision = "pdm_0002"
down_revision = "0001"
branch_labels = ("pdm",)
depends_on = None

TELEMETRY = """\
CREATE TABLE dbo.PdM_telemetry (
    machineID int NOT NULL,
    datetime datetime NOT NULL,
    volt float NULL,
    rotate float NULL,
    pressure float NULL,
    vibration float NULL,
    CONSTRAINT PK_PdM_telemetry PRIMARY KEY CLUSTERED (machineID, datetime)
)"""

TELEMETRY_INDEX = "CREATE INDEX IX_PdM_telemetry_datetime ON dbo.PdM_telemetry (datetime)"

ERRORS = """\
CREATE TABLE dbo.PdM_errors (
    machineID int NOT NULL,
    datetime datetime NOT NULL,
    errorID nvarchar(20) NOT NULL,
    CONSTRAINT PK_PdM_errors PRIMARY KEY CLUSTERED (machineID, datetime, errorID)
)"""

MAINT = """\
CREATE TABLE dbo.PdM_maint (
    machineID int NOT NULL,
    datetime datetime NOT NULL,
    comp nvarchar(20) NOT NULL,
    CONSTRAINT PK_PdM_maint PRIMARY KEY CLUSTERED (machineID, datetime, comp)
)"""

FAILURES = """\
CREATE TABLE dbo.PdM_failures (
    machineID int NOT NULL,
    datetime datetime NOT NULL,
    failure nvarchar(20) NOT NULL,
    CONSTRAINT PK_PdM_failures PRIMARY KEY CLUSTERED (machineID, datetime, failure)
)"""

MACHINES = """\
CREATE TABLE dbo.PdM_machines (
    machineID int NOT NULL,
    model nvarchar(20) NOT NULL,
    age int NOT NULL,
    CONSTRAINT PK_PdM_machines PRIMARY KEY CLUSTERED (machineID)
)"""

PREDICTIONS = """\
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
)"""

PREDICTIONS_INDEX = """\
CREATE INDEX IX_FailurePredictions_machineID ON dbo.FailurePredictions (machineID, datetime DESC)"""


def upgrade() -> None:
    """Create the tables."""
    for statement in (
        TELEMETRY, TELEMETRY_INDEX, ERRORS, MAINT, FAILURES, MACHINES, PREDICTIONS, PREDICTIONS_INDEX,
    ):  # fmt: skip
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables with their data."""
    for table in ("FailurePredictions", "PdM_machines", "PdM_failures", "PdM_maint", "PdM_errors", "PdM_telemetry"):
        op.execute(f"DROP TABLE dbo.{table}")
