"""The SET options without which SQL Server changes no table that has certain indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.tsql.messages import sql_error

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
