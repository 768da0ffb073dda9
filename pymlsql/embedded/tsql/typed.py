"""DuckDB expressions that know their T-SQL type, and how names, strings and errors are written in DuckDB SQL."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from pymlsql.embedded.tsql.messages import MESSAGES
from pymlsql.embedded.tsql.types import SqlType

_LITERAL = re.compile(r"'(?:[^']|'')*'")
ERROR_MARK = "pymlsql|"
"""What an error raised inside a DuckDB query begins with; then number, severity and text, each ended by '|'."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A DuckDB expression ``sql`` whose value is of T-SQL ``type``.

    ``binary`` says that its strings compare by code point (a _BIN collation) and not by SQL_Latin1_General_CP1_CI_AS.
    ``constant`` is the Python value of a literal, None otherwise. ``name`` is the column name it brings along.
    ``by_reference`` says that ``sql`` may give a reference instead of a large value's bytes: only who asks for
    references gets such a one (see references.py). ``json`` says that the string is known to be JSON text, which FOR
    JSON and its like take as it is.
    """

    sql: str
    type: SqlType
    nullable: bool = True
    binary: bool = False
    constant: object = None
    name: str = ""
    identity: bool = False
    by_reference: bool = False
    json: bool = False
    hidden: bool = False
    """Whether * leaves the column out."""
    cast: bool = False
    """Whether CAST or CONVERT made it: a constant then has the digits of its type, not its own."""

    user_type: int = 0
    """The alias type of the column that it is, and nothing but that."""
    untyped: bool = False
    """Whether it is a column of NULL alone, which is int for want of a type."""

    def __hash__(self) -> int:
        """What tells most expressions apart: they are part of the keys of plans."""
        return hash(self.sql)

    @property
    def is_untyped(self) -> bool:
        """Whether nothing but NULL without a type is there."""
        return self.untyped or self.type.name == "null"

    def retyped(self, type_: SqlType) -> Typed:
        return replace(self, type=type_)


def quote_name(name: str) -> str:
    """``name`` as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """``text`` as a DuckDB string."""
    return "'" + text.replace("'", "''") + "'"


def raise_sql(number: int, *values: str) -> str:
    """A DuckDB expression that raises message ``number``; ``values`` are DuckDB expressions for its placeholders."""
    severity, text = MESSAGES[number]
    first, *parts = text.split("{}")
    literal, pieces = f"{ERROR_MARK}{number}|{severity}|{first}", []
    for value, part in zip(values, parts, strict=False):
        if _LITERAL.fullmatch(value):
            literal += value[1:-1].replace("''", "'") + part
            continue
        pieces += [quote_text(literal), f"coalesce(CAST({value} AS VARCHAR), 'NULL')"]
        literal = part
    return f"error({' || '.join([*pieces, quote_text(literal)])})"


_SHORT = 120
"""Up to this length an expression is written twice rather than bound to a name."""


def bound(sql: str, body: Callable[[str], str], *, always: bool = False) -> str:
    """``body`` of an expression that it uses several times, evaluated (and written) once where it is long.

    Without it the text of nested conversions would double at every level. The name comes from the text, so that equal
    expressions have equal texts.
    """
    if len(sql) <= _SHORT and not always and "uuid()" not in sql:
        return body(sql)
    name = f"v{zlib.crc32(sql.encode()):x}"
    return f"list_transform([{sql}], lambda {name}: {body(name)})[1]"


def fold(value: Typed) -> str:
    """What two strings have in common when SQL Server's = finds them equal: case and trailing blanks do not count."""
    if not value.type.is_string:
        return value.sql
    if value.binary:
        return f"rtrim({value.sql}, ' ')"
    if isinstance(value.constant, str):
        return quote_text(value.constant.rstrip(" ").lower())
    return f"lower(rtrim({value.sql}, ' '))"


def checked_by(sql: str, cast: str, error: str, try_: bool) -> str:
    """``cast`` of ``sql``, which is NULL when it fails, with the DuckDB expression ``error`` for the failure."""
    return cast if try_ else f"CASE WHEN {sql} IS NULL THEN NULL ELSE coalesce({cast}, {error}) END"


def checked(sql: str, cast: str, number: int, *values: str, try_: bool) -> str:
    """``cast`` of ``sql``, which is NULL when it fails, with message ``number`` for the failure."""
    return checked_by(sql, cast, raise_sql(number, *values), try_)
