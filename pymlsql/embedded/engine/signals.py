"""THROW, RAISERROR, PRINT and WAITFOR."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.errors import Cancelled
from pymlsql.embedded.engine.evaluation import evaluate, plan_scalar
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tds.responses import Done
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import MESSAGES, SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.scalars.substitution import format_message
from pymlsql.embedded.tsql.types import INT, SqlType, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def throw(session: Session, frame: Frame, statement: nodes.Throw) -> None:
    """THROW: the caught error again, or a new one of severity 16. Raises 10704, 35100."""
    if not statement.arguments:
        caught = session.caught_error()
        if caught is None:
            raise sql_error(10704, line=statement.line)
        raise SqlError(caught.number, caught.message, severity=caught.severity, state=caught.state, line=caught.line,
                       procedure=caught.procedure)  # fmt: skip
    number = evaluate(session, frame, statement.arguments[0], INT)
    text = evaluate(session, frame, statement.arguments[1], nvarchar(2048))
    state = evaluate(session, frame, statement.arguments[2], INT)
    if number is None or number < 50000:
        raise sql_error(35100, number if number is not None else "NULL", line=statement.line)
    raise SqlError(number, text or "", severity=16, state=state or 1, line=statement.line)


_TEXT_TYPES = frozenset({"char", "varchar", "nchar", "nvarchar", "binary", "varbinary"})
_NUMBER_TYPES = frozenset({"tinyint", "smallint", "int"})
_MOST_ARGUMENTS = 20
_FIRST_MESSAGE, _FIRST_OWN = 13000, 50000


def raise_error(session: Session, frame: Frame, statement: nodes.RaiseError) -> None:
    """RAISERROR: up to severity 10 a message, above an error. Raises 2732, 2747, 2748, 2754, 2786, 2787, 18054."""
    values = [evaluate(session, frame, argument) for argument in statement.arguments]
    types = [plan_scalar(session, frame, argument).compiled.columns[0].type for argument in statement.arguments]
    severity = int(values[1]) if values[1] is not None else 0
    state = int(values[2]) if values[2] is not None else 0
    number, text, own_severity = _message(values[0], severity, state, statement.line)
    severity = max(0, min(own_severity if severity < 0 else severity, 25))
    _check_arguments(types[3:], statement.line)
    text = format_message(text, values[3:])
    if severity > 18 and "LOG" not in statement.options:
        raise sql_error(2754, line=statement.line)
    if severity > 18:
        raise unsupported("RAISERROR with a severity above 18", line=statement.line)
    error = SqlError(number, text, severity=severity, state=min(state, 255) if state >= 0 else 1, line=statement.line)
    if severity > 10:
        raise error
    session.send_error(error, urgent="NOWAIT" in statement.options)
    session.rowcount = 0
    session.last_error = number if "SETERROR" in statement.options else 0


def _message(what: Any, severity: int, state: int, line: int) -> tuple[int, str, int]:
    """Number, text and severity of a message that is given as its text or as its number."""
    if not isinstance(what, int) or isinstance(what, bool):
        return _FIRST_OWN, str(what if what is not None else ""), 0
    if what < _FIRST_MESSAGE or what == _FIRST_OWN:
        raise sql_error(2732, what, _FIRST_MESSAGE, 2147483647, line=line)
    if what > _FIRST_OWN:
        raise sql_error(18054, what, severity, state, line=line)
    if what not in MESSAGES:
        raise unsupported(f"RAISERROR of message {what}", line=line)
    known, text = MESSAGES[what]
    return what, text.replace("%", "%%").replace("{}", "%s"), known


def _check_arguments(types: list[SqlType], line: int) -> None:
    if len(types) > _MOST_ARGUMENTS:
        raise sql_error(2747, line=line)
    for place, type_ in enumerate(types, 4):
        if type_.name not in _TEXT_TYPES | _NUMBER_TYPES | {"null"}:
            raise sql_error(2748, type_.name, place, line=line)


def print_(session: Session, frame: Frame, statement: nodes.Print) -> None:
    """PRINT: a message of severity 0."""
    text = evaluate(session, frame, statement.value, nvarchar(4000))
    session.send_error(SqlError(0, text if text is not None else " ", severity=0, state=1, line=statement.line))
    session.last_error = session.rowcount = 0


def wait_for(session: Session, frame: Frame, statement: nodes.WaitFor) -> None:
    """WAITFOR DELAY and TIME; cancelled like any statement. Raises 148."""
    text = evaluate(session, frame, statement.delay, nvarchar(60))
    match = re.fullmatch(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.:](\d{1,3}))?)?", (text or "").strip())
    if match is None or not (int(match[1]) < 24 and int(match[2]) < 60 and int(match[3] or 0) < 60):
        raise sql_error(148, text, line=statement.line)
    hours, minutes, seconds, millis = (int(part or 0) for part in match.groups())
    length = hours * 3600 + minutes * 60 + seconds + millis / 1000
    if statement.until:
        now = dt.datetime.now()
        passed = now.hour * 3600 + now.minute * 60 + now.second + now.microsecond / 1e6
        length = (length - passed) % 86400
    until = time.monotonic() + length
    while (left := until - time.monotonic()) > 0:
        if session.store.cancelled.wait(min(left, 0.05)):
            raise Cancelled
    session.sink(Done(frame.kind))  # type: ignore[arg-type]
