"""OPENROWSET(BULK ...) with a format file: its rows, for as long as a query runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from pymlsql.embedded.engine.bulk.fields import Filled, bad_rows, fields_table, most_errors, too_many
from pymlsql.embedded.engine.bulk.files import read_bulk
from pymlsql.embedded.engine.bulk.rows import check_options, data_rows, described_layout, file_text
from pymlsql.embedded.engine.names import BulkUse
from pymlsql.embedded.tsql.bulkvalues import TRUNCATED
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_LONGEST = 8000
_MOST_UNSURE = 4000


@contextmanager
def bulk_rows(session: Session, uses: Mapping[str, BulkUse]) -> Iterator[None]:
    """The fields of each file under the DuckDB name that the query has for them. Raises 4834, 4860 to 4865."""
    if not uses:
        yield
        return
    tables = {duck: _fields(session, use) for duck, use in uses.items()}
    with session.store.registered(tables):
        for duck, use in uses.items():
            _check(session, duck, use)
        yield


def _filled(use: BulkUse) -> list[Filled]:
    return [Filled(column.field, column.name, column.type) for column in use.format.columns]


def _fields(session: Session, use: BulkUse) -> pa.Table:
    options = dict(use.rows.options)
    data = read_bulk(session, use.rows.path)
    first, last = check_options(options)
    layout = described_layout(options, use.format)
    text = file_text(data, options, use.format)
    rows = data_rows(text, layout, first, last, use.rows.path)
    for place, field in enumerate(use.format.fields):
        if field.most and any(len(row[place] or "") > field.most for row in rows):
            raise unsupported("a field longer than the MAX_LENGTH of its format file")
    for column in use.format.columns:
        if not column.nullable and any(row[column.field] is None for row in rows):
            raise unsupported(f"NULL for column {column.name} of a format file, which is not NULLABLE")
    return fields_table(rows, first, _filled(use))


def _check(session: Session, duck: str, use: BulkUse) -> None:
    """No row has a bad value. With fewer of them than MAXERRORS the rows would be left out, which is refused."""
    most = most_errors(dict(use.rows.options))
    errors = bad_rows(session.store, quote_name(duck), _filled(use), most)
    if not errors:
        return
    cut = [error for _, error in errors if error.number == TRUNCATED]
    if cut and any(column.type.length in (_LONGEST, _MOST_UNSURE) for column in use.format.columns):
        raise unsupported("OPENROWSET of a field longer than 8,000 bytes")
    if len(errors) > most:
        raise too_many(errors, most)
    raise unsupported("OPENROWSET that leaves out rows, with a greater MAXERRORS than there are bad rows")
