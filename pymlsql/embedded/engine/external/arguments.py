"""The arguments of sp_execute_external_script: its own, and those that @params declares."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.frame import Value
from pymlsql.embedded.satellite.calls import Kind, ScriptParameter
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.parser import Parser
from pymlsql.embedded.tsql.types import BIT, INT, MAX, SqlType, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_OWN = {
    "@language": nvarchar(128), "@script": nvarchar(MAX), "@input_data_1": nvarchar(MAX),
    "@input_data_1_name": nvarchar(128), "@input_data_1_order_by_columns": nvarchar(MAX),
    "@input_data_1_partition_by_columns": nvarchar(MAX), "@output_data_1_name": nvarchar(128), "@parallel": BIT,
    "@params": nvarchar(MAX), "@r_rowsperread": INT,
}  # fmt: skip
_POSITIONS = (
    "@language",
    "@script",
    "@input_data_1",
    "@input_data_1_name",
    "@output_data_1_name",
    "@params",
    "@parallel",
)
_KINDS: dict[str, Kind] = {
    "bit": "bool", "tinyint": "int", "smallint": "int", "int": "int", "bigint": "float", "float": "float",
    "real": "float",
    "char": "str", "varchar": "str", "nchar": "str", "nvarchar": "str", "uniqueidentifier": "str", "date": "datetime",
    "datetime": "datetime", "smalldatetime": "datetime", "binary": "bytes", "varbinary": "bytes", "decimal": "float",
    "money": "float", "smallmoney": "float",
}  # fmt: skip


def split_arguments(actuals: list[Actual]) -> tuple[dict[str, Actual], list[Actual]]:
    """The procedure's own arguments by name, and those of the script. Raises 39027."""
    own: dict[str, Actual] = {}
    rest: list[Actual] = []
    for index, actual in enumerate(actuals):
        name = actual.name.lower() if actual.name else (_POSITIONS[index] if index < len(_POSITIONS) else "")
        if name in own:
            raise sql_error(39027, actual.name or name)
        if name in _OWN:
            own[name] = actual
        else:
            rest.append(actual)
    return own, rest


def text_of(own: dict[str, Actual], name: str) -> str:
    """One of the procedure's own arguments as text; "" when it is NULL or not given."""
    actual = own.get(name)
    return "" if actual is None or actual.value is None else str(actual.value)


def refuse_arguments(own: dict[str, Actual], line: int) -> None:
    """Refuse what is missing or not supported. Raises 201, 40510."""
    if "@language" not in own:
        raise sql_error(201, "sp_execute_external_script", "@language", line=line)
    if "@script" not in own:
        raise sql_error(201, "sp_execute_external_script", "@script", line=line)
    for name in ("@input_data_1_order_by_columns", "@input_data_1_partition_by_columns"):
        if text_of(own, name):
            raise unsupported(f"sp_execute_external_script {name}", line=line)


def declared_parameters(text: str) -> list[nodes.ModuleParameter]:
    """@params as declarations."""
    if not text.strip():
        return []
    parser = Parser(text)
    from pymlsql.embedded.tsql.definitions import _parameters as parse_parameters

    found = parse_parameters(parser)
    if parser.token.kind != "end":
        parser.fail()
    return list(found)


def script_parameters(session: Session, declared: list[nodes.ModuleParameter], rest: list[Actual]) -> tuple[
    list[ScriptParameter], list[tuple[str, Value | None, SqlType]]
]:  # fmt: skip
    """What the script is given, and (name, the caller's variable, type) of what it gives back.

    Raises 8145, 39016, 39018, 39027.
    """
    from pymlsql.embedded.engine.procedures import convert_value

    given = {actual.name.lower(): actual for actual in rest}
    if len(given) != len(rest):
        raise sql_error(39027, rest[-1].name)
    for name in given:
        if all(parameter.name != name for parameter in declared):
            raise sql_error(8145, name, "sp_execute_external_script")
    parameters, targets = [], []
    for parameter in declared:
        kind = _KINDS.get(parameter.type.name)
        if kind is None or parameter.type.name in ("decimal", "money", "smallmoney"):
            raise sql_error(39018, parameter.name, "Python")
        actual = given.get(parameter.name)
        if actual is None:
            raise sql_error(39016, parameter.name)
        value = convert_value(session, actual.value, actual.type, parameter.type)
        output = parameter.output and actual.target is not None
        parameters.append(ScriptParameter(parameter.name[1:], kind, _to_python(value, kind), parameter.output))
        targets.append((parameter.name, actual.target if output else None, parameter.type))
    return parameters, [target for target in targets if target[1] is not None]


def _to_python(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    if kind == "float":
        return float(value)
    if kind == "str":
        return str(value)
    if kind == "datetime" and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return value


def from_python(value: Any, type_: SqlType) -> Any:
    """A value that the script left, as a value of ``type_``."""
    if value is None:
        return None
    if type_.name == "bigint":
        return int(value)
    if type_.name == "date" and isinstance(value, dt.datetime):
        return value.date()
    if type_.name == "decimal":
        return Decimal(str(value))
    if type_.is_string and type_.length != MAX:
        return str(value)[: type_.length]
    return value
