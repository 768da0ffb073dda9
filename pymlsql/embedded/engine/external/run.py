"""One run of a script in a satellite: what it prints and how it fails, as SQL Server's messages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.errors import Cancelled
from pymlsql.embedded.engine.extensibility.languages import Language
from pymlsql.embedded.engine.governance.governor import Grant
from pymlsql.embedded.satellite.calls import (
    SatelliteDied,
    SatelliteError,
    ScriptCall,
    ScriptCancelled,
    ScriptFailed,
    ScriptResult,
    UnusableInput,
    UnusableResult,
)
from pymlsql.embedded.tsql.messages import SqlError, sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_FAILED = 0x80004004


def run_script(session: Session, call: ScriptCall, language: Language, line: int) -> ScriptResult:
    """Run the call; what it prints goes to the client meanwhile. Raises 39004, 39011, 39012, Cancelled."""

    def on_output(stream: str, text: str) -> None:
        number = 39005 if stream == "stdout" else 39022
        head = "STDOUT message(s) from external script: \r\n" if stream == "stdout" else \
            "STDERR message(s) from external script: \r\n"  # fmt: skip
        session.send_error(SqlError(number, head + text, severity=10, line=line))

    runtimes = session.engine.runtimes
    if runtimes is None:
        raise sql_error(39011, line=line)
    governor = session.engine.governor
    grant: Grant | None = None
    try:
        with (
            governor.admitted(session.group, language.name, session.login, session.check_cancelled) as grant,
            runtimes.using(language.python) as pool,
            session.engine.scripts_running(),
        ):
            return pool.run(granted(call, grant), on_output=on_output, cancelled=session.store.cancelled)
    except ScriptCancelled:
        raise Cancelled from None
    except ScriptFailed as error:
        session.send_error(_message(39019, f"An external script error occurred: \r\n{error.traceback}", 10, line))
        raise _script_error(language, line) from None
    except SatelliteDied as error:
        reason = grant.reason() if grant is not None and grant.exceeded else error.reason
        session.send_error(_message(39019, f"An external script error occurred: \r\n{reason}", 10, line))
        raise _script_error(language, line) from None
    except (UnusableInput, UnusableResult) as error:
        session.send_error(_message(39019, f"An external script error occurred: \r\n{error}", 10, line))
        raise _script_error(language, line) from None
    except SatelliteError as error:
        session.send_error(_message(39019, f"An external script error occurred: \r\n{error}", 10, line))
        raise sql_error(39012, language.name, language.name, line=line) from None


def granted(call: ScriptCall, grant: Grant) -> ScriptCall:
    """The call within what its resource pool allows."""
    n_threads = min(call.n_threads, len(grant.cpus))
    return replace(
        call, memory_bytes=grant.memory_bytes, cpus=grant.cpus, n_threads=n_threads, began=grant.began
    )  # fmt: skip


def _message(number: int, text: str, severity: int, line: int) -> SqlError:
    return SqlError(number, text[:8000], severity=severity, line=line)


def _script_error(language: Language, line: int) -> SqlError:
    return sql_error(39004, language.name, _FAILED, line=line, state=20)
