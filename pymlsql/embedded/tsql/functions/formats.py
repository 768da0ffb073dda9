"""Functions that write values as text in a given form, or ask whether text has one.

Source: the pages of these functions in sql-docs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.rows import Function, shown_name, text, whole
from pymlsql.embedded.tsql.locales import LOCALE
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.scalars.digits import STR
from pymlsql.embedded.tsql.scalars.escapes import ESCAPE
from pymlsql.embedded.tsql.scalars.numberpictures import FORMAT_NUMBER
from pymlsql.embedded.tsql.scalars.packing import COMPRESS, DECOMPRESS
from pymlsql.embedded.tsql.scalars.phonetics import DIFFERENCE, SOUNDEX
from pymlsql.embedded.tsql.scalars.substitution import MESSAGE
from pymlsql.embedded.tsql.scalars.timepictures import CULTURES, FORMAT_TIME
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text
from pymlsql.embedded.tsql.types import DATETIME, FLOAT, INT, MAX, nvarchar, varbinary, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_QUOTES = {"'": "''", '"': '""', "[": "[]", "]": "[]", "(": "()", ")": "()", "<": "<>", ">": "<>", "{": "{}",
           "}": "{}", "`": "``"}  # fmt: skip


def _quotename(compiler: Compiler, args: list[Typed]) -> Typed:
    """NULL for a name of more than 128 characters and for a quote that is none."""
    value = args[0]
    if not value.type.is_unicode:
        value = convert(value, nvarchar(MAX), implicit=True, line=compiler.line)
    quote = args[1].constant if len(args) > 1 else "["
    if not isinstance(quote, str):
        raise unsupported("QUOTENAME with a quote that is not a constant", line=compiler.line)
    if quote not in _QUOTES:
        return Typed("CAST(NULL AS VARCHAR)", nvarchar(258))
    opening, closing = _QUOTES[quote][0], _QUOTES[quote][1]

    def body(v: str) -> str:
        doubled = f"replace({v}, {quote_text(closing)}, {quote_text(closing * 2)})"
        return f"CASE WHEN length({v}) <= 128 THEN {quote_text(opening)} || {doubled} || {quote_text(closing)} END"

    return Typed(bound(value.sql, body), nvarchar(258))


def _isnumeric(compiler: Compiler, args: list[Typed]) -> Typed:
    """1 for what converts to int, decimal, money or float: signs, currency marks and points alone included."""
    value = args[0]
    if value.type.is_number:
        return Typed(f"CASE WHEN {value.sql} IS NULL THEN 0 ELSE 1 END", INT, False)
    if value.type.is_time:
        raise sql_error(8116, value.type.name, 1, "isnumeric", line=compiler.line)
    if not value.type.is_string:
        raise unsupported(f"ISNUMERIC of {value.type}", line=compiler.line)
    sign, currency = "[+-]?", "[$¢£¤¥€]?"
    amount = rf"({sign}\s*{currency}|{currency}\s*{sign})\s*(\d[\d,]*\.?\d*|[,.]\d*|)"
    number = rf"{sign}(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?"
    # An exponent makes a float only; what is empty is no number.
    shape = rf"\s*({amount}|{number})\s*"
    found = f"regexp_full_match({value.sql}, {quote_text(shape)}) AND trim({value.sql}) <> ''"
    return Typed(f"CASE WHEN {found} THEN 1 ELSE 0 END", INT, False)


def _str(compiler: Compiler, args: list[Typed]) -> Typed:
    """STR(float [, length [, decimals]]): right-justified; stars where the whole part does not fit."""
    value = convert(args[0], FLOAT, implicit=True, line=compiler.line)
    sizes = [whole(arg, compiler.line) for arg in args[1:]]
    length = sizes[0] if sizes else Typed("10", INT, False, constant=10)
    decimals = f"coalesce({sizes[1].sql}, 0)" if len(sizes) > 1 else "0"
    room = length.constant if isinstance(length.constant, int) else 8000
    return Typed(f"{STR}({value.sql}, {length.sql}, {decimals})", varchar(max(1, min(room, 8000))))


def _isdate(compiler: Compiler, args: list[Typed]) -> Typed:
    """1 for what converts to datetime; datetime2, date and time are not asked about."""
    value = args[0]
    if value.type.name in ("datetime", "smalldatetime"):
        return Typed(f"CASE WHEN {value.sql} IS NULL THEN 0 ELSE 1 END", INT, False)
    if value.type.name == "null":
        return Typed("0", INT, False)
    if not value.type.is_string:
        raise unsupported(f"ISDATE of {value.type}", line=compiler.line)
    if value.type.length == MAX:
        raise sql_error(8116, value.type.name, 1, "isdate", line=compiler.line)
    known = f"nullif(trim({value.sql}), '')"
    tried = convert(Typed(value.sql, value.type, constant=value.constant), DATETIME, try_=True, line=compiler.line)
    return Typed(f"CASE WHEN {known} IS NULL OR {tried.sql} IS NULL THEN 0 ELSE 1 END", INT, False)


def _culture(compiler: Compiler, args: list[Typed]) -> str:
    """The culture of FORMAT: given, or that of the session's language. Raises 40510."""
    if len(args) < 3:
        return "en-gb" if LOCALE.get().language == "British" else "en-us"
    name = args[2].constant
    if not isinstance(name, str) or name.lower() not in CULTURES:
        raise unsupported(f"FORMAT with culture {name if isinstance(name, str) else 'that is no constant'}",
                          line=compiler.line)  # fmt: skip
    return CULTURES[name.lower()]


