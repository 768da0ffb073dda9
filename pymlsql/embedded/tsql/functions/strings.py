"""String functions (sql-docs, "String functions (Transact-SQL)")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.codepage import (
    BYTES_OF_TEXT,
    CHARACTERS,
    astral_sql,
    in_units,
    length_sql,
    marked_units,
)
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.rows import Function, shown_name, string_type, text, whole
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import as_type, unify
from pymlsql.embedded.tsql.references import SLICE, is_reference_sql
from pymlsql.embedded.tsql.sortkeys import sort_sql
from pymlsql.embedded.tsql.typed import Typed, bound, fold, quote_text, raise_sql
from pymlsql.embedded.tsql.types import (
    BIGINT,
    INT,
    MAX,
    SYSNAME,
    SqlType,
    nvarchar,
    varbinary,
    varchar,
)

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def _is_plain(value: Typed) -> bool:
    """Whether no character of a string counts as two."""
    known = isinstance(value.constant, str) and max(value.constant, default="") < "\U00010000"
    return known or not value.type.is_unicode


def _cut_units(value: Typed, cut: Callable[[str], str]) -> str:
    """``cut`` of the string, by positions that count characters beyond U+FFFF as two. Half of one raises 40510."""
    return cut(value.sql) if _is_plain(value) else in_units(value.sql, cut)


def _units(value: Typed, construct: str) -> Typed:
    """A string whose characters are all of one unit. Raises 40510."""
    if _is_plain(value):
        return value
    refused = raise_sql(40510, quote_text(f"{construct} of a string with supplementary characters"))
    return replace(value, sql=bound(value.sql, lambda v: f"CASE WHEN {astral_sql(v)} THEN {refused} ELSE {v} END"))


def _left(compiler: Compiler, args: list[Typed]) -> Typed:
    return _edge("left", compiler, args)


def _right(compiler: Compiler, args: list[Typed]) -> Typed:
    return _edge("right", compiler, args)


def _edge(side: str, compiler: Compiler, args: list[Typed]) -> Typed:
    value, count = text(args[0], compiler.line), whole(args[1], compiler.line)
    if isinstance(count.constant, int) and count.constant < 0:
        raise sql_error(536, side, line=compiler.line)
    length = count.constant if isinstance(count.constant, int) else value.type.length
    n = count.sql if isinstance(count.constant, int) else bound(
        count.sql, lambda c: f"CASE WHEN {c} < 0 THEN {raise_sql(536, quote_text(side))} ELSE {c} END")  # fmt: skip
    sql = _cut_units(value, lambda v: f"{side}({v}, {n})")
    return Typed(sql, string_type(value, int(length)), True, value.binary)


def substring(compiler: Compiler, args: list[Typed]) -> Typed:
    """Positions before 1 count towards the length, as in SQL Server: SUBSTRING('abc', 0, 2) is 'a'. A value that is a
    column with references gives the bytes of its piece alone."""
    value = args[0]
    start, count = whole(args[1], compiler.line), whole(args[2], compiler.line)
    if isinstance(count.constant, int) and count.constant < 0:
        raise sql_error(537, line=compiler.line)
    counted = count.sql if isinstance(count.constant, int) else bound(
        count.sql, lambda c: f"CASE WHEN {c} < 0 THEN {raise_sql(537)} ELSE {c} END")  # fmt: skip
    first = f"greatest({start.sql}, 1)"
    n = f"greatest(CAST({start.sql} AS BIGINT) + {counted} - {first}, 0)"
    if value.type.is_binary:
        inline = f"CASE WHEN {is_reference_sql(value.sql)} THEN NULL ELSE {value.sql} END"
        whole_value = inline if value.by_reference else value.sql
        hexed = f"substring(hex({whole_value}), 2 * CAST({first} AS BIGINT) - 1, 2 * CAST({n} AS BIGINT))"
        length = count.constant if isinstance(count.constant, int) else value.type.length
        sql = f"unhex({hexed})"
        if value.by_reference:
            piece = f"{SLICE}({value.sql}, CAST({first} AS BIGINT), CAST({n} AS BIGINT))"
            sql = f"CASE WHEN {is_reference_sql(value.sql)} THEN {piece} ELSE {sql} END"
        return Typed(sql, varbinary(length if length <= 8000 else MAX), True)
    if not value.type.is_string:
        raise sql_error(8116, shown_name(value.type), 1, "substring", line=compiler.line)
    length = count.constant if isinstance(count.constant, int) else value.type.length
    sql = _cut_units(value, lambda v: f"substring({v}, {first}, {n})")
    return Typed(sql, string_type(value, int(length)), True, value.binary)


def _upper(compiler: Compiler, args: list[Typed]) -> Typed:
    """ß has no capital letter in SQL Server's collations."""
    value = text(args[0], compiler.line)
    sql = bound(value.sql, lambda v: f"CASE WHEN contains({v}, 'ß') THEN "
                f"replace(upper(replace({v}, 'ß', chr(1))), chr(1), 'ß') ELSE upper({v}) END")  # fmt: skip
    return Typed(sql, string_type(value, value.type.length), value.nullable, value.binary)


