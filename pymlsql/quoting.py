"""How a Python value becomes T-SQL text. Everything that is printed into T-SQL goes through here.

Rules: sql-docs, "Database Identifiers" (128 UTF-16 units, `]` doubled inside brackets) and "Constants" (`'` doubled).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pymlsql.errors import TemplateError

MAX_IDENTIFIER = 128
"""Length of a sysname in UTF-16 units."""

MAX_NAME_PARTS = 4
"""server.database.schema.object"""

_PART = re.compile(r"\s*(?:\[((?:[^\]]|\]\])+)\]|\"((?:[^\"]|\"\")+)\"|([^\s.\[\]\"']+))\s*(\.|\Z)")

_NO_ARGUMENT = (
    "bigint|int|smallint|tinyint|bit|real|date|datetime|smalldatetime|money|smallmoney|uniqueidentifier|sysname"
)
_TYPE = re.compile(
    rf"(?:{_NO_ARGUMENT}|float(?:\(\d{{1,2}}\))?|(?:decimal|numeric)(?:\(\d{{1,2}}(?:, ?\d{{1,2}})?\))?"
    r"|(?:char|varchar|binary|varbinary|nchar|nvarchar)\((?:\d{1,4}|max)\)"
    r"|(?:datetime2|datetimeoffset|time)(?:\(\d\))?)\Z"
)
_LONGEST = {"char": 8000, "varchar": 8000, "binary": 8000, "varbinary": 8000, "nchar": 4000, "nvarchar": 4000}
_NEVER_MAX = {"char", "binary", "nchar"}


def ident(name: object) -> str:
    """A name in brackets: `a]b` gives `[a]]b]`. Raises TemplateError for what cannot be a name."""
    if not isinstance(name, str) or not name:
        raise TemplateError(f"{name!r} is not a name: a name is text of 1 to {MAX_IDENTIFIER} characters.")
    if any(ord(character) < 32 for character in name):
        raise TemplateError(f"The name {name[:40]!r} holds a control character.")
    if _utf16_length(name) > MAX_IDENTIFIER:
        raise TemplateError(f"The name {name[:40]!r}... is longer than {MAX_IDENTIFIER} characters.")
    return "[" + name.replace("]", "]]") + "]"


def parse_name(name: str) -> tuple[str, ...]:
    """The parts of a dotted name, without their brackets or quotes: `dbo.[a.b]` gives `("dbo", "a.b")`."""
    parts: list[str] = []
    position = 0
    while True:
        found = _PART.match(name, position)
        if found is None or len(parts) == MAX_NAME_PARTS:
            raise TemplateError(f"{name!r} is not a dotted name: bracket the parts that hold dots or spaces.")
        bracketed, quoted, plain, dot = found.groups()
        parts.append((bracketed or "").replace("]]", "]") or (quoted or "").replace('""', '"') or plain)
        position = found.end()
        if not dot:
            return tuple(parts)


def qualified(name: str | Sequence[str]) -> str:
    """A dotted name (text, or its parts), each part in brackets: `dbo.T` gives `[dbo].[T]`."""
    parts = parse_name(name) if isinstance(name, str) else tuple(name)
    if not 1 <= len(parts) <= MAX_NAME_PARTS:
        raise TemplateError(f"{name!r} is not a dotted name of 1 to {MAX_NAME_PARTS} parts.")
    return ".".join(ident(part) for part in parts)


def string(value: object) -> str:
    """A Unicode literal: `O'Brien` gives `N'O''Brien'`.

    Raises TemplateError for a backslash at the end of a line: T-SQL takes backslash and line end out of a literal
    (sql-docs, "Backslash (Line Continuation)"), so that the text would silently arrive changed.
    """
    if not isinstance(value, str):
        raise TemplateError(f"{value!r} is not text: only text becomes a T-SQL string.")
    if re.search(r"\\\r?\n", value):
        raise TemplateError("A backslash at the end of a line is lost in a T-SQL string: write the line otherwise.")
    _utf16_length(value)
    return "N'" + value.replace("'", "''") + "'"


def sqltype(value: object) -> str:
    """A T-SQL type in lower case, checked against the types that generated code uses."""
    text = re.sub(r"\s*([(,)])\s*", r"\1", value.strip().lower()) if isinstance(value, str) else ""
    base, _, rest = text.partition("(")
    if not _TYPE.match(text) or not _length_fits(base, rest.rstrip(")")):
        raise TemplateError(f"{value!r} is not a T-SQL type that generated code uses.")
    return text.replace(",", ", ")


def temptype(value: object) -> str:
    """The same for a temporary table: text has the collation of the database there, not that of tempdb.

    Compared with a column of the database it would be Msg 468 else, where the two differ.
    """
    text = sqltype(value)
    is_text = text.partition("(")[0] in ("char", "varchar", "nchar", "nvarchar", "sysname")
    return f"{text} COLLATE DATABASE_DEFAULT" if is_text else text


def integer(value: object) -> str:
    """A whole number within bigint."""
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise TemplateError(f"{value!r} is not a whole number.")
    return str(value)


def sql(value: object) -> str:
    """Text that is T-SQL on purpose: another macro's output or an expression of this package, never a user's value."""
    if not isinstance(value, str):
        raise TemplateError(f"{value!r} is not T-SQL text.")
    return value


def _length_fits(base: str, length: str) -> bool:
    """Whether char(n) and its relatives have a length that SQL Server takes."""
    if base not in _LONGEST:
        return True
    if length == "max":
        return base not in _NEVER_MAX
    return 1 <= int(length) <= _LONGEST[base]


def _utf16_length(text: str) -> int:
    try:
        return len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise TemplateError("The text holds half of a surrogate pair, which T-SQL text cannot.") from None
