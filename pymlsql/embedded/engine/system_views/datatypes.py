"""System data types as the catalog numbers and measures them.

Source: sys.types of SQL Server; "Precision, scale, and length" and the pages of the data types in sql-docs.
"""

from __future__ import annotations

from dataclasses import dataclass

from pymlsql.embedded.engine.system_views.declaration import Fact
from pymlsql.embedded.tsql.types import MAX, TABLE_TYPE, SqlType


@dataclass(frozen=True, slots=True)
class DataType:
    """A row of sys.types: ids, and the largest length (bytes), precision and scale."""

    name: str
    system_type_id: int
    user_type_id: int
    max_length: int
    precision: int = 0
    scale: int = 0
    nullable: bool = True
    is_character: bool = False
    is_assembly_type: bool = False


DATA_TYPES = (
    DataType("image", 34, 34, 16),
    DataType("text", 35, 35, 16, is_character=True),
    DataType("uniqueidentifier", 36, 36, 16),
    DataType("date", 40, 40, 3, 10, 0),
    DataType("time", 41, 41, 5, 16, 7),
    DataType("datetime2", 42, 42, 8, 27, 7),
    DataType("datetimeoffset", 43, 43, 10, 34, 7),
    DataType("tinyint", 48, 48, 1, 3, 0),
    DataType("smallint", 52, 52, 2, 5, 0),
    DataType("int", 56, 56, 4, 10, 0),
    DataType("smalldatetime", 58, 58, 4, 16, 0),
    DataType("real", 59, 59, 4, 24, 0),
    DataType("money", 60, 60, 8, 19, 4),
    DataType("datetime", 61, 61, 8, 23, 3),
    DataType("float", 62, 62, 8, 53, 0),
    DataType("sql_variant", 98, 98, 8016),
    DataType("ntext", 99, 99, 16, is_character=True),
    DataType("bit", 104, 104, 1, 1, 0),
    DataType("decimal", 106, 106, 17, 38, 38),
    DataType("numeric", 108, 108, 17, 38, 38),
    DataType("smallmoney", 122, 122, 4, 10, 4),
    DataType("bigint", 127, 127, 8, 19, 0),
    DataType("hierarchyid", 240, 128, 892, is_assembly_type=True),
    DataType("geometry", 240, 129, MAX, is_assembly_type=True),
    DataType("geography", 240, 130, MAX, is_assembly_type=True),
    DataType("varbinary", 165, 165, 8000),
    DataType("varchar", 167, 167, 8000, is_character=True),
    DataType("binary", 173, 173, 8000),
    DataType("char", 175, 175, 8000, is_character=True),
    DataType("timestamp", 189, 189, 8, nullable=False),
    DataType("nvarchar", 231, 231, 8000, is_character=True),
    DataType("nchar", 239, 239, 8000, is_character=True),
    DataType("xml", 241, 241, MAX),
    DataType("sysname", 231, 256, 256, nullable=False, is_character=True),
)

_BY_NAME = {data_type.name: data_type for data_type in DATA_TYPES}

TYPE_IDS: dict[str, int] = {data_type.name: data_type.user_type_id for data_type in DATA_TYPES}
"""user_type_id of every system data type: what TYPE_ID answers."""

_SIZED = frozenset({"char", "varchar", "nchar", "nvarchar", "binary", "varbinary"})
_FRACTIONAL = {"time": (3, 8), "datetime2": (6, 19), "datetimeoffset": (8, 26)}
"""Types with fractional seconds: least length in bytes, precision without a fraction."""


def type_fact(type_: SqlType) -> Fact:
    """system_type_id, user_type_id, max_length (bytes, -1 for max), precision and scale of a column or parameter."""
    if type_ == TABLE_TYPE:
        return {"system_type_id": 243, "user_type_id": 243, "max_length": -1, "precision": 0, "scale": 0}
    data_type = _BY_NAME[type_.name]
    length, precision, scale = data_type.max_length, data_type.precision, data_type.scale
    if type_.name in _SIZED:
        length = type_.length * 2 if type_.is_unicode and type_.length != MAX else type_.length
    elif type_.name == "decimal":
        length, precision, scale = _decimal_length(type_.precision), type_.precision, type_.scale
    elif type_.name in _FRACTIONAL:
        least, whole = _FRACTIONAL[type_.name]
        length = least + (0 if type_.scale <= 2 else 1 if type_.scale <= 4 else 2)
        precision, scale = whole + (type_.scale + 1 if type_.scale else 0), type_.scale
    return {"system_type_id": data_type.system_type_id, "user_type_id": data_type.user_type_id,
            "max_length": length, "precision": precision, "scale": scale}  # fmt: skip


def _decimal_length(precision: int) -> int:
    return 5 if precision <= 9 else 9 if precision <= 19 else 13 if precision <= 28 else 17


# INFORMATION_SCHEMA -----------------------------------------------------------------------------------------------

_RADIX = {**dict.fromkeys(("tinyint", "smallint", "int", "bigint", "money", "smallmoney", "decimal"), 10),
          "float": 2, "real": 2}  # fmt: skip
_FRACTION = {"date": 0, "smalldatetime": 0, "datetime": 3}
_LARGE = {"text": (2147483647, 2147483647), "image": (2147483647, 2147483647), "ntext": (1073741823, 2147483646)}


def domain_fact(type_: SqlType) -> Fact:
    """The columns by which INFORMATION_SCHEMA describes a data type; what does not apply to it is left out.

    bit has no precision and float no scale there, unlike in sys.columns.
    """
    if type_ == TABLE_TYPE:
        return {"DATA_TYPE": "table type"}
    fact: Fact = {"DATA_TYPE": "nvarchar" if type_.name == "sysname" else type_.name}
    if type_.name in _LARGE:
        fact["CHARACTER_MAXIMUM_LENGTH"], fact["CHARACTER_OCTET_LENGTH"] = _LARGE[type_.name]
    elif type_.name in _SIZED:
        fact["CHARACTER_MAXIMUM_LENGTH"] = type_.length
        fact["CHARACTER_OCTET_LENGTH"] = type_fact(type_)["max_length"]
    if type_.is_string:
        fact["CHARACTER_SET_NAME"] = "UNICODE" if type_.is_unicode else "iso_1"
    radix = _RADIX.get(type_.name)
    if radix is not None:
        sizes = type_fact(type_)
        fact["NUMERIC_PRECISION"], fact["NUMERIC_PRECISION_RADIX"] = sizes["precision"], radix
        if radix == 10:
            fact["NUMERIC_SCALE"] = sizes["scale"]
    if type_.is_time:
        fact["DATETIME_PRECISION"] = _FRACTION.get(type_.name, type_.scale)
    return fact
