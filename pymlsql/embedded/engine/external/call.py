"""sp_execute_external_script: its arguments, its input, a satellite, its results."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.capture import Capture, Reshape
from pymlsql.embedded.engine.extensibility.languages import Language, find_language
from pymlsql.embedded.engine.extensibility.libraries import installed_libraries
from pymlsql.embedded.engine.external.arguments import Arguments, bind_arguments
from pymlsql.embedded.engine.external.inputs import Input, read_input, threads_for
from pymlsql.embedded.engine.external.results import send_output
from pymlsql.embedded.engine.external.run import failures_reported, run_script
from pymlsql.embedded.engine.external.values import give_back, script_parameter
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security.enforcement import check_database
from pymlsql.embedded.satellite.calls import ScriptCall
from pymlsql.embedded.tsql.messages import sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session


def execute_external_script(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """The procedure. Raises 39001 to 39027, 39048, 39102 to 39132, 201, 214, 8144, 8145, 8162."""
    if not session.engine.in_use("external scripts enabled"):
        raise sql_error(39023, line=line)
    check_database(session, "EXECUTE ANY EXTERNAL SCRIPT")
    request_id = str(uuid.uuid4()).upper()
    arguments = bind_arguments(session, actuals, request_id, line)
    language = find_language(session, arguments.language, request_id)
    if arguments.parallel and not isinstance(session.sink, Capture | Reshape):
        raise sql_error(39024, line=line)
    # Libraries come before the input: to look one up in the database would end an input that is read as it is needed.
    with failures_reported(session, language.name, request_id, line), installed_libraries(session, language) as found:
        with read_input(session, arguments, request_id, line) as data:
            call = replace(_call(session, arguments, data, language, request_id), paths=found.paths)
            result = run_script(session, call, language, line, parallel=arguments.parallel, bare=found.bare)
        if result.output is not None:
            send_output(session, result.output)
        give_back(session, arguments.parameters, result.parameters)
    return 0


def _call(session: Session, arguments: Arguments, data: Input, language: Language, request_id: str) -> ScriptCall:
    parameters = tuple(script_parameter(parameter, language.name, request_id) for parameter in arguments.parameters)
    return ScriptCall(
        script=arguments.script.replace("\r\n", "\n"),
        input=data.rows,
        input_name=arguments.input_name,
        output_name=arguments.output_name,
        parameters=parameters,
        owner=session.identity.user_name,
        n_threads=threads_for(session, data),
        environment=language.environment,
        pieces=data.pieces,
        rows_per_run=data.rows_per_run,
        request_id=request_id,
    )


__all__ = ["execute_external_script"]
