"""What the tables have in common: the metadata they belong to, and the kinds of their columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, MetaData, text
from sqlalchemy.dialects.mssql import DATETIME, NVARCHAR, VARBINARY

ML = "ml"
"""The package's own schema."""

METADATA = MetaData()

VERSION_TABLE = "alembic_version"
"""ml.alembic_version: what alembic has applied. A user's own migrations keep dbo.alembic_version to themselves."""

TEXT: Any = NVARCHAR("max")  # type: ignore[arg-type]
BYTES: Any = VARBINARY("max")  # type: ignore[no-untyped-call]


def required(name: str, kind: Any, *args: Any, **options: Any) -> Column[Any]:
    """A column that is NOT NULL."""
    return Column(name, kind, *args, nullable=False, **options)


def made_at(name: str = "created_at") -> Column[Any]:
    """When the row was written, UTC; the server's clock fills it in."""
    return required(name, DATETIME, server_default=text("GETUTCDATE()"))


def made_by(name: str = "created_by") -> Column[Any]:
    """The login that wrote the row; the server fills it in."""
    return required(name, NVARCHAR(128), server_default=text("SUSER_SNAME()"))


def refers(name: str, column: str, target: str) -> ForeignKeyConstraint:
    """A foreign key of one column: `target` is table.column of schema ml."""
    return ForeignKeyConstraint([column], [f"{ML}.{target}"], name=name)
