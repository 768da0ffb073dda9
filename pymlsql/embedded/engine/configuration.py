"""sp_configure and RECONFIGURE: server options, whose values wait for RECONFIGURE, and some for a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.answers import argument, send_table
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security.enforcement import check_server
from pymlsql.embedded.engine.system_views.server import OPTIONS
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.types import INT, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_COLUMNS = [("name", nvarchar(35)), ("minimum", INT), ("maximum", INT), ("config_value", INT), ("run_value", INT)]
_SHOW_ADVANCED = "show advanced options"
_SPELT = {name.lower(): name for name in OPTIONS}


def sp_configure(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """Show options, or set one: it is in use after RECONFIGURE. Raises 8114, 15002, 15123, 15124, 15129, 15247.

    A name may be any part that no other option has. Advanced ones are there once 'show advanced options' is in use.
    """
    asked, value = argument(actuals, 0, "@configname"), argument(actuals, 1, "@configvalue")
    visible = _visible(session)
    if asked is None:
        _show(session, visible)
        return 0
    name = _find(str(asked), visible, line)
    if value is None:
        _show(session, [name])
        return 0
    check_server(session, "ALTER SETTINGS")
    _set(session, name, _number(value, line), line)
    return 0


def sp_reconfigure(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """RECONFIGURE, with or without OVERRIDE. Raises 574, 5812."""
    check_server(session, "ALTER SETTINGS", sql_error(5812))
    if session.trancount:
        raise sql_error(574, "CONFIG", line=line)
    session.engine.reconfigure(session.store)
    return 0


def _visible(session: Session) -> list[str]:
    advanced = session.engine.in_use(_SHOW_ADVANCED)
    known = (name for name in session.engine.configuration if advanced or not OPTIONS[_SPELT[name]].is_advanced)
    return sorted(known)


def _find(asked: str, visible: list[str], line: int) -> str:
    wanted = asked.strip().lower()
    if wanted in visible:
        return wanted
    found = [name for name in visible if wanted in name]
    if len(found) != 1:
        raise sql_error(15124 if found else 15123, asked, line=line)
    return found[0]


def _show(session: Session, names: list[str]) -> None:
    send_table(session, _COLUMNS, [(_SPELT[name], *session.engine.configuration[name]) for name in names])


def _number(value: Any, line: int) -> int:
    try:
        return int(value)
    except ValueError:
        raise sql_error(8114, "varchar", "int", line=line) from None


def _set(session: Session, name: str, value: int, line: int) -> None:
    if session.trancount:
        raise sql_error(15002, "sys.sp_configure", line=line)
    minimum, maximum, configured, _ = session.engine.configuration[name]
    if not minimum <= value <= maximum:
        raise sql_error(15129, value, _SPELT[name], line=line)
    session.engine.configure(session.store, name, value)
    text = (
        f"Configuration option '{_SPELT[name]}' changed from {configured} to {value}. "
        "Run the RECONFIGURE statement to install."
    )
    session.send_error(SqlError(15457, text, severity=0, line=line, procedure="sp_configure"))
