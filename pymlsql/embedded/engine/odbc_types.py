"""Types as ODBC's catalog procedures tell of them.

Source: the table of "SQLColumns" and "Data type support for ODBC" in sql-docs. An application of ODBC 2, which the
procedures believe in unless they are told otherwise, gets the codes that ODBC 2 had for dates and times. The procedures
without _100 tell clients from before SQL Server 2008 of newer types in another way, which is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.answers import argument
from pymlsql.embedded.tsql.lengths import stored_length
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.types import MAX, SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual

# Type: ODBC's code, precision, bytes that a transfer takes, scale, radix, and the codes of extended stored procedures
# of a column that is NOT NULL and of one that is not.
_FIXED: dict[str, tuple[int, int, int, int | None, int | None, int, int]] = {
    "bit": (-7, 1, 1, None, None, 50, 50), "tinyint": (-6, 3, 1, 0, 10, 48, 38),
    "smallint": (5, 5, 2, 0, 10, 52, 38), "int": (4, 10, 4, 0, 10, 56, 38), "bigint": (-5, 19, 8, 0, 10, 63, 108),
    "money": (3, 19, 21, 4, 10, 60, 110), "smallmoney": (3, 10, 12, 4, 10, 122, 110),
    "float": (6, 53, 8, None, 2, 62, 109), "real": (7, 24, 4, None, 2, 59, 109),
    "datetime": (93, 23, 16, 3, None, 61, 111), "smalldatetime": (93, 16, 16, 0, None, 58, 111),
    "date": (91, 10, 6, 0, None, 0, 0), "uniqueidentifier": (-11, 36, 16, None, None, 37, 37),
    "timestamp": (-2, 8, 8, None, None, 45, 45), "sql_variant": (-150, 0, 8000, None, None, 39, 39),
}  # fmt: skip
_SIZED = {"char": (1, 39), "varchar": (12, 39), "nchar": (-8, 39), "nvarchar": (-9, 39), "binary": (-2, 37),
          "varbinary": (-3, 37)}  # fmt: skip
_TIMES = {"time": (-154, 8, 12), "datetime2": (93, 19, 16), "datetimeoffset": (-155, 26, 20)}
_SUBTYPES = {91: (9, 1), 93: (9, 3), -155: (-155, 0)}
_OF_ODBC_2 = {91: 9, 93: 11}
_NEWER = frozenset({"date", "time", "datetime2", "datetimeoffset"})


def odbc_version(actuals: list[Actual], place: int) -> int:
    """@ODBCVer: 2 or 3."""
    given = argument(actuals, place, "@odbcver")
    return 3 if given is not None and int(given) >= 3 else 2


def type_name(type_: SqlType, alias: str, identity: bool) -> str:
    """A type's name; of an identity column it says so."""
    name = alias or type_.name
    return name if not identity else f"{name}() identity" if name == "decimal" else f"{name} identity"


def type_cells(type_: SqlType, name: str, version: int) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[int, int]]:
    """Of a type: DATA_TYPE to RADIX; SQL_DATA_TYPE to CHAR_OCTET_LENGTH; SS_DATA_TYPE of what is NOT NULL and of what
    is not."""
    code, precision, length, scale, radix, needed, optional = _facts(type_)
    shown = _OF_ODBC_2.get(code, code) if version < 3 else code
    sql_code, subtype = _SUBTYPES.get(code, (code, None))
    octets = length if type_.name in _SIZED else None
    return (shown, name, precision, length, scale, radix), (sql_code, subtype, octets), (needed, optional)


def check_classic(procedure: str, type_: SqlType) -> None:
    """Refuses types that SQL Server 2005 did not have, or told of in another way."""
    if type_.name in _NEWER or type_.length == MAX:
        raise unsupported(f"{procedure} of {type_.name}{'(max)' if type_.length == MAX else ''}; {procedure}_100")


def _facts(type_: SqlType) -> tuple[int, int, int, int | None, int | None, int, int]:
    if type_.name in _FIXED:
        return _FIXED[type_.name]
    if type_.name == "decimal":
        return 3, type_.precision, type_.precision + 2, type_.scale, 10, 106, 106
    if type_.name in _TIMES:
        code, precision, length = _TIMES[type_.name]
        return code, precision + (type_.scale + 1 if type_.scale else 0), length, type_.scale, None, 0, 0
    if type_.name in _SIZED:
        code, old = _SIZED[type_.name]
        octets = max(stored_length(type_), 0)  # 0 is (max)
        return code, octets // 2 if type_.is_unicode else octets, octets, None, None, old, old
    return -152, 0, 0, None, None, 0, 0
