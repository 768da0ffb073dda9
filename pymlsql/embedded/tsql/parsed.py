"""PARSE and TRY_PARSE: what they look like, and what they are in DuckDB. Source: their pages of sql-docs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.locales import LOCALE
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.scalars.cultures import PARSE_NUMBER, PARSE_OFFSET, PARSE_STAMP
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import DATETIME2, DATETIMEOFFSET, MAX, SqlType, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_CULTURE_NAME = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LONGEST = 4000
_MICROSECONDS = 6


class ParsedText(exp.Expression, exp.Func):
    """PARSE (text AS type [USING culture]); ``safe`` where it is TRY_PARSE."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True, "to": True, "culture": False, "safe": False}


def parse_parsed(parser: Any, safe: bool) -> exp.Expr:
    """What stands between the brackets."""
    text = parser._parse_assignment()
    parser._match(TokenType.ALIAS)
    target = parser._parse_types()
    culture = parser._parse_assignment() if parser._match(TokenType.USING) else None
    return parser.expression(ParsedText(this=text, to=target, culture=culture, safe=safe))  # type: ignore[no-any-return]


def compile_parsed(compiler: Compiler, node: exp.Expr) -> Typed:
    """The value at the type. Raises 8116 and 10761; in DuckDB 9818, and 9819 for text that is no such value."""
    from pymlsql.embedded.tsql.dialect import read_type

    safe = bool(node.args.get("safe"))
    target = read_type(node.args["to"], line=compiler.line)
    if not (target.is_number or target.is_time) or target.name == "bit":
        raise sql_error(10761, str(target), "TRY_PARSE" if safe else "PARSE", line=compiler.line)
    value = compiler.value(node.this)
    if not value.type.is_string:
        raise sql_error(8116, "NULL" if value.type.name == "null" else value.type.name, 1, "parse", line=compiler.line)
    shown, culture = _culture(compiler, node.args.get("culture"))
    if culture is None:
        return Typed(f"CAST({raise_sql(9818, quote_text(shown))} AS {target.duckdb})", target)

    def body(v: str) -> str:
        made = _value(v, target, culture)
        too_long = f"WHEN length({v}) > {_LONGEST} THEN {raise_sql(8152)} " if value.type.length == MAX else ""
        if safe:
            return f"CASE WHEN {v} IS NULL THEN NULL {too_long}ELSE {made} END"
        failed = raise_sql(9819, v, quote_text(target.name), quote_text(shown))
        return f"CASE WHEN {v} IS NULL THEN NULL {too_long}ELSE coalesce({made}, {failed}) END"

    return Typed(f"CAST({bound(value.sql, body)} AS {target.duckdb})", target)


def _culture(compiler: Compiler, node: exp.Expr | None) -> tuple[str, str | None]:
    """A culture as messages show it, and its name in lower case, None where that is the name of none.

    Without one it is that of the session's language.
    """
    if node is None:
        return "", "en-gb" if LOCALE.get().language == "British" else "en-us"
    given = compiler.value(node)
    if given.type.name == "null":
        return "NULL", None
    if not given.type.is_string:
        raise sql_error(8116, given.type.name, 2, "parse", line=compiler.line)
    if not isinstance(given.constant, str):
        raise unsupported("PARSE with a culture that is not a constant", line=compiler.line)
    name = given.constant
    if not _CULTURE_NAME.fullmatch(name):
        return name, None
    return name, name.lower()


def _value(v: str, target: SqlType, culture: str) -> str:
    """The value, or NULL where there is none."""
    text, place = nvarchar(MAX), quote_text(culture)
    if target.is_approximate:
        number = f"TRY_CAST({PARSE_NUMBER}({v}, 'float', {place}) AS {target.duckdb})"
        return f"CASE WHEN isfinite({number}) THEN {number} END"
    if target.is_integer:
        return f"TRY_CAST({PARSE_NUMBER}({v}, 'whole', {place}) AS {target.duckdb})"
    if target.is_number:
        kind = "decimal" if target.name == "decimal" else "money"
        return convert(Typed(f"{PARSE_NUMBER}({v}, '{kind}', {place})", text), target, try_=True).sql
    if target.name == "datetimeoffset":
        found = Typed(f"{PARSE_OFFSET}({v}, {quote_text(target.name)}, {place})", DATETIMEOFFSET)
        return convert(found, target, try_=True).sql
    found = Typed(f"{PARSE_STAMP}({v}, {quote_text(target.name)}, {place})", DATETIME2)
    if target.name == "time" and target.scale < _MICROSECONDS:
        return bound(found.sql, lambda s: _exact_time(s, target))
    if target.name == "smalldatetime":
        return bound(found.sql, lambda s: _small(s, target))
    return convert(found, target, try_=True).sql


def _exact_time(sql: str, target: SqlType) -> str:
    """A time with no more digits than the type has: how others are rounded is not documented."""
    refused = raise_sql(40510, quote_text(f"PARSE of a fraction that {target} has to round"))
    time = f"CAST({sql} AS TIME)"
    unit = 10 ** (_MICROSECONDS - target.scale)
    return f"CASE WHEN epoch_us({sql}) % {unit} <> 0 THEN CAST({refused} AS TIME) ELSE {time} END"


def _small(sql: str, target: SqlType) -> str:
    """SQL Server ends with an error of .NET beyond the range."""
    refused = raise_sql(40510, quote_text("PARSE beyond the range of smalldatetime"))
    value = convert(Typed(sql, DATETIME2), target, try_=True).sql
    return f"CASE WHEN {sql} IS NOT NULL AND {value} IS NULL THEN CAST({refused} AS TIMESTAMP) ELSE {value} END"