def _lower(compiler: Compiler, args: list[Typed]) -> Typed:
    value = text(args[0], compiler.line)
    return Typed(f"lower({value.sql})", string_type(value, value.type.length), value.nullable, value.binary)


def _reverse(compiler: Compiler, args: list[Typed]) -> Typed:
    value = _units(text(args[0], compiler.line), "REVERSE")
    return Typed(f"reverse({value.sql})", string_type(value, value.type.length), value.nullable, value.binary)


def _trimming(function: str) -> Function:
    """LTRIM and RTRIM; from level 160 on with the characters that are taken off."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        if len(args) == 2 and compiler.level < 160:
            raise sql_error(174, function, 1, line=compiler.line)
        return trimmed(function, args[0], args[1] if len(args) == 2 else None, compiler.line)

    return Function(1, 2, compile)


def trimmed(function: str, of: Typed, characters: Typed | None, line: int) -> Typed:
    """TRIM, LTRIM or RTRIM of blanks or of any of ``characters``, by the collation."""
    value = text(of, line)
    result = string_type(value, value.type.length)
    if characters is None:
        return Typed(f"{function}({value.sql}, ' ')", result, value.nullable, value.binary)
    taken = text(characters, line)
    if taken.type.length == MAX:
        raise sql_error(8116, str(taken.type), 1, function, line=line)
    both = taken.sql if value.binary else f"lower({taken.sql}) || upper({taken.sql})"
    known = f"{taken.sql} IS NOT NULL AND {value.sql} IS NOT NULL"
    return Typed(f"CASE WHEN {known} THEN {function}({value.sql}, {both}) END", result, True, value.binary)


def _trim(compiler: Compiler, args: list[Typed]) -> Typed:
    if not args[0].type.is_string and args[0].type.name != "null":
        raise sql_error(8116, shown_name(args[0].type), 1, "Trim", line=compiler.line)
    return trimmed("trim", args[0], None, compiler.line)


def _replace(compiler: Compiler, args: list[Typed]) -> Typed:
    """The search follows the collation: case does not count."""
    value, old, new = (text(arg, compiler.line) for arg in args)
    unicode = any(arg.type.is_unicode for arg in (value, old, new))
    result = SqlType("nvarchar" if unicode else "varchar", length=MAX if MAX in (value.type.length, new.type.length)
                     else (4000 if unicode else 8000))  # fmt: skip
    if value.binary or old.binary:
        return Typed(_cut(f"replace({value.sql}, {old.sql}, {new.sql})", result), result, True, True)
    escaped = f"regexp_escape({old.sql})"
    replacement = f"replace({new.sql}, '\\', '\\\\')"
    replaced = f"regexp_replace({value.sql}, {escaped}, {replacement}, 'gi')"
    sql = f"CASE WHEN {old.sql} = '' THEN {value.sql} ELSE {replaced} END"
    return Typed(_cut(sql, result), result)


def _cut(sql: str, type_: SqlType) -> str:
    """Beyond 8000 bytes a string is cut where no argument is of a (max) type."""
    if type_.length == MAX or not type_.is_unicode:
        return sql if type_.length == MAX else f"left({sql}, {type_.length})"
    short, cut = f"strlen({{0}}) <= {type_.length}", f"left({{0}}, {type_.length})"
    return bound(sql, lambda v: f"CASE WHEN {short.format(v)} THEN {v} ELSE {in_units(v, cut.format)} END")


def _marked(value: Typed) -> Typed:
    """A string in which characters beyond U+FFFF take two places, to look for positions in."""
    return value if _is_plain(value) else replace(value, sql=marked_units(value.sql), constant=None)


def _charindex(compiler: Compiler, args: list[Typed]) -> Typed:
    if not args[0].type.is_string and args[0].type.name != "null":
        raise sql_error(8116, shown_name(args[0].type), 1, "charindex", line=compiler.line)
    needle, hay = (_marked(text(arg, compiler.line)) for arg in args[:2])
    folded = (needle.sql, hay.sql) if needle.binary or hay.binary else (f"lower({needle.sql})", f"lower({hay.sql})")
    result = BIGINT if hay.type.length == MAX else INT
    if len(args) == 2:
        sql = f"CASE WHEN {needle.sql} = '' THEN 0 ELSE strpos({folded[1]}, {folded[0]}) END"
    else:
        start = f"greatest({whole(args[2], compiler.line).sql}, 1)"
        found = f"strpos(substring({folded[1]}, {start}), {folded[0]})"
        sql = f"CASE WHEN {needle.sql} = '' OR {found} = 0 THEN 0 ELSE {found} + {start} - 1 END"
    nullable = needle.nullable or hay.nullable
    known = f"{needle.sql} IS NOT NULL AND {hay.sql} IS NOT NULL"
    return Typed(f"CASE WHEN {known} THEN CAST({sql} AS {result.duckdb}) END", result, nullable)


def _patindex(compiler: Compiler, args: list[Typed]) -> Typed:
    from pymlsql.embedded.tsql.patterns import like_regex

    pattern, value = text(args[0], compiler.line), text(args[1], compiler.line)
    if not isinstance(pattern.constant, str):
        raise unsupported("PATINDEX with a pattern that is not a constant", line=compiler.line)
    raw = pattern.constant
    if "_" in raw or "[" in raw:  # they stand for one unit
        value = _units(value, "PATINDEX with _ or []")
    lead, trail = raw.startswith("%"), raw.endswith("%")
    core = like_regex(raw.removeprefix("%").removesuffix("%") if trail else raw.removeprefix("%"))
    regex = ("" if lead else "^") + core + ("" if trail else "$")
    found = f"regexp_extract({value.sql}, {quote_text('(?is)^(.*?)(' + core + ')' + ('' if trail else '$'))}, 1)"
    matches = f"regexp_matches({value.sql}, {quote_text('(?is)' + regex)})"
    sql = f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN NOT {matches} THEN 0 ELSE {length_sql(found)} + 1 END"
    return Typed(f"CAST({sql} AS INTEGER)", INT, value.nullable)


def _concat(compiler: Compiler, args: list[Typed]) -> Typed:
    """NULL counts as an empty string; the result is never NULL."""
    values = [text(arg, compiler.line) if arg.type.name != "null" else Typed("''", varchar(1)) for arg in args]
    unicode = any(value.type.is_unicode for value in values)
    lengths = [value.type.length for value in values]
    limit = 4000 if unicode else 8000
    length = MAX if MAX in lengths else min(limit, sum(lengths))
    joined = " || ".join(f"coalesce({value.sql}, '')" for value in values)
    result = nvarchar(length) if unicode else varchar(length)
    return Typed(_cut(f"({joined})", result) if sum(lengths) > length else f"({joined})", result, False)


def _concat_ws(compiler: Compiler, args: list[Typed]) -> Typed:
    """NULLs are left out, with their separators; a separator that is NULL is empty."""
    separator = text(args[0], compiler.line) if args[0].type.name != "null" else Typed("''", varchar(1))
    values = [text(arg, compiler.line) for arg in args[1:] if arg.type.name != "null"] or [Typed("''", varchar(1))]
    unicode = any(value.type.is_unicode for value in [separator, *values])
    length = MAX if MAX in [value.type.length for value in values] else 4000 if unicode else 8000
    result = nvarchar(length) if unicode else varchar(length)
    joined = f"concat_ws(coalesce({separator.sql}, ''), {', '.join(value.sql for value in values)})"
    return Typed(_cut(joined, result), result, False)


def _stuff(compiler: Compiler, args: list[Typed]) -> Typed:
    value, new = (text(arg, compiler.line) for arg in (args[0], args[3]))
    start, count = whole(args[1], compiler.line), whole(args[2], compiler.line)
    n_units = f"length({value.sql})" if _is_plain(value) else length_sql(value.sql)
    outside = f"{start.sql} < 1 OR {count.sql} < 0 OR {start.sql} > {n_units}"
    before = _cut_units(value, lambda v: f"left({v}, {start.sql} - 1)")
    after = _cut_units(value, lambda v: f"substring({v}, CAST({start.sql} AS BIGINT) + {count.sql})")
    joined = f"{before} || coalesce({new.sql}, '') || {after}"
    length = MAX if value.type.length == MAX else value.type.length + max(new.type.length, 0)
    result = string_type(new if new.type.is_unicode else value, length)
    return Typed(f"CASE WHEN {outside} THEN NULL ELSE {_cut(joined, result)} END", result)


def _replicate(compiler: Compiler, args: list[Typed]) -> Typed:
    value, count = text(args[0], compiler.line), whole(args[1], compiler.line)
    result = string_type(value, MAX if value.type.length == MAX else 4000 if value.type.is_unicode else 8000)
    return Typed(_cut(f"CASE WHEN {count.sql} < 0 THEN NULL ELSE repeat({value.sql}, {count.sql}) END", result), result)


def _space(compiler: Compiler, args: list[Typed]) -> Typed:
    count = whole(args[0], compiler.line)
    return Typed(f"CASE WHEN {count.sql} < 0 THEN NULL ELSE repeat(' ', least({count.sql}, 8000)) END", varchar(8000))


def _char(compiler: Compiler, args: list[Typed]) -> Typed:
    """A character of code page 1252; NULL outside of 0 to 255."""
    code = whole(args[0], compiler.line)
    others = " ".join(f"WHEN {byte} THEN {quote_text(CHARACTERS[byte])}" for byte in range(128, 160))
    sql = bound(code.sql, lambda c: f"CASE WHEN {c} BETWEEN 128 AND 159 THEN CASE {c} {others} END "
                                    f"WHEN {c} BETWEEN 0 AND 255 THEN chr({c}) END")  # fmt: skip
    return Typed(sql, SqlType("char", length=1))


def _nchar(compiler: Compiler, args: list[Typed]) -> Typed:
    """A character of UTF-16; NULL outside of 0 to 65535."""
    code = whole(args[0], compiler.line)
    half = raise_sql(40510, quote_text("NCHAR of half a surrogate pair"))
    sql = bound(code.sql, lambda c: f"CASE WHEN {c} BETWEEN 55296 AND 57343 THEN {half} "
                                    f"WHEN {c} BETWEEN 0 AND 65535 THEN chr({c}) END")  # fmt: skip
    return Typed(sql, SqlType("nchar", length=1))


def _ascii(compiler: Compiler, args: list[Typed]) -> Typed:
    """The byte of the first character in code page 1252."""
    value = convert(text(args[0], compiler.line), varchar(1), implicit=True, line=compiler.line)
    sql = bound(value.sql, lambda v: f"CASE WHEN {v} = '' THEN NULL WHEN strlen({v}) = 1 THEN unicode({v}) ELSE "
                f"CAST('0x' || hex({BYTES_OF_TEXT}({v}, false)) AS INTEGER) END")  # fmt: skip
    return Typed(sql, INT)


def _unicode(compiler: Compiler, args: list[Typed]) -> Typed:
    """The first unit of UTF-16: of a character beyond U+FFFF the high surrogate."""
    value = text(args[0], compiler.line)
    code = f"CASE WHEN {value.sql} <> '' THEN unicode({value.sql}) END"
    return Typed(bound(code, lambda c: f"CASE WHEN {c} > 65535 THEN 55296 + ({c} - 65536) // 1024 ELSE {c} END"), INT)


def _translate(compiler: Compiler, args: list[Typed]) -> Typed:
    """Characters are replaced one by one; 9828 when the two lists differ in length."""
    value, old, new = (text(arg, compiler.line) for arg in args)
    if not isinstance(old.constant, str) or not isinstance(new.constant, str):
        raise unsupported("TRANSLATE with lists that are not constants", line=compiler.line)
    if len(old.constant) != len(new.constant):
        raise sql_error(9828, line=compiler.line)
    before, after = "", ""
    for char, replacement in zip(old.constant, new.constant, strict=True):
        for cased in dict.fromkeys((char, char.lower(), char.upper())) if not value.binary else (char,):
            if cased not in before:
                before, after = before + cased, after + replacement
    result = string_type(value, value.type.length)
    sql = f"translate({value.sql}, {quote_text(before)}, {quote_text(after)})"
    return Typed(sql, result, value.nullable, value.binary)


def _parsename(compiler: Compiler, args: list[Typed]) -> Typed:
    """A part of a name, counted from its end; NULL for what is no name or has no such part."""
    value, number = text(args[0], compiler.line), whole(args[1], compiler.line).constant
    if not isinstance(number, int):
        raise unsupported("PARSENAME with a number that is not a constant", line=compiler.line)
    if not 1 <= number <= 4:
        return Typed("CAST(NULL AS VARCHAR)", SYSNAME)
    if isinstance(value.constant, str) and any(mark in value.constant for mark in '[]"'):
        raise unsupported("PARSENAME of a quoted name", line=compiler.line)

    def body(v: str) -> str:
        quoted = raise_sql(40510, quote_text("PARSENAME of a quoted name"))
        parts = f"string_split({v}, '.')"
        return f"CASE WHEN regexp_matches({v}, '[\\[\\]\"]') THEN {quoted} WHEN len({parts}) > 4 THEN NULL " \
               f"ELSE nullif({parts}[-{number}], '') END"  # fmt: skip

    return Typed(bound(value.sql, body), SYSNAME)


def _ranked(place: str, type_: SqlType, binary: bool, sql: str) -> str:
    """A string with what it compares by in front; NULL for NULL."""
    value = Typed(sql, type_, binary=binary)
    key = fold(value) if binary else sort_sql(value, type_.is_unicode)
    return f"CASE WHEN {sql} IS NOT NULL THEN {{'k': {key}, 'n': {place}, 'v': {sql}}} END"


def _extreme(function: str) -> Function:
    """GREATEST and LEAST, of level 160: NULLs are left out."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        target = unify(arg.type for arg in args)
        if not (target.is_string or target.is_number or target.is_time):
            raise unsupported(f"{function.upper()} of {target}", line=compiler.line)
        given = [as_type(arg, target, compiler.line) for arg in args]
        nullable, binary = all(arg.nullable for arg in args), any(arg.binary for arg in args)
        if not target.is_string:
            return Typed(f"{function}({', '.join(arg.sql for arg in given)})", target, nullable)
        # Of strings that are equal but for case or trailing blanks the first stays.
        sign = "-" if function == "greatest" else ""
        rows = [bound(arg.sql, partial(_ranked, f"{sign}{number}", target, binary)) for number, arg in enumerate(given)]
        return Typed(f"({function}({', '.join(rows)})).v", target, nullable, binary)

    return Function(1, 254, compile, level=160)


