"""T-SQL data types: names, sizes, precedence, and what stores them in DuckDB.

Source: "Data types (Transact-SQL)", "Data type precedence" and "Precision, scale, and length" of sql-docs.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX = -1
"""The length of varchar(max), nvarchar(max) and varbinary(max)."""

UNICODE = frozenset({"nchar", "nvarchar", "ntext", "sysname"})
STRINGS = frozenset({"char", "varchar", "text"}) | UNICODE
BINARIES = frozenset({"binary", "varbinary", "image", "timestamp"})
INTEGERS = frozenset({"bit", "tinyint", "smallint", "int", "bigint"})
EXACT = INTEGERS | {"decimal", "money", "smallmoney"}
APPROXIMATE = frozenset({"float", "real"})
NUMBERS = EXACT | APPROXIMATE
TIMES = frozenset({"date", "time", "smalldatetime", "datetime", "datetime2", "datetimeoffset"})

PRECEDENCE = (
    "null", "binary", "varbinary", "char", "varchar", "nchar", "nvarchar", "uniqueidentifier", "timestamp",
    "image", "text", "ntext", "bit", "tinyint", "smallint", "int", "bigint", "smallmoney", "money", "decimal",
    "real", "float", "time", "date", "smalldatetime", "datetime", "datetime2", "datetimeoffset", "xml", "sql_variant",
)  # fmt: skip
_RANK = {name: rank for rank, name in enumerate(PRECEDENCE)}

_DUCKDB = {
    "null": "INTEGER", "bit": "BOOLEAN", "tinyint": "UTINYINT", "smallint": "SMALLINT", "int": "INTEGER",
    "bigint": "BIGINT", "float": "DOUBLE", "real": "FLOAT", "money": "DECIMAL(19,4)", "smallmoney": "DECIMAL(10,4)",
    "date": "DATE", "time": "TIME", "smalldatetime": "TIMESTAMP", "datetime": "TIMESTAMP", "datetime2": "TIMESTAMP",
    "uniqueidentifier": "UUID", "sql_variant": "VARCHAR", "datetimeoffset": "STRUCT(u TIMESTAMP, o SMALLINT)",
}  # fmt: skip

_INTEGER_DIGITS = {"bit": 1, "tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}


@dataclass(frozen=True, slots=True)
class SqlType:
    """One T-SQL data type with its sizes.

    ``length`` counts characters for (n)char types and bytes for binary types, MAX for (max); ``precision`` and
    ``scale`` are digits (``scale`` also the fractional seconds of time, datetime2 and datetimeoffset).
    ``null`` is the type of an untyped NULL literal.
    """

    name: str
    length: int = 0
    precision: int = 0
    scale: int = 0

    @property
    def user_name(self) -> tuple[str, str] | None:
        """Schema ("" for none) and name of a type that somebody has created, before the catalog is asked; else None."""
        return tuple(self.name[1:].split("\0", 1)) if self.name.startswith("\0") else None  # type: ignore[return-value]

    @property
    def is_string(self) -> bool:
        return self.name in STRINGS

    @property
    def is_unicode(self) -> bool:
        return self.name in UNICODE

    @property
    def is_binary(self) -> bool:
        return self.name in BINARIES

    @property
    def is_integer(self) -> bool:
        return self.name in INTEGERS

    @property
    def is_exact(self) -> bool:
        return self.name in EXACT

    @property
    def is_approximate(self) -> bool:
        return self.name in APPROXIMATE

    @property
    def is_number(self) -> bool:
        return self.name in NUMBERS

    @property
    def is_time(self) -> bool:
        return self.name in TIMES

    @property
    def rank(self) -> int:
        """Place in the order of data type precedence; the higher one wins."""
        return _RANK[self.name]

    @property
    def duckdb(self) -> str:
        """The DuckDB type that holds its values."""
        if self.is_string:
            return "VARCHAR"
        if self.is_binary:
            return "BLOB"
        if self.name == "decimal":
            return f"DECIMAL({self.precision},{self.scale})"
        return _DUCKDB[self.name]

    @property
    def digits(self) -> tuple[int, int]:
        """(precision, scale) when it takes part in decimal arithmetic."""
        if self.name in _INTEGER_DIGITS:
            return _INTEGER_DIGITS[self.name], 0
        if self.name == "money":
            return 19, 4
        if self.name == "smallmoney":
            return 10, 4
        return self.precision, self.scale

    def __str__(self) -> str:
        """As T-SQL writes it: ``decimal(10, 2)``, ``nvarchar(max)``, ``datetime2(3)``."""
        if self.user_name is not None:
            return ".".join(part for part in self.user_name if part)
        if self.name == "decimal":
            return f"decimal({self.precision}, {self.scale})"
        if self.name in {"char", "varchar", "nchar", "nvarchar", "binary", "varbinary"}:
            return f"{self.name}({'max' if self.length == MAX else self.length})"
        if self.name in {"time", "datetime2", "datetimeoffset"}:
            return f"{self.name}({self.scale})"
        return self.name


def user_type(schema: str, name: str, *, sized: bool = False) -> SqlType:
    """A type that somebody has created, as it is written; ``sized`` where a length stands behind it, which none has."""
    return SqlType(f"\0{schema}\0{name}", length=int(sized))


TABLE_TYPE = SqlType("table type")
"""The type of a table-valued parameter; which one stands beside it."""
NULL = SqlType("null")
BIT = SqlType("bit")
TINYINT = SqlType("tinyint")
SMALLINT = SqlType("smallint")
INT = SqlType("int")
BIGINT = SqlType("bigint")
FLOAT = SqlType("float")
REAL = SqlType("real")
MONEY = SqlType("money")
DATE = SqlType("date")
DATETIME = SqlType("datetime")
SMALLDATETIME = SqlType("smalldatetime")
DATETIME2 = SqlType("datetime2", scale=7)
TIME = SqlType("time", scale=7)
DATETIMEOFFSET = SqlType("datetimeoffset", scale=7)
UNIQUEIDENTIFIER = SqlType("uniqueidentifier")
SQL_VARIANT = SqlType("sql_variant")
SYSNAME = SqlType("nvarchar", length=128)


def varchar(length: int) -> SqlType:
    return SqlType("varchar", length=length)


def nvarchar(length: int) -> SqlType:
    return SqlType("nvarchar", length=length)


def varbinary(length: int) -> SqlType:
    return SqlType("varbinary", length=length)


def decimal(precision: int, scale: int) -> SqlType:
    return SqlType("decimal", precision=precision, scale=scale)
