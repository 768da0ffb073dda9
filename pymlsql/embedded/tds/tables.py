"""Table-valued parameters (MS-TDS 2.2.5.5.5)."""

from __future__ import annotations

from pymlsql.embedded.tds.reader import ProtocolError, Reader
from pymlsql.embedded.tds.requests import TableRows
from pymlsql.embedded.tds.types import TypeInfo, read_type_info
from pymlsql.embedded.tds.values import read_value
from pymlsql.embedded.tsql.messages import unsupported

TABLE_TOKEN = 0xF3
_END, _ROW, _ORDER_UNIQUE, _ORDERING = 0x00, 0x01, 0x10, 0x11
_NO_COLUMNS = 0xFFFF
_DEFAULT = 0x0200


def read_table(reader: Reader) -> TableRows:
    """A table-valued parameter behind its status: the name of its type, its columns and its rows."""
    if reader.u8() != TABLE_TOKEN:
        raise ProtocolError("a table-valued parameter of another type")
    database, schema, name = reader.b_varchar(), reader.b_varchar(), reader.b_varchar()
    if database:
        raise unsupported("a table type with the name of its database")
    columns, defaults = _read_columns(reader)
    _skip_order(reader)
    given = [info for info, default in zip(columns, defaults, strict=True) if not default]
    rows: list[tuple[object, ...]] = []
    while (token := reader.u8()) == _ROW:
        rows.append(tuple(read_value(reader, info) for info in given))
    if token != _END:
        raise ProtocolError(f"token 0x{token:02x} among the rows of a table-valued parameter")
    types = tuple(info.type for info in columns)
    return TableRows(schema, name, types, tuple(defaults), tuple(rows))


def _read_columns(reader: Reader) -> tuple[list[TypeInfo], list[bool]]:
    """The columns' types, and which of them take their defaults."""
    count = reader.u16()
    if count == _NO_COLUMNS:
        return [], []
    columns, defaults = [], []
    for _ in range(count):
        reader.u32()
        flags = reader.u16()
        columns.append(read_type_info(reader))
        reader.b_varchar()
        defaults.append(bool(flags & _DEFAULT))
    return columns, defaults


def _skip_order(reader: Reader) -> None:
    """What the client promises of the rows' order, up to the token that ends the metadata."""
    while (token := reader.u8()) != _END:
        if token not in (_ORDER_UNIQUE, _ORDERING):
            raise ProtocolError(f"token 0x{token:02x} in a table-valued parameter")
        reader.take(reader.u16() * (3 if token == _ORDER_UNIQUE else 2))
