"""What a change of a table asks for: SET options, and defaults that mean the same from another database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.tsql.functions.system import OF_THE_DATABASE
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def check_options(session: Session, table: Table, statement: str) -> None:
    """Raises 1934 for a change of a table with a filtered index, or one over a computed column, while
    QUOTED_IDENTIFIER is OFF; the other options that it takes cannot be OFF here."""
    if session.options.quoted_identifier:
        return
    computed = {column.name for column in table.columns if column.computed}
    if any(key.where or computed & {name for name, _ in key.columns} for key in table.keys):
        raise sql_error(1934, statement, "QUOTED_IDENTIFIER")


def is_distant(session: Session, table: Table) -> bool:
    """Whether the table is in another database than the current one."""
    return not table.temporary and table.database_id != session.catalog.database.database_id


def refuse_distant_default(session: Session, table: Table, column: TableColumn) -> None:
    """Raises 40510 where the default of a table of another database names what it means there, not here."""
    if column.default is None or not is_distant(session, table):
        return
    tokens = tokenize(column.default.text)
    if any(t.is_op(".") or t.is_word("NEXT", *OF_THE_DATABASE) for t in tokens):
        raise unsupported("a default of another database's table that depends on the database")
