"""How many bytes the values of a type take."""

from __future__ import annotations

from pymlsql.embedded.tsql.types import SqlType


def stored_length(type_: SqlType) -> int:
    """Bytes, as COL_LENGTH and sys.columns.max_length tell; -1 for (max)."""
    fixed = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "real": 4, "float": 8, "money": 8,
             "smallmoney": 4, "date": 3, "datetime": 8, "smalldatetime": 4, "uniqueidentifier": 16,
             "timestamp": 8, "sql_variant": 8016}  # fmt: skip
    if type_.name in fixed:
        return fixed[type_.name]
    if type_.name == "decimal":
        return 5 if type_.precision <= 9 else 9 if type_.precision <= 19 else 13 if type_.precision <= 28 else 17
    if type_.name in ("time", "datetime2", "datetimeoffset"):
        extra = 3 if type_.scale <= 2 else 4 if type_.scale <= 4 else 5
        return extra + {"time": 0, "datetime2": 3, "datetimeoffset": 5}[type_.name]
    return type_.length * 2 if type_.is_unicode and type_.length > 0 else type_.length
