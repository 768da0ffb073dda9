"""T-SQL that the Agent runs for itself: a statement with values, and the rows it answers."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.security.principals import SA_LOGIN
from pymlsql.embedded.tds.requests import Login, Parameter, Rpc, RpcCall, SqlBatch
from pymlsql.embedded.tds.responses import Message, Response, Rows
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.types import DATETIME, INT, MAX, SqlType, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine
    from pymlsql.embedded.engine.session import Session

_HIGHEST_INFORMATION = 10


def own_session(engine: Engine, database: str) -> Session:
    """A session of the administrator's in ``database``."""
    return engine.begin_session(Login("sa", "", application="SQLAgent - Generic Refresher"), SA_LOGIN, database, "")


class Answer:
    """A sink that keeps rows and the first error."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.error: SqlError | None = None

    def __call__(self, response: Response) -> None:
        if isinstance(response, Rows):
            self.rows += zip(*(column.to_pylist() for column in response.batch.columns), strict=True)
        elif isinstance(response, Message) and response.severity > _HIGHEST_INFORMATION and self.error is None:
            self.error = SqlError(response.number, response.text, severity=response.severity)


def ask(session: Session, text: str, /, **values: Any) -> list[tuple[Any, ...]]:
    """The rows of all result sets of ``text``; ``values`` are its variables. Raises SqlError."""
    answer = Answer()
    if values:
        values = {name: _at_type(value) for name, value in values.items()}
        types = {name: _type_of(value) for name, value in values.items()}
        declared = ", ".join(f"@{name} {type_}" for name, type_ in types.items())
        own = (Parameter("", nvarchar(MAX), text), Parameter("", nvarchar(MAX), declared))
        named = tuple(Parameter(f"@{name}", types[name], value) for name, value in values.items())
        session.run(Rpc([RpcCall("sp_executesql", (*own, *named))]), answer)
    else:
        session.run(SqlBatch(text), answer)
    if answer.error is not None:
        raise answer.error
    return answer.rows


def _at_type(value: Any) -> Any:
    """A datetime has thirds of hundredths; hundredths are among them."""
    return value.replace(microsecond=value.microsecond // 10_000 * 10_000) if isinstance(value, dt.datetime) else value


def _type_of(value: Any) -> SqlType:
    if isinstance(value, dt.datetime):
        return DATETIME
    return INT if isinstance(value, int) else nvarchar(MAX)
