"""What all declarations of procedures say, and how columns travel to Python."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar, Literal

from pymlsql.errors import DeclarationError
from pymlsql.features.terms import Column, Frozen, Name, Qualified

CHUNK_ROWS = 100_000
"""Rows of one call of the script: SQL Server's external resource pool may use a fifth of the memory by default."""

_TEXTS = ("char", "nchar", "varchar", "nvarchar")
_TIMES = ("date", "datetime", "smalldatetime")
_NUMBERS = ("float", "real", "bigint", "int", "smallint", "tinyint", "bit", "decimal", "numeric", "money", "smallmoney")


class Declared(Frozen):
    """What every procedure says: its name, its features.NAME, its model, and the roles that may call it.

    A subclass has a `kind` and a method `render(features)`, which gives its modules in the order in which they can be
    created, or raises DeclarationError; a path in that error leads on from [procedures.NAME].
    """

    name: Qualified
    features: str
    model: Name
    alias: Name = "champion"
    granted_to: tuple[Name, ...] = ()

    loads_model: ClassVar[bool] = True
    """Whether it needs a version of its model that runs on the server."""


def kind_of(column: Column) -> Literal["number", "text", "time"]:
    """How Python takes a column. Raises DeclarationError for a type that a script cannot take."""
    base = column.sql_type.partition("(")[0]
    if base in _NUMBERS:
        return "number"
    if base in _TEXTS:
        return "text"
    if base in _TIMES:
        return "time"
    raise DeclarationError(
        f"The feature {column.name} is {column.sql_type}, which no script takes: CAST it in the view."
    )


def staged_type(column: Column) -> str:
    """How a feature column travels to the script: numbers as float, text and times as they are."""
    return "float" if kind_of(column) == "number" else column.sql_type


def columns_json(columns: Sequence[Column]) -> str:
    """What a script is told of the feature columns: names and types as the view has them."""
    return json.dumps([column.model_dump() for column in columns], separators=(", ", ": "))
