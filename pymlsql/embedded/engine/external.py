"""sp_execute_external_script: its arguments, its input, a satellite, its results."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine.errors import Cancelled
from pymlsql.embedded.engine.evaluation import bind, plan_query, running
from pymlsql.embedded.engine.frame import Frame, Value
from pymlsql.embedded.satellite.calls import (
    Kind,
    SatelliteDied,
    SatelliteError,
    ScriptCall,
    ScriptCancelled,
    ScriptFailed,
    ScriptParameter,
    UnusableInput,
    UnusableResult,
)
from pymlsql.embedded.tds.responses import ColMetadata, Column, Done, Rows
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Text
from pymlsql.embedded.tsql.parser import Parser, parse_batch
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import (
    BIGINT,
    BIT,
    DATETIME,
    FLOAT,
    INT,
    MAX,
    REAL,
    SMALLINT,
    TINYINT,
    SqlType,
    nvarchar,
    varbinary,
)

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
_FAILED = 0x80004004
_ROWS_A_BATCH = 65536
_SMALL_BATCH = 5_000
"""Rows up to which one thread scores faster than two, whose start costs more than the work."""


def execute_external_script(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """The procedure. Raises 39001, 39004, 39007, 39012, 39015 to 39018, 39023, 39027."""
    if not session.engine.in_use("external scripts enabled"):
        raise sql_error(39023, line=line)
    own, rest = _split(actuals)
    _refuse(own, line)
    declared = _declared(_text(own, "@params"))
    parameters, targets = _parameters(session, declared, rest)
    call_input = _input(session, frame, own, line)
    call = ScriptCall(
        script=_text(own, "@script").replace("\r\n", "\n"),
        input=call_input,
        input_name=_text(own, "@input_data_1_name") or "InputDataSet",
        output_name=_text(own, "@output_data_1_name") or "OutputDataSet",
        parameters=tuple(parameters),
        owner=session.login,
        n_threads=_threads(session, call_input),
    )
    result = _run(session, call, line)
    if result.output is not None:
        _send(session, result.output)
    for name, target, type_ in targets:
        value = _from_python(result.parameters.get(name.removeprefix("@")), type_)
        if target is not None:
            from pymlsql.embedded.engine.procedures import convert_value

            target.value = convert_value(session, value, type_, target.type)
    return 0


def _split(actuals: list[Actual]) -> tuple[dict[str, Actual], list[Actual]]:
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


def _text(own: dict[str, Actual], name: str) -> str:
    actual = own.get(name)
    return "" if actual is None or actual.value is None else str(actual.value)


def _refuse(own: dict[str, Actual], line: int) -> None:
    language = _text(own, "@language")
    if "@language" not in own:
        raise sql_error(201, "sp_execute_external_script", "@language", line=line)
    if "@script" not in own:
        raise sql_error(201, "sp_execute_external_script", "@script", line=line)
    if language.lower() != "python":
        if language.lower() in ("r", "java"):
            raise sql_error(39021, language, language, line=line)
        raise sql_error(39007, language, line=line)
    for name in ("@input_data_1_order_by_columns", "@input_data_1_partition_by_columns"):
        if _text(own, name):
            raise unsupported(f"sp_execute_external_script {name}", line=line)


def _declared(text: str) -> list[nodes.ModuleParameter]:
    """@params as declarations."""
    if not text.strip():
        return []
    parser = Parser(text)
    from pymlsql.embedded.tsql.definitions import _parameters as parse_parameters

    found = parse_parameters(parser)
    if parser.token.kind != "end":
        parser.fail()
    return list(found)


def _parameters(session: Session, declared: list[nodes.ModuleParameter], rest: list[Actual]) -> tuple[
    list[ScriptParameter], list[tuple[str, Value | None, SqlType]]
]:  # fmt: skip
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


def _from_python(value: Any, type_: SqlType) -> Any:
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


# Input ------------------------------------------------------------------------------------------------------------


def _input(session: Session, frame: Frame, own: dict[str, Actual], line: int) -> pa.Table | None:
    """@input_data_1 as Arrow: bigint and real as float64, dates as datetime, uniqueidentifier as text."""
    text = _text(own, "@input_data_1")
    if not text.strip():
        return None
    batch = parse_batch(text)
    if len(batch.statements) != 1 or not isinstance(batch.statements[0], nodes.Select):
        raise sql_error(39001, line=line)
    select = batch.statements[0]
    if select.into is not None:
        raise sql_error(39015, line=line)
    if select.assignments:
        raise sql_error(39001, line=line)
    inner = Frame()
    plan = plan_query(session, inner, Text(select.query.sql, line))
    parts = []
    for index, column in enumerate(plan.compiled.columns):
        parts.append(f"{_as_input(column, index, line)} AS c{index}")
    sql = f"SELECT {', '.join(parts)} FROM ({plan.compiled.sql}) AS q"
    with running(session, plan):
        table = session.store.run(sql, bind(session, inner, plan)).to_arrow_table()
    return table.rename_columns([column.name for column in plan.compiled.columns])


def _as_input(column: Typed, index: int, line: int) -> str:
    name, sql = column.type.name, f"q.c{index}"
    if name in ("bigint", "float", "real"):
        return f"CAST({sql} AS DOUBLE)"
    if name in ("tinyint", "smallint", "int"):
        return f"CAST({sql} AS INTEGER)"
    if name in ("decimal", "money", "smallmoney"):
        return f"CAST({sql} AS DOUBLE)"
    if name in ("date", "datetime", "smalldatetime"):
        return f"CAST({sql} AS TIMESTAMP)"
    if name == "uniqueidentifier":
        return f"upper(CAST({sql} AS VARCHAR))"
    if column.type.is_string or name == "bit":
        return sql
    if name == "null":
        return f"CAST({sql} AS INTEGER)"
    raise sql_error(39017, index + 1, name, "Python", line=line)


def _threads(session: Session, table: pa.Table | None) -> int:
    """One thread for small inputs; for large ones as many as there are cores for this call."""
    if table is None or table.num_rows <= _SMALL_BATCH:
        return 1
    return session.engine.threads_for_script()


# The run and its results ------------------------------------------------------------------------------------------


def _run(session: Session, call: ScriptCall, line: int) -> Any:
    def on_output(stream: str, text: str) -> None:
        number = 39005 if stream == "stdout" else 39022
        head = "STDOUT message(s) from external script: \r\n" if stream == "stdout" else \
            "STDERR message(s) from external script: \r\n"  # fmt: skip
        session.send_error(SqlError(number, head + text, severity=10, line=line))

    pool = session.engine.satellites
    if pool is None:
        raise sql_error(39011, line=line)
    try:
        with session.engine.scripts_running():
            return pool.run(call, on_output=on_output, cancelled=session.store.cancelled)
    except ScriptCancelled:
        raise Cancelled from None
    except ScriptFailed as error:
        session.send_error(sql_error_text(39019, f"An external script error occurred: \r\n{error.traceback}", 10, line))
        raise _script_error(line) from None
    except SatelliteDied as error:
        session.send_error(sql_error_text(39019, f"An external script error occurred: \r\n{error.reason}", 10, line))
        raise _script_error(line) from None
    except (UnusableInput, UnusableResult) as error:
        session.send_error(sql_error_text(39019, f"An external script error occurred: \r\n{error}", 10, line))
        raise _script_error(line) from None
    except SatelliteError as error:
        session.send_error(sql_error_text(39019, f"An external script error occurred: \r\n{error}", 10, line))
        raise sql_error(39012, "Python", "Python", line=line) from None


def sql_error_text(number: int, text: str, severity: int, line: int) -> SqlError:
    return SqlError(number, text[:8000], severity=severity, line=line)


def _script_error(line: int) -> SqlError:
    return sql_error(39004, "Python", _FAILED, line=line, state=20)


def _send(session: Session, table: pa.Table) -> None:
    """The output frame as a result set without column names, as SQL Server sends it without WITH RESULT SETS."""
    columns, arrays = [], []
    for index in range(table.num_columns):
        type_, array = _column(table.column(index))
        columns.append(Column("", type_))
        arrays.append(array)
    session.sink(ColMetadata(tuple(columns)))
    made = pa.table(dict(zip([f"c{i}" for i in range(len(arrays))], arrays, strict=True)))
    for batch in made.to_batches(max_chunksize=_ROWS_A_BATCH):
        session.sink(Rows(batch))
    session.rowcount = table.num_rows
    count = None if session.options.nocount else table.num_rows
    session.sink(Done("done_in_proc", count=count, command=0xC1))


_RESULT_TYPES: dict[str, tuple[SqlType, pa.DataType]] = {
    "bool": (BIT, pa.bool_()), "int8": (SMALLINT, pa.int16()), "uint8": (TINYINT, pa.uint8()),
    "int16": (SMALLINT, pa.int16()), "int32": (INT, pa.int32()), "int64": (BIGINT, pa.int64()),
    "float": (REAL, pa.float32()), "double": (FLOAT, pa.float64()), "string": (nvarchar(MAX), pa.utf8()),
    "large_string": (nvarchar(MAX), pa.utf8()), "binary": (varbinary(MAX), pa.binary()),
    "large_binary": (varbinary(MAX), pa.binary()), "timestamp[us]": (DATETIME, pa.timestamp("us")),
    "null": (INT, pa.int32()),
}  # fmt: skip


def _column(array: Any) -> tuple[SqlType, Any]:
    known = _RESULT_TYPES.get(str(array.type))
    if known is None:
        raise unsupported(f"an output column of Arrow type {array.type}")
    type_, arrow = known
    return type_, array if array.type == arrow else array.cast(arrow)
