"""The arguments of sp_execute_external_script: its own, and those of the script that @params declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.evaluation import evaluate
from pymlsql.embedded.engine.frame import Frame, Value
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Text
from pymlsql.embedded.tsql.parser import Parser
from pymlsql.embedded.tsql.types import BIT, SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

PROCEDURE = "sp_execute_external_script"
_OWN = (
    "@language",
    "@script",
    "@input_data_1",
    "@input_data_1_name",
    "@input_data_1_order_by_columns",
    "@input_data_1_partition_by_columns",
    "@output_data_1_name",
    "@parallel",
    "@params",
)
"""The procedure's own parameters in the order of their positions; what comes after @params is the script's."""
_ROWS_PER_READ = "@r_rowsperread"


@dataclass(frozen=True)
class Parameter:
    """One of @params: ``name`` as it is spelt there with its @, ``value`` of T-SQL type ``type``.

    ``target`` is the caller's variable that takes the value back, None where it wants none.
    """

    name: str
    type: SqlType
    value: Any
    output: bool
    target: Value | None


@dataclass(frozen=True)
class Arguments:
    """A call as it was asked for. ``rows_per_read`` is None unless @params declares @r_rowsPerRead."""

    language: str
    script: str
    query: str
    input_name: str
    order_by: str
    partition_by: str
    output_name: str
    parallel: bool
    parameters: tuple[Parameter, ...]
    rows_per_read: int | None

    def variables(self) -> dict[str, Value]:
        """The script's parameters as the variables that @input_data_1 may use."""
        return {parameter.name.lower(): Value(parameter.type, parameter.value) for parameter in self.parameters}


@dataclass(frozen=True)
class _Declaration:
    name: str
    type: SqlType
    default: Text | None
    output: bool


def bind_arguments(session: Session, actuals: list[Actual], request_id: str, line: int) -> Arguments:
    """The call's arguments. Raises 134, 201, 214, 8144, 8145, 8162, 39008, 39016, 39026, 39027, 39132."""
    own, rest = _split(actuals)
    for name in ("@language", "@script"):
        if name not in own:
            raise sql_error(201, PROCEDURE, name, line=line)
    texts = {name: _text(name, own.get(name), line) for name in _OWN if name != "@parallel"}
    parallel = own.get("@parallel")
    declared = _declarations(texts["@params"], request_id)
    given = _named(rest, declared, request_id, line)
    parameters = tuple(_bound(session, declaration, given.get(declaration.name.lower())) for declaration in declared)
    arguments = Arguments(
        language=texts["@language"],
        script=texts["@script"],
        query=texts["@input_data_1"],
        input_name=texts["@input_data_1_name"] or "InputDataSet",
        order_by=texts["@input_data_1_order_by_columns"],
        partition_by=texts["@input_data_1_partition_by_columns"],
        output_name=texts["@output_data_1_name"] or "OutputDataSet",
        parallel=parallel is not None and bool(_converted(session, parallel, BIT)),
        parameters=tuple(parameter for parameter in parameters if parameter.name.lower() != _ROWS_PER_READ),
        rows_per_read=_rows_per_read(parameters, line),
    )
    for parameter in arguments.parameters:
        if parameter.name[1:] in (arguments.input_name, arguments.output_name):
            raise sql_error(39008, parameter.name, line=line)
    return arguments


def _split(actuals: list[Actual]) -> tuple[dict[str, Actual], list[Actual]]:
    """The procedure's own arguments by name, and those of the script, which begin after @params. Raises 39027."""
    own: dict[str, Actual] = {}
    rest: list[Actual] = []
    for index, actual in enumerate(actuals):
        name = actual.name.lower() if actual.name else _OWN[index] if index < len(_OWN) else ""
        if name not in _OWN or "@params" in own:
            rest.append(actual)
        elif name in own:
            raise sql_error(39027, actual.name or name)
        elif not actual.default:
            own[name] = actual
    return own, rest


def _text(name: str, actual: Actual | None, line: int) -> str:
    """A string among the own arguments, "" where it is not given; they are Unicode, as sp_executesql's are."""
    if actual is None or (actual.value is None and name not in ("@language", "@script")):
        return ""
    if actual.value is None or not actual.type.is_unicode:
        raise sql_error(214, name, "ntext/nchar/nvarchar", line=line)
    if actual.target is not None:
        raise sql_error(8162, name, line=line)
    if not actual.value and name.endswith("_name"):
        raise unsupported(f"{PROCEDURE} with an empty {name}", line=line)
    return str(actual.value)


def _declarations(text: str, request_id: str) -> list[_Declaration]:
    """@params: ``@name type [= default] [OUT | OUTPUT], ...``. Raises 134, 39026 for a name that comes twice."""
    found: list[_Declaration] = []
    if not text.strip():
        return found
    parser = Parser(text)
    while parser.token.kind == "variable":
        name = parser.next().text
        parser.take_word("AS")
        data_type = parser.data_type()
        default = parser.expression() if parser.take_op("=") else None
        output = parser.take_word("OUTPUT", "OUT")
        if any(other.name.lower() == name.lower() for other in found):
            raise sql_error(39026, request_id) if name.lower() == _ROWS_PER_READ else sql_error(134, name)
        found.append(_Declaration(name, data_type, default, output))
        if not parser.take_op(","):
            break
    if parser.token.kind != "end" or not found:
        parser.fail()
    return found


def _named(rest: list[Actual], declared: list[_Declaration], request_id: str, line: int) -> dict[str, Actual]:
    """The script's arguments by name in lower case; those without a name are in the order of @params."""
    given: dict[str, Actual] = {}
    if len(rest) > len(declared) and not all(actual.name for actual in rest):
        raise sql_error(8144, PROCEDURE, line=line)
    for place, actual in enumerate(rest):
        name = actual.name.lower() if actual.name else declared[place].name.lower()
        if name in given:
            twice = sql_error(39026, request_id) if name == _ROWS_PER_READ else sql_error(39027, actual.name or name)
            raise twice
        if all(declaration.name.lower() != name for declaration in declared):
            raise sql_error(8145, actual.name, PROCEDURE, line=line)
        given[name] = actual
    return given


def _bound(session: Session, declaration: _Declaration, actual: Actual | None) -> Parameter:
    """A declared parameter with its argument's value, or its default. Raises 8162, 39016."""
    target = None
    if actual is not None and not actual.default:
        value = _converted(session, actual, declaration.type)
        target = actual.target
    elif declaration.default is not None:
        value = evaluate(session, Frame(), declaration.default, declaration.type)
    else:
        raise sql_error(39016, declaration.name)
    if target is not None and not declaration.output:
        raise sql_error(8162, declaration.name)
    return Parameter(declaration.name, declaration.type, value, declaration.output, target)


def _converted(session: Session, actual: Actual, type_: SqlType) -> Any:
    from pymlsql.embedded.engine.procedures import convert_value

    return convert_value(session, actual.value, actual.type, type_)


def _rows_per_read(parameters: tuple[Parameter, ...], line: int) -> int | None:
    """@r_rowsPerRead, which @params declares like a parameter but no script sees. Raises 39132."""
    for parameter in parameters:
        if parameter.name.lower() == _ROWS_PER_READ:
            if not parameter.type.is_integer or parameter.value is None or int(parameter.value) < 1:
                raise sql_error(39132, line=line)
            return int(parameter.value)
    return None