STRINGS = {
    "LEFT": Function(2, 2, _left),
    "RIGHT": Function(2, 2, _right),
    "UPPER": Function(1, 1, _upper),
    "LOWER": Function(1, 1, _lower),
    "LTRIM": _trimming("ltrim"),
    "RTRIM": _trimming("rtrim"),
    "TRIM": Function(1, 1, _trim),
    "REVERSE": Function(1, 1, _reverse),
    "REPLACE": Function(3, 3, _replace),
    "CHARINDEX": Function(2, 3, _charindex),
    "PATINDEX": Function(2, 2, _patindex),
    "CONCAT": Function(2, 254, _concat),
    "CONCAT_WS": Function(3, 254, _concat_ws),
    "STUFF": Function(4, 4, _stuff),
    "REPLICATE": Function(2, 2, _replicate),
    "SPACE": Function(1, 1, _space),
    "CHAR": Function(1, 1, _char),
    "NCHAR": Function(1, 1, _nchar),
    "ASCII": Function(1, 1, _ascii),
    "UNICODE": Function(1, 1, _unicode),
    "TRANSLATE": Function(3, 3, _translate),
    "PARSENAME": Function(2, 2, _parsename),
    "GREATEST": _extreme("greatest"),
    "LEAST": _extreme("least"),
}
