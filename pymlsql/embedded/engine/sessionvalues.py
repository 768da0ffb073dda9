"""sp_set_session_context: keys and values that a session keeps (sql-docs, "sp_set_session_context")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.answers import argument
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tsql.messages import sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_MOST_BYTES = 1 << 20


def sp_set_session_context(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """Set a key; NULL frees it. A value that is no string is refused: sql_variant keeps strings only here. Raises
    15600, 15664, 15665."""
    key, value = argument(actuals, 0, "@key"), argument(actuals, 1, "@value")
    if not isinstance(key, str) or not key:
        raise sql_error(15600, "sp_set_session_context", line=line)
    if value is not None and not isinstance(value, str):
        raise unsupported("sp_set_session_context with a value that is no string", line=line)
    held = session.session_context
    if held.get(key.lower(), (None, False))[1]:
        raise sql_error(15664, key, line=line)
    n_bytes = sum(2 * (len(name) + len(text or "")) for name, (text, _) in held.items()) + 2 * len(value or "")
    if n_bytes > _MOST_BYTES:
        raise sql_error(15665, key, line=line)
    held[key.lower()] = (value, bool(argument(actuals, 2, "@read_only")))
    return 0
