"""Schema ml: routes, which split the traffic of a model over its aliases; which alias a scoring run answered for."""

from __future__ import annotations

from alembic import op

revision = "ml_0005"
down_revision = "ml_0004"
branch_labels = None
depends_on = None

# A row a change, never altered: the last one of a model holds, and with active = 0 it has no route.
ROUTES = """\
CREATE TABLE ml.routes (
    route_id int IDENTITY(1, 1) NOT NULL,
    model_id int NOT NULL,
    active bit NOT NULL,
    project nvarchar(128) NULL,
    created_at datetime NOT NULL CONSTRAINT DF_routes_created_at DEFAULT GETUTCDATE(),
    created_by nvarchar(128) NOT NULL CONSTRAINT DF_routes_created_by DEFAULT SUSER_SNAME(),
    CONSTRAINT PK_routes PRIMARY KEY CLUSTERED (route_id),
    CONSTRAINT FK_routes_models FOREIGN KEY (model_id) REFERENCES ml.models (model_id)
)"""

# Slots 0 to 9999, both ends included.
ROUTE_RANGES = """\
CREATE TABLE ml.route_ranges (
    route_id int NOT NULL,
    from_slot int NOT NULL,
    to_slot int NOT NULL,
    alias nvarchar(128) NOT NULL,
    CONSTRAINT PK_route_ranges PRIMARY KEY CLUSTERED (route_id, from_slot),
    CONSTRAINT FK_route_ranges_routes FOREIGN KEY (route_id) REFERENCES ml.routes (route_id),
    CONSTRAINT CK_route_ranges_slots CHECK (from_slot >= 0 AND from_slot <= to_slot AND to_slot <= 9999)
)"""

# Aliases whose versions score too, without answering.
ROUTE_SHADOWS = """\
CREATE TABLE ml.route_shadows (
    route_id int NOT NULL,
    alias nvarchar(128) NOT NULL,
    CONSTRAINT PK_route_shadows PRIMARY KEY CLUSTERED (route_id, alias),
    CONSTRAINT FK_route_shadows_routes FOREIGN KEY (route_id) REFERENCES ml.routes (route_id)
)"""

# call_run_id: the first run of the call that this one belongs to, where a route made several of it.
SCORING_RUNS = """\
ALTER TABLE ml.scoring_runs ADD
    alias nvarchar(128) NULL,
    route_id int NULL CONSTRAINT FK_scoring_runs_routes FOREIGN KEY REFERENCES ml.routes (route_id),
    is_shadow bit NOT NULL CONSTRAINT DF_scoring_runs_is_shadow DEFAULT 0,
    call_run_id bigint NULL"""

TABLES = ("ml.routes", "ml.route_ranges", "ml.route_shadows")

# Without the column, what a shadow has predicted would be served.
END_SHADOWS = """\
UPDATE ml.scoring_runs
SET status = N'failed', error = N'It was scored by a shadow, which did not answer.'
WHERE is_shadow = 1"""


def upgrade() -> None:
    """Create the tables and add the columns; what ran before was no shadow."""
    for statement in (ROUTES, ROUTE_RANGES, ROUTE_SHADOWS, SCORING_RUNS):
        op.execute(statement)
    op.execute("CREATE INDEX IX_routes_model_id ON ml.routes (model_id, route_id)")
    for table in TABLES:
        op.execute(f"GRANT SELECT ON {table} TO ml_reader")


def downgrade() -> None:
    """Drop them; runs of shadows count as failed, so that nobody serves their predictions."""
    op.execute(END_SHADOWS)
    op.execute("ALTER TABLE ml.scoring_runs DROP CONSTRAINT FK_scoring_runs_routes, DF_scoring_runs_is_shadow")
    op.execute("ALTER TABLE ml.scoring_runs DROP COLUMN alias, route_id, is_shadow, call_run_id")
    for table in ("route_shadows", "route_ranges", "routes"):
        op.drop_table(table, schema="ml")
