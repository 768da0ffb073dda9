"""Schema ml: routes, which split the traffic of a model over its aliases."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Identity, Index, Integer, PrimaryKeyConstraint, Table
from sqlalchemy.dialects.mssql import BIT, NVARCHAR

from pymlsql.schema.columns import METADATA, ML, made_at, made_by, refers, required

ROUTES = Table(
    "routes",
    METADATA,
    required("route_id", Integer, Identity()),
    required("model_id", Integer),
    required("active", BIT),
    Column("project", NVARCHAR(128)),
    made_at(),
    made_by(),
    PrimaryKeyConstraint("route_id", name="PK_routes"),
    refers("FK_routes_models", "model_id", "models.model_id"),
    Index("IX_routes_model_id", "model_id", "route_id"),
    schema=ML,
)

ROUTE_RANGES = Table(
    "route_ranges",
    METADATA,
    required("route_id", Integer, autoincrement=False),
    required("from_slot", Integer, autoincrement=False),
    required("to_slot", Integer),
    required("alias", NVARCHAR(128)),
    PrimaryKeyConstraint("route_id", "from_slot", name="PK_route_ranges"),
    refers("FK_route_ranges_routes", "route_id", "routes.route_id"),
    CheckConstraint("from_slot >= 0 AND from_slot <= to_slot AND to_slot <= 9999", name="CK_route_ranges_slots"),
    schema=ML,
)

ROUTE_SHADOWS = Table(
    "route_shadows",
    METADATA,
    required("route_id", Integer, autoincrement=False),
    required("alias", NVARCHAR(128)),
    PrimaryKeyConstraint("route_id", "alias", name="PK_route_shadows"),
    refers("FK_route_shadows_routes", "route_id", "routes.route_id"),
    schema=ML,
)
