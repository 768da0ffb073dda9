"""Parameters between T-SQL and Python: which types there are, and the values both ways."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.external.arguments import Parameter
from pymlsql.embedded.engine.values import LargeValue
from pymlsql.embedded.satellite.calls import Kind, ScriptParameter, UnusableResult
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.types import BIGINT, BIT, DATETIME2, FLOAT, MAX, SqlType, nvarchar, varbinary

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

KINDS: dict[str, Kind] = {
    "bit": "bool", "tinyint": "int", "smallint": "int", "int": "int", "bigint": "float", "float": "float",
    "real": "float", "char": "str", "varchar": "str", "nchar": "str", "nvarchar": "str", "uniqueidentifier": "str",
    "date": "datetime", "datetime": "datetime", "smalldatetime": "datetime", "binary": "bytes", "varbinary": "bytes",
}  # fmt: skip
"""What a parameter of each T-SQL type is in a script; other types cannot be given to one.

Source: sql-docs, "Data type mappings between Python and SQL Server".
"""
_COMES_BACK_AS: dict[Kind, SqlType] = {
    "bool": BIT,
    "int": BIGINT,
    "float": FLOAT,
    "str": nvarchar(MAX),
    "bytes": varbinary(MAX),
    "datetime": DATETIME2,
}
FIRST_DATETIME = dt.datetime(1753, 1, 1)
"""The first that datetime, as which every date comes back, can hold; the last is Python's own last."""


def script_parameter(parameter: Parameter, language: str, request_id: str) -> ScriptParameter:
    """What the script is given. Raises 39018 for a type that scripts do not take."""
    kind = KINDS.get(parameter.type.name)
    if kind is None:
        raise sql_error(39018, parameter.name, language, request_id)
    return ScriptParameter(parameter.name[1:], kind, _to_python(parameter.value, kind), parameter.output)


def _to_python(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    if isinstance(value, LargeValue):
        value.verify()
        return value
    if kind == "float":
        return float(value)
    if kind == "str":
        return str(value).upper() if hasattr(value, "hex") else str(value)
    if kind == "datetime" and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return value


def give_back(session: Session, parameters: tuple[Parameter, ...], left: dict[str, Any]) -> None:
    """What the script left in its OUTPUT parameters, to the caller's variables.

    Raises UnusableResult for a date that datetime cannot hold, and what T-SQL raises where the value does not fit.
    """
    from pymlsql.embedded.engine.procedures import convert_value

    for parameter in parameters:
        if parameter.target is None:
            continue
        value, kind = left.get(parameter.name[1:]), KINDS[parameter.type.name]
        if isinstance(value, dt.datetime) and parameter.type.name != "date" and value < FIRST_DATETIME:
            raise UnusableResult(too_early(f"The OUTPUT parameter '{parameter.name[1:]}'"))
        source = _COMES_BACK_AS[kind]
        if kind == "int" and value is not None and not -(2**63) <= value < 2**63:
            raise sql_error(8115, "int", parameter.type)
        made = convert_value(session, value, source, parameter.type)
        parameter.target.value = convert_value(session, made, parameter.type, parameter.target.type)


def too_early(where: str) -> str:
    """The sentence about a date before 1753."""
    return (
        f"{where} holds a date before 1753. When returning dates, Python in SQL uses DATETIME, which has a restricted "
        "date range of 1753-01-01 through 9999-12-31; return it as str."
    )
