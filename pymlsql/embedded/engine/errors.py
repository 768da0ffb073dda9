"""DuckDB's errors as SQL Server's: the one border where they are translated."""

from __future__ import annotations

import re

import duckdb

from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.typed import ERROR_MARK

_MARKED = re.compile(re.escape(ERROR_MARK) + r"(\d+)\|(\d+)\|(.*)", re.DOTALL)
_OUT_OF_RANGE = re.compile(r"destination type (\w+)")
_OVERFLOW = re.compile(r"Overflow in \w+ of (\w+)")
_UNGROUPED = re.compile(r'column "([^"]+)" must appear in the GROUP BY clause', re.IGNORECASE)
_TYPES = {"INT32": "int", "INT64": "bigint", "INT16": "smallint", "UINT8": "tinyint", "INT128": "numeric",
          "FLOAT": "real", "DOUBLE": "float"}  # fmt: skip


class Cancelled(Exception):
    """The client asked to stop (attention), or went away."""


def translate(error: Exception, line: int = 0) -> Exception:
    """``error`` as an SqlError, or Cancelled. A text that is not known becomes 8624, with DuckDB's own words."""
    if isinstance(error, SqlError | Cancelled):
        return error
    if isinstance(error, RecursionError):
        return sql_error(191, line=line)
    text = str(error)
    marked = _MARKED.search(text)
    if marked:
        # Behind the text of an error in a function of ours DuckDB tells where in Python it was raised.
        told = marked[3].partition("\n\nAt:\n")[0].strip()
        return SqlError(int(marked[1]), told, severity=int(marked[2]), line=line)
    if isinstance(error, duckdb.InterruptException):
        return Cancelled()
    return _known(error, text, line) or SqlError(
        8624, f"Internal Query Processor Error: The query processor could not produce a query plan. ({text.strip()})",
        line=line)  # fmt: skip


def _known(error: Exception, text: str, line: int) -> SqlError | None:
    found = _OUT_OF_RANGE.search(text) or _OVERFLOW.search(text)
    if found:
        return sql_error(8115, "expression", _TYPES.get(found[1], "numeric"), line=line)
    if "Overflow in" in text or "out of range" in text.lower():
        return sql_error(8115, "expression", "numeric" if "DECIMAL" in text else "float", line=line)
    ungrouped = _UNGROUPED.search(text)
    if ungrouped:
        return sql_error(8120, ungrouped[1], line=line)
    if isinstance(error, duckdb.BinderException) and "nested" in text and "aggregate" in text:
        return sql_error(130, line=line)
    if isinstance(error, duckdb.BinderException) and "window function" in text.lower():
        return sql_error(4108, line=line)
    if isinstance(error, duckdb.OutOfMemoryException):
        return SqlError(701, "There is insufficient system memory in resource pool 'default' to run this query.",
                        severity=17, line=line)  # fmt: skip
    return None