def _format(compiler: Compiler, args: list[Typed]) -> Typed:
    """NULL for a picture that is none. Raises 8116, 40510."""
    value, picture = args[0], text(args[1], compiler.line)
    culture, kind = _culture(compiler, args), value.type
    spec = quote_text(f"{culture}|{kind.name}")
    if kind.is_time and kind.name != "datetimeoffset":
        stamp = f"(DATE '1900-01-01' + {value.sql})" if kind.name == "time" else f"CAST({value.sql} AS TIMESTAMP)"
        return Typed(f"{FORMAT_TIME}({stamp}, {picture.sql}, {spec})", nvarchar(4000))
    if kind.name == "datetimeoffset":
        raise unsupported("FORMAT of datetimeoffset", line=compiler.line)
    if not kind.is_number or kind.name == "bit":
        raise sql_error(8116, shown_name(kind), 1, "format", line=compiler.line)
    number = f"CAST({value.sql} AS {'DECIMAL(19,4)' if 'money' in kind.name else kind.duckdb})"
    return Typed(f"{FORMAT_NUMBER}(CAST({number} AS VARCHAR), {picture.sql}, {spec})", nvarchar(4000))


def _formatmessage(compiler: Compiler, args: list[Typed]) -> Typed:
    """The text with its placeholders filled. Raises 2748, 2786, 2787."""
    message = args[0]
    if not message.type.is_string:
        raise unsupported("FORMATMESSAGE with a message number", line=compiler.line)
    parts = []
    for number, arg in enumerate(args[1:], 1):
        if arg.type.name == "null":
            parts.append("NULL")
        elif arg.type.is_integer and arg.type.name != "bit":
            parts.append(f"'n' || CAST({arg.sql} AS VARCHAR)")
        elif arg.type.is_string:
            parts.append(f"'s' || {arg.sql}")
        else:
            raise sql_error(2748, shown_name(arg.type), number, line=compiler.line)
    return Typed(f"{MESSAGE}({message.sql}, CAST([{', '.join(parts)}] AS VARCHAR[]))", nvarchar(2048))


def _soundex(compiler: Compiler, args: list[Typed]) -> Typed:
    return Typed(f"{SOUNDEX}({text(args[0], compiler.line).sql})", varchar(4))


def _difference(compiler: Compiler, args: list[Typed]) -> Typed:
    one, other = (text(arg, compiler.line) for arg in args)
    return Typed(f"{DIFFERENCE}({one.sql}, {other.sql})", INT)


def _string_escape(compiler: Compiler, args: list[Typed]) -> Typed:
    """Only the rules of JSON are known to SQL Server, too."""
    value, kind = args[0], args[1].constant
    if not value.type.is_string and value.type.name != "null":
        raise sql_error(8116, shown_name(value.type), 1, "string_escape", line=compiler.line)
    if not isinstance(kind, str) or kind.lower() != "json":
        raise unsupported("STRING_ESCAPE with another type than json", line=compiler.line)
    return Typed(f"{ESCAPE}({text(value, compiler.line).sql})", nvarchar(MAX))


def _compress(compiler: Compiler, args: list[Typed]) -> Typed:
    value = args[0]
    if not (value.type.is_string or value.type.is_binary) or value.type.name in ("text", "ntext", "image"):
        raise sql_error(8116, shown_name(value.type), 1, "Compress", line=compiler.line)
    data = value if value.type.is_binary else convert(value, varbinary(MAX), line=compiler.line)
    return Typed(f"{COMPRESS}({data.sql})", varbinary(MAX))


def _decompress(compiler: Compiler, args: list[Typed]) -> Typed:
    value = args[0]
    if not value.type.is_binary:
        raise sql_error(8116, shown_name(value.type), 1, "Decompress", line=compiler.line)
    return Typed(f"{DECOMPRESS}({value.sql})", varbinary(MAX))


FORMATS: dict[str, Function] = {
    "QUOTENAME": Function(1, 2, _quotename),
    "ISNUMERIC": Function(1, 1, _isnumeric),
    "STR": Function(1, 3, _str),
    "ISDATE": Function(1, 1, _isdate),
    "FORMAT": Function(2, 3, _format),
    "FORMATMESSAGE": Function(1, 21, _formatmessage),
    "SOUNDEX": Function(1, 1, _soundex),
    "DIFFERENCE": Function(2, 2, _difference),
    "STRING_ESCAPE": Function(2, 2, _string_escape),
    "COMPRESS": Function(1, 1, _compress),
    "DECOMPRESS": Function(1, 1, _decompress),
}
