"""String functions (sql-docs, "String functions (Transact-SQL)")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.rows import Function, string_type, text, whole
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import as_type, unify
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import (
    BIGINT,
    DATETIME,
    FLOAT,
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


def _left(compiler: Compiler, args: list[Typed]) -> Typed:
    return _edge("left", compiler, args)


def _right(compiler: Compiler, args: list[Typed]) -> Typed:
    return _edge("right", compiler, args)


def _edge(side: str, compiler: Compiler, args: list[Typed]) -> Typed:
    value, count = text(args[0], compiler.line), whole(args[1], compiler.line)
    if isinstance(count.constant, int) and count.constant < 0:
        raise sql_error(536, side, line=compiler.line)
    length = count.constant if isinstance(count.constant, int) else value.type.length
    return Typed(f"{side}({value.sql}, greatest({count.sql}, 0))", string_type(value, int(length)), True, value.binary)


def _substring(compiler: Compiler, args: list[Typed]) -> Typed:
    """Positions before 1 count towards the length, as in SQL Server: SUBSTRING('abc', 0, 2) is 'a'."""
    value = args[0]
    start, count = whole(args[1], compiler.line), whole(args[2], compiler.line)
    if isinstance(count.constant, int) and count.constant < 0:
        raise sql_error(537, line=compiler.line)
    first = f"greatest({start.sql}, 1)"
    n = f"greatest({start.sql} + {count.sql} - {first}, 0)"
    if value.type.is_binary:
        hexed = f"substring(hex({value.sql}), 2 * CAST({first} AS BIGINT) - 1, 2 * CAST({n} AS BIGINT))"
        length = count.constant if isinstance(count.constant, int) else value.type.length
        return Typed(f"unhex({hexed})", varbinary(length if length <= 8000 else MAX), True)
    value = text(value, compiler.line)
    length = count.constant if isinstance(count.constant, int) else value.type.length
    return Typed(f"substring({value.sql}, {first}, {n})", string_type(value, int(length)), True, value.binary)


def _same(function: str, tail: str = "") -> Function:
    """A function of one string that gives a string of its type."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        value = text(args[0], compiler.line)
        result = string_type(value, value.type.length)
        return Typed(f"{function}({value.sql}{tail})", result, value.nullable, value.binary)

    return Function(1, 1, compile)


def _replace(compiler: Compiler, args: list[Typed]) -> Typed:
    """The search follows the collation: case does not count."""
    value, old, new = (text(arg, compiler.line) for arg in args)
    unicode = any(arg.type.is_unicode for arg in (value, old, new))
    result = SqlType("nvarchar" if unicode else "varchar", length=MAX if MAX in (value.type.length, new.type.length)
                     else (4000 if unicode else 8000))  # fmt: skip
    if value.binary or old.binary:
        return Typed(f"replace({value.sql}, {old.sql}, {new.sql})", result, True, True)
    escaped = f"regexp_escape({old.sql})"
    replacement = f"replace({new.sql}, '\\', '\\\\')"
    replaced = f"regexp_replace({value.sql}, {escaped}, {replacement}, 'gi')"
    sql = f"CASE WHEN {old.sql} = '' THEN {value.sql} ELSE {replaced} END"
    return Typed(sql, result)


def _charindex(compiler: Compiler, args: list[Typed]) -> Typed:
    needle, hay = text(args[0], compiler.line), text(args[1], compiler.line)
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
    lead, trail = raw.startswith("%"), raw.endswith("%")
    core = like_regex(raw.removeprefix("%").removesuffix("%") if trail else raw.removeprefix("%"))
    regex = ("" if lead else "^") + core + ("" if trail else "$")
    found = f"regexp_extract({value.sql}, {quote_text('(?is)^(.*?)(' + core + ')' + ('' if trail else '$'))}, 1)"
    matches = f"regexp_matches({value.sql}, {quote_text('(?is)' + regex)})"
    sql = f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN NOT {matches} THEN 0 ELSE length({found}) + 1 END"
    return Typed(f"CAST({sql} AS INTEGER)", INT, value.nullable)


