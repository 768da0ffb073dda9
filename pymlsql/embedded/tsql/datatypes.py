"""The names of data types, and their sizes as written, to types."""

from __future__ import annotations

from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.types import MAX, SqlType

_SYNONYMS = {
    "integer": "int", "numeric": "decimal", "dec": "decimal", "character": "char", "sysname": "nvarchar",
    "rowversion": "timestamp", "double": "float",
}  # fmt: skip
_SIZED = {"char": 8000, "varchar": 8000, "nchar": 4000, "nvarchar": 4000, "binary": 8000, "varbinary": 8000}
_PLAIN = frozenset(
    """
    bit tinyint smallint int bigint money smallmoney real date datetime smalldatetime uniqueidentifier sql_variant
    timestamp
    """.split()
)
_LARGE = frozenset("text ntext image".split())
_KNOWN_UNSUPPORTED = frozenset("xml hierarchyid geography geometry cursor table vector json".split())


def is_system_type(name: str) -> bool:
    """Whether SQL Server has a type of this name."""
    known = _SYNONYMS.get(name.lower(), name.lower())
    sized = known in _SIZED or known in ("decimal", "float", "datetime2", "time", "datetimeoffset")
    return sized or known in _PLAIN or known in _LARGE or known in _KNOWN_UNSUPPORTED


def make_type(
    name: str, sizes: tuple[int, ...], *, line: int = 0, default_length: int = 1, converting: bool = False
) -> SqlType:
    """The type ``name(sizes)``; MAX among sizes stands for (max). ``converting`` says that CAST or CONVERT asks.

    Raises 243 or 2715 for a name that is no type, 131, 1001, 1002, 1007 and 2716 for sizes, 40510.
    """
    written, name = name, _SYNONYMS.get(name.lower(), name.lower())
    if written.lower() == "sysname":
        return SqlType("nvarchar", length=128)
    if name in _SIZED:
        return _sized(name, written, sizes, default_length, line)
    if name == "decimal":
        precision, scale = (*sizes, 18, 0)[:2] if len(sizes) != 1 else (sizes[0], 0)
        if not 1 <= precision <= 38 or not 0 <= scale <= precision:
            raise sql_error(1007, precision, line=line)
        return SqlType("decimal", precision=precision, scale=scale)
    if name == "float":
        return SqlType("float" if (sizes[0] if sizes else 53) > 24 else "real")
    if name in ("datetime2", "time", "datetimeoffset"):
        return _with_fraction(name, sizes, line)
    if name in _LARGE and not sizes:
        return SqlType(name, length=MAX)
    if name in _KNOWN_UNSUPPORTED:
        raise unsupported(f"data type {name}", line=line)
    if name not in _PLAIN:
        raise sql_error(243, written, line=line) if converting else sql_error(2715, 1, written, line=line)
    if sizes:
        raise sql_error(2716, 1, written, line=line)
    return SqlType(name)


def _sized(name: str, written: str, sizes: tuple[int, ...], default_length: int, line: int) -> SqlType:
    length = sizes[0] if sizes else default_length
    fixed_max = length == MAX and "var" not in name
    if len(sizes) > 1 or length == 0 or length > _SIZED[name] or fixed_max:
        raise sql_error(1001 if length == 0 else 131, length, written, _SIZED[name], line=line)
    return SqlType(name, length=length)


def _with_fraction(name: str, sizes: tuple[int, ...], line: int) -> SqlType:
    scale = sizes[0] if sizes else 7
    if not 0 <= scale <= 7:
        raise SqlError(1002, f"Line {line}: Specified scale {scale} is invalid.", severity=15, line=line)
    return SqlType(name, scale=scale)
