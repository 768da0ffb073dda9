"""THROW, RAISERROR, PRINT and WAITFOR."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.errors import Cancelled
from pymlsql.embedded.engine.evaluation import evaluate
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tds.responses import Done
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.scalars.substitution import format_message
from pymlsql.embedded.tsql.types import INT, nvarchar

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


def raise_error(session: Session, frame: Frame, statement: nodes.RaiseError) -> None:
    """RAISERROR with a text: up to severity 10 a message, above an error. Raises 2754, 2786."""
    values = [evaluate(session, frame, argument) for argument in statement.arguments]
    if isinstance(values[0], int):
        raise unsupported("RAISERROR with a message number", line=statement.line)
    severity, state = max(0, int(values[1] or 0)), int(values[2] or 0)
    text = format_message(str(values[0]), values[3:])
    if severity > 18:
        raise sql_error(2754, line=statement.line)
    number = 50000
    error = SqlError(number, text, severity=severity, state=max(0, min(state, 255)), line=statement.line)
    if severity <= 10:
        session.send_error(error, urgent="NOWAIT" in statement.options)
        if "SETERROR" not in statement.options:
            session.last_error = 0
        return
    raise error


def print_(session: Session, frame: Frame, statement: nodes.Print) -> None:
    """PRINT: a message of severity 0."""
    text = evaluate(session, frame, statement.value, nvarchar(4000))
    session.send_error(SqlError(0, text if text is not None else " ", severity=0, state=1, line=statement.line))
    session.last_error = 0


def wait_for(session: Session, frame: Frame, statement: nodes.WaitFor) -> None:
    """WAITFOR DELAY; cancelled like any statement. Raises 148."""
    text = evaluate(session, frame, statement.delay, nvarchar(60))
    match = re.fullmatch(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,3}))?)?", text or "")
    if match is None:
        raise sql_error(148, text, line=statement.line)
    hours, minutes, seconds, millis = (int(part or 0) for part in match.groups())
    until = time.monotonic() + hours * 3600 + minutes * 60 + seconds + millis / 1000
    while (left := until - time.monotonic()) > 0:
        if session.store.cancelled.wait(min(left, 0.05)):
            raise Cancelled
    session.sink(Done(frame.kind))  # type: ignore[arg-type]