def _concat(compiler: Compiler, args: list[Typed]) -> Typed:
    """NULL counts as an empty string; the result is never NULL."""
    values = [text(arg, compiler.line) if arg.type.name != "null" else Typed("''", varchar(1)) for arg in args]
    unicode = any(value.type.is_unicode for value in values)
    lengths = [value.type.length for value in values]
    limit = 4000 if unicode else 8000
    length = MAX if MAX in lengths else min(limit, sum(lengths))
    joined = " || ".join(f"coalesce({value.sql}, '')" for value in values)
    return Typed(f"({joined})", nvarchar(length) if unicode else varchar(length), False)


def _concat_ws(compiler: Compiler, args: list[Typed]) -> Typed:
    separator = text(args[0], compiler.line)
    values = [text(arg, compiler.line) for arg in args[1:] if arg.type.name != "null"]
    unicode = any(value.type.is_unicode for value in [separator, *values])
    joined = ", ".join(value.sql for value in values)
    return Typed(f"concat_ws({separator.sql}, {joined})", nvarchar(4000) if unicode else varchar(8000), False)


def _stuff(compiler: Compiler, args: list[Typed]) -> Typed:
    value, new = text(args[0], compiler.line), text(args[3], compiler.line)
    start, count = whole(args[1], compiler.line), whole(args[2], compiler.line)
    outside = f"{start.sql} < 1 OR {count.sql} < 0 OR {start.sql} > length({value.sql})"
    after = f"substring({value.sql}, {start.sql} + {count.sql})"
    joined = f"left({value.sql}, {start.sql} - 1) || coalesce({new.sql}, '') || {after}"
    length = MAX if value.type.length == MAX else value.type.length + max(new.type.length, 0)
    return Typed(f"CASE WHEN {outside} THEN NULL ELSE {joined} END", string_type(value, length))


def _replicate(compiler: Compiler, args: list[Typed]) -> Typed:
    value, count = text(args[0], compiler.line), whole(args[1], compiler.line)
    cut = "" if value.type.length == MAX else (4000 if value.type.is_unicode else 8000)
    sql = f"CASE WHEN {count.sql} < 0 THEN NULL ELSE repeat({value.sql}, {count.sql}) END"
    return Typed(f"left({sql}, {cut})" if cut else sql, string_type(value, MAX if not cut else int(cut)))


def _space(compiler: Compiler, args: list[Typed]) -> Typed:
    count = whole(args[0], compiler.line)
    return Typed(f"CASE WHEN {count.sql} < 0 THEN NULL ELSE repeat(' ', least({count.sql}, 8000)) END", varchar(8000))


def _char(compiler: Compiler, args: list[Typed]) -> Typed:
    code = whole(args[0], compiler.line)
    return Typed(f"CASE WHEN {code.sql} BETWEEN 0 AND 127 THEN chr({code.sql}) WHEN {code.sql} BETWEEN 160 AND 255 "
                 f"THEN chr({code.sql}) END", SqlType("char", length=1))  # fmt: skip


def _nchar(compiler: Compiler, args: list[Typed]) -> Typed:
    code = whole(args[0], compiler.line)
    return Typed(f"CASE WHEN {code.sql} BETWEEN 0 AND 65535 THEN chr({code.sql}) END", SqlType("nchar", length=1))


def _code(compiler: Compiler, args: list[Typed]) -> Typed:
    value = text(args[0], compiler.line)
    return Typed(f"CASE WHEN {value.sql} <> '' THEN unicode({value.sql}) END", INT)


def _quotename(compiler: Compiler, args: list[Typed]) -> Typed:
    value = as_type(args[0], nvarchar(128), compiler.line) if args[0].type.name != "null" else args[0]
    quote = args[1].constant if len(args) > 1 else "["
    pairs = {"[": ("[", "]"), "]": ("[", "]"), "'": ("'", "'"), '"': ('"', '"'), "(": ("(", ")"), "`": ("`", "`")}
    if not isinstance(quote, str) or quote not in pairs:
        raise unsupported("QUOTENAME with this quote", line=compiler.line)
    opening, closing = pairs[quote]
    doubled = f"replace({value.sql}, {quote_text(closing)}, {quote_text(closing * 2)})"
    sql = f"CASE WHEN length({value.sql}) <= 128 THEN {quote_text(opening)} || {doubled} || {quote_text(closing)} END"
    return Typed(sql, nvarchar(258))


