"""One run of a script in a satellite: what it prints and how it fails, as SQL Server's messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.errors import Cancelled
from pymlsql.embedded.engine.extensibility.languages import Language
from pymlsql.embedded.engine.external.loopback import loopback
from pymlsql.embedded.engine.external.parallel import divided, run_side_by_side
from pymlsql.embedded.engine.governance.governor import Grant
from pymlsql.embedded.satellite.calls import (
    RuntimeUnavailable,
    SatelliteDied,
    SatelliteError,
    ScriptCall,
    ScriptCancelled,
    ScriptFailed,
    ScriptResult,
)
from pymlsql.embedded.tsql.external_messages import FAILED_SINCE_2022
from pymlsql.embedded.tsql.messages import SqlError, sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_ABORTED = 0x80004004
"""The HRESULT of every script that fails: E_ABORT."""
_LONGEST_PRINT = 8_000
_LONGEST_TRACEBACK = 8_000
_IN_EXECUTION = "Error in execution.  Check the output for more information."


def run_script(
    session: Session, call: ScriptCall, language: Language, line: int, *, parallel: bool, bare: bool
) -> ScriptResult:
    """Run the call in the interpreter of its language; what it prints goes to the client meanwhile. ``bare`` asks for
    processes that have loaded nothing but what they must.

    Raises 39011, Cancelled, a SatelliteError.
    """

    def on_output(stream: str, text: str) -> None:
        name, number = ("STDOUT", 39005) if stream == "stdout" else ("STDERR", 39022)
        for start in range(0, len(text), _LONGEST_PRINT):
            part = text[start : start + _LONGEST_PRINT]
            shown = f"{name} message(s) from external script: \r\n{part}"
            session.send_error(SqlError(number, shown, severity=10, line=line), urgent=True)

    runtimes = session.engine.runtimes
    if runtimes is None:
        raise sql_error(39011, call.request_id, line=line)
    admitted = session.engine.governor.admitted(
        session.group, language.name, session.login, call.request_id, session.check_cancelled
    )
    using = runtimes.using(language.python, bare=bare)
    with admitted as grant, using as pool, session.engine.scripts_running(), loopback(session) as let_back:
        try:
            call = replace(_granted(call, grant), loopback=let_back)
            calls = divided(call, len(grant.cpus) if parallel else 1)
            if len(calls) > 1:
                return run_side_by_side(pool.run, calls, on_output, session.store.cancelled)
            return pool.run(calls[0], on_output=on_output, cancelled=session.store.cancelled)
        except SatelliteDied:
            if grant.exceeded:
                raise SatelliteDied(grant.reason()) from None
            raise


def _granted(call: ScriptCall, grant: Grant) -> ScriptCall:
    """The call within what its resource pool allows."""
    n_threads = min(call.n_threads, len(grant.cpus))
    return replace(call, memory_bytes=grant.memory_bytes, cpus=grant.cpus, n_threads=n_threads, began=grant.began)


@contextmanager
def failures_reported(session: Session, language: str, request_id: str, line: int) -> Iterator[None]:
    """What a satellite raises within, as SQL Server's errors: 39004, 39012 or 39021, each with 39019 saying why."""
    try:
        yield
    except ScriptCancelled:
        raise Cancelled from None
    except ScriptFailed as failure:
        said = f"\r\n{_IN_EXECUTION}\r\n{_cut(failure.traceback)}\r\nSqlSatelliteCall error: {_IN_EXECUTION}"
        raise _because(session, said, _failed(session, language, request_id, line)) from None
    except SatelliteDied as death:
        error = sql_error(39012, language, request_id, language, line=line, state=14)
        raise _because(session, death.reason, error) from None
    except RuntimeUnavailable as problem:
        error = sql_error(39021, language, request_id, language, line=line)
        raise _because(session, f"Unable to launch the runtime. {problem}", error) from None
    except SatelliteError as problem:
        raise _because(session, str(problem), _failed(session, language, request_id, line)) from None


def _failed(session: Session, language: str, request_id: str, line: int) -> SqlError:
    error = sql_error(39004, language, _ABORTED, line=line, state=20)
    if session.level >= 160:
        error.message += FAILED_SINCE_2022.format(request_id)
    return error


def _because(session: Session, reason: str, error: SqlError) -> SqlError:
    """``error`` with 39019 after it. A TRY catches one error only, 39004; then 39019 is a message before it."""
    why = sql_error(39019, f"\r\n{reason}", line=error.line, state=2)
    if session.try_depth:
        session.send_error(why)
    else:
        why.severity = 16
        error.further = (why,)
    return error


def _cut(traceback: str) -> str:
    """A traceback whose middle is left out where it is long: its end says what was raised."""
    if len(traceback) <= _LONGEST_TRACEBACK:
        return traceback
    half = _LONGEST_TRACEBACK // 2
    return f"{traceback[:half]}\n...\n{traceback[-half:]}"
