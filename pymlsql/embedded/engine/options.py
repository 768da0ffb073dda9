"""SET options: what they change is kept per session; what would change more than this server can is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.evaluation import evaluate
from pymlsql.embedded.engine.frame import (
    Frame,
)
from pymlsql.embedded.engine.security.enforcement import may_object
from pymlsql.embedded.engine.targets import target_table
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.locales import FOREIGN_LANGUAGES, LANGUAGES, ORDERS, Locale
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.types import varbinary

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_SWITCHES = {
    "NOCOUNT": "nocount", "XACT_ABORT": "xact_abort", "NOEXEC": "noexec",
    "ANSI_NULLS": "ansi_nulls", "QUOTED_IDENTIFIER": "quoted_identifier", "ANSI_WARNINGS": "ansi_warnings",
    "ANSI_PADDING": "ansi_padding", "ARITHABORT": "arithabort", "CONCAT_NULL_YIELDS_NULL": "concat_null_yields_null",
    "IMPLICIT_TRANSACTIONS": "implicit_transactions", "FMTONLY": "fmtonly",
}  # fmt: skip
_ONLY_ON = frozenset({"ANSI_NULLS", "ANSI_PADDING", "ANSI_WARNINGS", "CONCAT_NULL_YIELDS_NULL"})
_IGNORED = {"ANSI_NULL_DFLT_ON": "ON", "NUMERIC_ROUNDABORT": "OFF", "CURSOR_CLOSE_ON_COMMIT": "",
            "ANSI_DEFAULTS": "ON"}  # fmt: skip
_ISOLATION = {"READ UNCOMMITTED": 1, "READ COMMITTED": 2, "REPEATABLE READ": 3, "SERIALIZABLE": 4, "SNAPSHOT": 5}


def set_option(session: Session, frame: Frame, statement: nodes.SetOption) -> None:
    """SET of one or more options."""
    session.last_error = session.rowcount = 0
    for option in statement.options:
        _set_one(session, frame, statement, option, statement.value)


def set_context_info(session: Session, frame: Frame, statement: nodes.SetContextInfo) -> None:
    """128 bytes that the session keeps, filled up with zeros."""
    value = evaluate(session, frame, statement.value, varbinary(128))
    session.context_info = None if value is None else bytes(value).ljust(128, b"\0")
    session.last_error = session.rowcount = 0


def _set_one(session: Session, frame: Frame, statement: nodes.SetOption, option: str, value: str) -> None:
    if option in _SWITCHES:
        if value not in ("ON", "OFF"):
            raise sql_error(102, value, line=statement.line)
        if option in _ONLY_ON and value == "OFF":
            raise unsupported(f"SET {option} OFF", line=statement.line)
        if option in ("IMPLICIT_TRANSACTIONS", "FMTONLY") and value == "ON":
            raise unsupported(f"SET {option} ON", line=statement.line)
        switch: dict[str, Any] = {_SWITCHES[option]: value == "ON"}
        session.options = replace(session.options, **switch)
    elif option in _IGNORED:
        if _IGNORED[option] and value != _IGNORED[option]:
            raise unsupported(f"SET {option} {value}", line=statement.line)
    elif option == "TRANSACTION ISOLATION LEVEL":
        if value not in _ISOLATION:
            raise sql_error(102, value, line=statement.line)
        session.options = replace(session.options, isolation=_ISOLATION[value])
    elif option == "IDENTITY_INSERT":
        _identity_insert(session, statement, value)
    else:
        _set_number(session, frame, statement, option, value)


def _identity_insert(session: Session, statement: nodes.SetOption, value: str) -> None:
    assert statement.target is not None
    table = target_table(session, statement.target)
    if not table.temporary and not may_object(session, "ALTER", table):
        raise sql_error(1088, str(statement.target), line=statement.line, state=11)
    if table.identity is None:
        raise sql_error(8106, str(statement.target), line=statement.line)
    if value == "ON" and session.options.identity_insert not in (0, table.object_id):
        raise sql_error(8107, statement.target.object, statement.target.object, line=statement.line)
    session.options = replace(session.options, identity_insert=table.object_id if value == "ON" else 0)


def _locale(session: Session, option: str, value: str, line: int) -> Locale:
    """The session's locale after one of the three SETs. Raises 2740, 2741, 2742, 40510."""
    locale = session.options.locale
    if option == "DATEFIRST":
        if not value.isdigit():
            raise sql_error(102, value, line=line)
        if not 1 <= int(value) <= 7:
            raise sql_error(2742, value, line=line)
        return replace(locale, first_day=int(value))
    if option == "DATEFORMAT":
        if value.lower() not in ORDERS:
            raise sql_error(2741, value, line=line)
        return replace(locale, order=value.lower())
    found = LANGUAGES.get(value.lower())
    if found is None:
        raise unsupported(f"SET LANGUAGE {value}", line=line) if value.lower() in FOREIGN_LANGUAGES else sql_error(
            2740, value, line=line)  # fmt: skip
    session.send_error(SqlError(5703, f"Changed language setting to {found.language}.", severity=0, line=line))
    return found


def _set_number(session: Session, frame: Frame, statement: nodes.SetOption, option: str, value: str) -> None:
    number: Any = frame.get(value).value if value.startswith("@") else value
    if option in ("LANGUAGE", "DATEFORMAT", "DATEFIRST"):
        session.options = replace(session.options, locale=_locale(session, option, str(number), statement.line))
        return
    if option == "DEADLOCK_PRIORITY":
        return
    if option == "ROWCOUNT" and number is None:
        raise sql_error(507, line=statement.line)
    if not str(number).lstrip("-").isdigit():
        raise sql_error(102, str(number), line=statement.line)
    number = int(number)
    if option == "ROWCOUNT":
        if number < 0:
            raise sql_error(507, line=statement.line)
        session.options = replace(session.options, rowcount=number)
    if option == "PARSEONLY":
        raise unsupported("SET PARSEONLY", line=statement.line)
    if option == "LOCK_TIMEOUT":
        session.options = replace(session.options, lock_timeout_ms=number)
        session.store.lock_timeout_ms = number
    elif option == "TEXTSIZE":
        session.options = replace(session.options, textsize=number)