def _isnumeric(compiler: Compiler, args: list[Typed]) -> Typed:
    value = args[0]
    if value.type.is_number:
        return Typed(f"CASE WHEN {value.sql} IS NULL THEN 0 ELSE 1 END", INT, False)
    value = text(value, compiler.line)
    shape = r"\s*[+-]?\$?(\d[\d,]*\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"
    return Typed(f"CASE WHEN regexp_full_match({value.sql}, {quote_text(shape)}) THEN 1 ELSE 0 END", INT, False)


def _str(compiler: Compiler, args: list[Typed]) -> Typed:
    """STR(float [, length [, decimals]]): right-justified; stars where the whole part does not fit."""
    value = convert(args[0], FLOAT, line=compiler.line)
    sizes = [whole(arg, compiler.line).constant for arg in args[1:]]
    if not all(isinstance(size, int) for size in sizes):
        raise unsupported("STR with a length that is not a constant", line=compiler.line)
    length = sizes[0] if sizes else 10
    decimals = sizes[1] if len(sizes) > 1 else 0
    assert isinstance(length, int) and isinstance(decimals, int)
    if not 0 < length <= 8000 or not 0 <= decimals <= 16:
        return Typed("CAST(NULL AS VARCHAR)", varchar(max(1, min(length, 8000))))
    places = [f"format('{{:.{n}f}}', round(v, {n}))" for n in range(decimals, -1, -1)]

    def body(v: str) -> str:
        # Digits behind the point give way before stars are printed.
        fitting = " ".join(f"WHEN length({p}) <= {length} THEN lpad({p}, {length}, ' ')" for p in
                           (place.replace("(v,", f"({v},") for place in places))  # fmt: skip
        return f"CASE WHEN {v} IS NULL THEN NULL {fitting} ELSE repeat('*', {length}) END"

    return Typed(bound(value.sql, body), varchar(length), value.nullable)


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


def _isdate(compiler: Compiler, args: list[Typed]) -> Typed:
    """1 for what converts to datetime; datetime2, date and time are not asked about."""
    value = args[0]
    if value.type.name in ("datetime", "smalldatetime"):
        return Typed(f"CASE WHEN {value.sql} IS NULL THEN 0 ELSE 1 END", INT, False)
    if not value.type.is_string:
        raise unsupported(f"ISDATE of {value.type}", line=compiler.line)
    if value.type.length == MAX or value.type.name == "null":
        raise sql_error(8116, value.type.name, 1, "isdate", line=compiler.line)
    known = f"nullif(trim({value.sql}), '')"
    tried = convert(Typed(value.sql, value.type, constant=value.constant), DATETIME, try_=True, line=compiler.line)
    return Typed(f"CASE WHEN {known} IS NULL OR {tried.sql} IS NULL THEN 0 ELSE 1 END", INT, False)


def _extreme(function: str) -> Function:
    """GREATEST and LEAST, of level 160: NULLs are left out."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        target = unify(arg.type for arg in args)
        if target.is_string or not (target.is_number or target.is_time):
            raise unsupported(f"{function.upper()} of {target}", line=compiler.line)
        written = ", ".join(as_type(arg, target, compiler.line).sql for arg in args)
        return Typed(f"{function}({written})", target, all(arg.nullable for arg in args))

    return Function(1, 254, compile, level=160)


STRINGS = {
    "LEFT": Function(2, 2, _left),
    "RIGHT": Function(2, 2, _right),
    "SUBSTRING": Function(3, 3, _substring),
    "UPPER": _same("upper"),
    "LOWER": _same("lower"),
    "LTRIM": _same("ltrim", ", ' '"),
    "RTRIM": _same("rtrim", ", ' '"),
    "TRIM": _same("trim", ", ' '"),
    "REVERSE": _same("reverse"),
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
    "ASCII": Function(1, 1, _code),
    "UNICODE": Function(1, 1, _code),
    "QUOTENAME": Function(1, 2, _quotename),
    "ISNUMERIC": Function(1, 1, _isnumeric),
    "STR": Function(1, 3, _str),
    "TRANSLATE": Function(3, 3, _translate),
    "PARSENAME": Function(2, 2, _parsename),
    "ISDATE": Function(1, 1, _isdate),
    "GREATEST": _extreme("greatest"),
    "LEAST": _extreme("least"),
}
