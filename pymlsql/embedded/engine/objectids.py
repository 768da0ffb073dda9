"""Numbers and names that the server gives to what a definition creates."""

from __future__ import annotations

from pymlsql.embedded.engine.catalog import Catalog
from pymlsql.embedded.tsql.messages import SqlError, sql_error


class ObjectIds:
    """Object ids for what one statement creates; system names get their suffix from them."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def take(self) -> int:
        self.catalog, number = self.catalog.allocate()
        return number


def system_name(prefix: str, table: str, number: int, column: str = "") -> str:
    """The name of a constraint that was given none, as SQL Server forms it."""
    start = table[:9]
    return f"{prefix}__{start}__" + (f"{column[: 14 - len(start)]}__" if column else "") + f"{number & 0xFFFFFFFF:08X}"


def not_created(number: int, *values: object, line: int = 0) -> SqlError:
    """An error that a constraint or index was not created for: Msg 1750 follows it."""
    error = sql_error(number, *values, line=line)
    error.further = (sql_error(1750, line=line),)
    return error
