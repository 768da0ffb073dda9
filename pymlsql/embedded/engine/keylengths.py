"""How many bytes the entries of an index take, and how many they may.

Source: "Maximum capacity specifications for SQL Server" of sql-docs: 900 for a clustered key, 1,700 for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.system_views.datatypes import type_fact
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.catalog import Key, Table, TableColumn
    from pymlsql.embedded.engine.session import Session

CLUSTERED_BYTES, NONCLUSTERED_BYTES = 900, 1700


def limit_of(key: Key) -> int:
    """The bytes that an entry of the index may take."""
    return CLUSTERED_BYTES if key.clustered else NONCLUSTERED_BYTES


def bytes_of(columns: Sequence[TableColumn]) -> tuple[int, int]:
    """The least and the most bytes of a key of these columns."""
    sizes = [(int(str(type_fact(c.type)["max_length"])), "var" in c.type.name) for c in columns]
    return sum(size for size, varying in sizes if not varying), sum(size for size, _ in sizes)


def may_be_too_long(table: Table, key: Key) -> bool:
    """Whether there are values whose entry is longer than the index takes."""
    return not key.columnstore and bytes_of(_columns(table, key))[1] > limit_of(key)


def check_length(session: Session, table: Table, key: Key, stage: str, where: str) -> None:
    """Msg 1946 for a row of ``stage``, known there as s, whose entry is too long."""
    least, _ = bytes_of(_columns(table, key))
    varying = [_bytes_sql(column) for column in _columns(table, key) if "var" in column.type.name]
    row = session.store.run(f"SELECT max({' + '.join(varying)}) FROM {stage} AS s {where}").fetchone()
    length = least + int(row[0] or 0) if row else 0
    if length > limit_of(key):
        kind = "clustered" if key.clustered else "nonclustered"
        raise sql_error(1946, length, key.name, limit_of(key), kind)


def _columns(table: Table, key: Key) -> list[TableColumn]:
    found = [table.column(name) for name, _ in key.columns]
    return [column for column in found if column is not None]


def _bytes_sql(column: TableColumn) -> str:
    value = f"s.{quote_name(column.name)}"
    if column.type.is_binary:
        size = f"octet_length({value})"
    elif column.type.is_unicode:
        size = f"2 * (length({value}) + length(regexp_replace({value}, '[^\\x{{10000}}-\\x{{10FFFF}}]', '', 'g')))"
    else:
        size = f"length({value})"
    return f"coalesce({size}, 0)"
