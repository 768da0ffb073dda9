"""What all declarations of procedures say, and how columns travel to Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from pymlsql import quoting
from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Column, Frozen, Name, Qualified

SCORERS, READERS = "ml_scorer", "ml_reader"
"""The roles that may call what scores, and that may read what is served."""

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

    def check_others(self, others: Iterable[Declared]) -> None:
        """Raise DeclarationError, with a path from [procedures.NAME] on, for what the project's others contradict."""


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


_CANONICAL = {
    "decimal": "decimal(18, 0)", "numeric": "numeric(18, 0)", "datetime2": "datetime2(7)", "time": "time(7)",
    "datetimeoffset": "datetimeoffset(7)",
}  # fmt: skip
_KEY_BYTES = {
    "bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "real": 4, "float": 8, "decimal": 17, "numeric": 17,
    "money": 8, "smallmoney": 4, "date": 3, "smalldatetime": 4, "datetime": 8, "datetime2": 8, "uniqueidentifier": 16,
    "sysname": 256,
}  # fmt: skip
MAX_KEY_BYTES = 900
"""Of a clustered primary key."""


def stored_type(sql_type: str) -> str:
    """A type as sys.columns shows it of a column that was declared with it."""
    if sql_type.startswith("float("):
        return "float" if int(sql_type[6:-1]) > 24 else "real"
    if sql_type.startswith(("decimal(", "numeric(")) and "," not in sql_type:
        return f"{sql_type[:-1]}, 0)"
    return _CANONICAL.get(sql_type, sql_type)


def beside(prefix: str, name: str, longest: int = quoting.MAX_IDENTIFIER) -> str:
    """A name made of another, within a length; a long one ends in its hash."""
    made = prefix + name
    if len(made.encode("utf-16-le")) <= 2 * longest:
        return made
    return f"{made[:60]} {hashlib.sha256(name.encode()).hexdigest()[:32]}"


def check_parameters(features: FeatureSet, own: Sequence[str]) -> None:
    """Raise DeclarationError where an entity's parameter is one of the procedure's own, or a variable of it."""
    for one in features.entity:
        if one.parameter.lower() in own:
            raise DeclarationError(
                f"features: the procedure has a @{one.parameter} of its own: give the entity {one.name} another "
                "parameter", ("features",),
            )  # fmt: skip


def check_columns(columns: Sequence[Column], own: Sequence[str], what: str) -> None:
    """Raise DeclarationError where two columns have one name, or one that the procedure needs itself."""
    seen = set(own)
    for column in columns:
        if column.name.lower() in seen:
            raise DeclarationError(f"features: two columns of {what} would be called {column.name}", ("features",))
        seen.add(column.name.lower())


def check_key(features: FeatureSet) -> None:
    """Raise DeclarationError where the keys of a view are too long for a primary key with a run."""
    total = 8 + sum(key_bytes(column.sql_type) for column in features.keys)
    if total > MAX_KEY_BYTES:
        raise DeclarationError(
            f"features: the keys of {features.view} take up to {total} bytes, and a primary key has {MAX_KEY_BYTES}: "
            "declare shorter texts", ("features",),
        )  # fmt: skip


def key_bytes(sql_type: str) -> int:
    """How many bytes a column takes in a key at most."""
    base, _, length = sql_type.partition("(")
    if base in _KEY_BYTES:
        return _KEY_BYTES[base]
    size = length.rstrip(")")
    return int(size) * (2 if base.startswith("n") else 1) if size.isdigit() else MAX_KEY_BYTES + 1
