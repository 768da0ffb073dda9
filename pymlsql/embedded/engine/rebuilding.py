"""A table's rows under a new definition.

DuckDB does not commit a transaction that alters a table after it has changed rows of it. So an altered table is a new
table of DuckDB, with the next ``generation`` in its name, into which the rows are copied. Only a column that comes or
goes by itself, outside of a transaction, is left to DuckDB's own ALTER.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.engine.cells import settle_column
from pymlsql.embedded.engine.generated import computed_sql
from pymlsql.embedded.tsql.nextvalues import NEXT
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_COPY = "pymlsql_copy"


def rebuilt(session: Session, before: Table, after: Table, values: Mapping[str, str] | None = None,
            parameters: Mapping[str, Any] | None = None) -> Table:  # fmt: skip
    """``after`` with the rows of ``before``. ``values`` are DuckDB expressions over the old row by the name of the
    column they are for; other columns keep what they hold, new computed ones are computed, and the rest is NULL."""
    values = values or {}
    old = {column.name for column in before.stored}
    added = [c for c in after.stored if c.name not in old]
    dropped = [c for c in before.stored if c.name not in {c.name for c in after.stored}]
    plain = not values and not session.store.in_transaction and not any(c.computed for c in added)
    if plain and _altered_in_place(session, after, added, dropped):
        return after
    after = replace(after, generation=before.generation + 1)
    store = session.store
    definition = ", ".join(f"{quote_name(c.name)} {c.type.duckdb}" for c in after.stored)
    store.write(f"CREATE {'TEMP ' if after.temporary else ''}TABLE {after.sql.removeprefix('temp.')} ({definition})")
    sql = _rows(session, before, after, values, {c.name for c in added})
    if "uuid()" in sql or NEXT in sql:  # a value that is made once, and must stay when the step is repeated
        made = store.run(sql, parameters).to_arrow_table()
        count = store.write(f"INSERT INTO {after.sql} SELECT * FROM {_COPY}", {}, {_COPY: made})
    else:
        count = store.write(f"INSERT INTO {after.sql} {sql}", parameters)
    store.write(f"DROP TABLE {before.sql}")
    session.count_rows(after, max(count, 0))
    for column in after.stored:
        if keeps_references(column.type) and column.name in values:
            settle_column(session, after, column.name)
    session.engine.note_change(before)
    return after


def renamed_column(session: Session, before: Table, after: Table, old: str, new: str) -> Table:
    """``after`` with the rows of ``before``, one column of which has another name."""
    if not session.store.in_transaction:
        session.store.write(f"ALTER TABLE {before.sql} RENAME COLUMN {quote_name(old)} TO {quote_name(new)}")
        return after
    return rebuilt(session, before, after, {new: quote_name(old)})


def _altered_in_place(session: Session, after: Table, added: list[Any], dropped: list[Any]) -> bool:
    if len(added) + len(dropped) != 1:
        return False
    for column in added:
        session.store.write(f"ALTER TABLE {after.sql} ADD COLUMN {quote_name(column.name)} {column.type.duckdb}")
    for column in dropped:
        session.store.write(f"ALTER TABLE {after.sql} DROP COLUMN {quote_name(column.name)}")
        session.engine.note_change(after)
    return True


def _rows(session: Session, before: Table, after: Table, values: Mapping[str, str], added: set[str]) -> str:
    """The old rows in the order they were stored, as the new table has them."""
    plain = [c for c in after.stored if not (c.computed and c.name in added)]
    known = {column.name for column in before.stored}
    parts = []
    for column in plain:
        name = quote_name(column.name)
        kept = name if column.name in known else f"CAST(NULL AS {column.type.duckdb})"
        parts.append(f"{values.get(column.name, kept)} AS {name}")
    sql = f"SELECT {', '.join(parts)} FROM {before.sql}"
    if len(plain) == len(after.stored):
        return sql
    whole = ", ".join(
        quote_name(c.name) if c in plain else f"{computed_sql(session, after, c, 'u')} AS {quote_name(c.name)}"
        for c in after.stored
    )
    return f"SELECT {whole} FROM ({sql}) AS u"
