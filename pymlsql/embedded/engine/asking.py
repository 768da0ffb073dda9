"""Functions of the catalog and the session whose arguments differ from row to row: DuckDB asks the session for each.

Law: what is asked here reads the catalog's value and nothing through DuckDB, which is in the middle of a query.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.tsql.functions.asked import ASK, UNIT
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.typed import ERROR_MARK

if TYPE_CHECKING:
    import duckdb

    from pymlsql.embedded.engine.session import Session


def register_asking(connection: duckdb.DuckDBPyConnection, session_of: Callable[[int], Session]) -> None:
    """The DuckDB function ASK: (spid, name and arguments) to the value as text."""

    def ask(spids: Any, questions: Any) -> Any:
        from pymlsql.embedded.engine.runtime import asked_value

        known: dict[str | None, str | None] = {None: None}
        session = session_of(int(spids[0].as_py()))
        answers = []
        for question in questions.to_pylist():
            if question not in known:
                name, *arguments = question.split(UNIT)
                try:
                    value = asked_value(session, name, arguments)
                except SqlError as error:
                    raise ValueError(f"{ERROR_MARK}{error.number}|{error.severity}|{error.message}") from error
                known[question] = None if value is None else str(value)
            answers.append(known[question])
        return pa.array(answers, pa.string())

    create: Any = connection.create_function
    create(ASK, ask, ["VARCHAR", "VARCHAR"], "VARCHAR", type="arrow", null_handling="special", side_effects=True)
