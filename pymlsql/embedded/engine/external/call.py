"""sp_execute_external_script: its arguments, its input, a satellite, its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.extensibility.languages import find_language
from pymlsql.embedded.engine.external.arguments import (
    declared_parameters,
    from_python,
    refuse_arguments,
    script_parameters,
    split_arguments,
    text_of,
)
from pymlsql.embedded.engine.external.inputs import read_input, threads_for
from pymlsql.embedded.engine.external.results import send_output
from pymlsql.embedded.engine.external.run import run_script
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security.enforcement import check_database
from pymlsql.embedded.satellite.calls import ScriptCall
from pymlsql.embedded.tsql.messages import sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session


def execute_external_script(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """The procedure. Raises 39001, 39004, 39007, 39012, 39015 to 39018, 39023, 39027."""
    if not session.engine.in_use("external scripts enabled"):
        raise sql_error(39023, line=line)
    check_database(session, "EXECUTE ANY EXTERNAL SCRIPT")
    own, rest = split_arguments(actuals)
    refuse_arguments(own, line)
    language = find_language(session, text_of(own, "@language"))
    declared = declared_parameters(text_of(own, "@params"))
    parameters, targets = script_parameters(session, declared, rest)
    call_input = read_input(session, frame, own, line)
    call = ScriptCall(
        script=text_of(own, "@script").replace("\r\n", "\n"),
        input=call_input,
        input_name=text_of(own, "@input_data_1_name") or "InputDataSet",
        output_name=text_of(own, "@output_data_1_name") or "OutputDataSet",
        parameters=tuple(parameters),
        owner=session.login,
        n_threads=threads_for(session, call_input),
        environment=language.environment,
    )
    result = run_script(session, call, language, line)
    if result.output is not None:
        send_output(session, result.output)
    for name, target, type_ in targets:
        value = from_python(result.parameters.get(name.removeprefix("@")), type_)
        if target is not None:
            from pymlsql.embedded.engine.procedures import convert_value

            target.value = convert_value(session, value, type_, target.type)
    return 0


__all__ = ["execute_external_script"]
