"""What the database looks like after all migrations, as SQLAlchemy metadata: schema ml, and the example's tables.

The migrations are the truth that runs; a test compares them with this. Keys are int, nvarchar and datetime: these go
into Python scripts (a datetime2 does not). Times in ml are UTC.
"""

from __future__ import annotations

from pymlsql.schema import example, grants, registry, routes, runs
from pymlsql.schema.columns import METADATA, ML, VERSION_TABLE

__all__ = ["METADATA", "ML", "VERSION_TABLE", "example", "grants", "registry", "routes", "runs"]
