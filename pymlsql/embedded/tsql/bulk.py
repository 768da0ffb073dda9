"""BULK INSERT, and OPENROWSET(BULK ...) in FROM. Source: the pages of these names of sql-docs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.bulkvalues import bulk_value
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.slices import Name, Statement
from pymlsql.embedded.tsql.typed import Typed, quote_name
from pymlsql.embedded.tsql.types import MAX, SqlType, nvarchar, varbinary, varchar

if TYPE_CHECKING:
    from sqlglot import exp

    from pymlsql.embedded.tsql.compiler import Compiler
    from pymlsql.embedded.tsql.parser import Parser

_FLAGS = ("CHECK_CONSTRAINTS", "FIRE_TRIGGERS", "KEEPIDENTITY", "KEEPNULLS", "TABLOCK")
_NUMBERS = ("BATCHSIZE", "FIRSTROW", "KILOBYTES_PER_BATCH", "LASTROW", "MAXERRORS", "ROWS_PER_BATCH")
_TEXTS = ("CODEPAGE", "DATAFILETYPE", "FIELDTERMINATOR", "ROWTERMINATOR", "FORMAT", "FIELDQUOTE", "FORMATFILE")
_REFUSED = ("DATASOURCE", "DATA_SOURCE", "ERRORFILE", "ERRORFILE_DATA_SOURCE", "ERRORFILE_DATASOURCE",
            "FORMATFILE_DATASOURCE", "FORMATFILE_DATA_SOURCE", "ORDER")  # fmt: skip
_OF_ROWSETS = frozenset({"FIRSTROW", "LASTROW", "MAXERRORS", "ROWS_PER_BATCH", "CODEPAGE", "FORMAT", "FIELDQUOTE",
                         "FORMATFILE"})  # fmt: skip
"""The options of OPENROWSET that are carried out."""
SINGLES: dict[str, SqlType] = {
    "SINGLE_BLOB": varbinary(MAX), "SINGLE_CLOB": varchar(MAX), "SINGLE_NCLOB": nvarchar(MAX),
}  # fmt: skip
MOST_ERRORS = 10
"""How many rows may be bad where MAXERRORS does not say it."""


@dataclass(frozen=True, slots=True)
class BulkInsert(Statement):
    """BULK INSERT target FROM 'path' WITH (options); an option without a value has ""."""

    target: Name
    path: str
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BulkRows:
    """What OPENROWSET(BULK ...) with a format file reads."""

    path: str
    format_path: str
    options: tuple[tuple[str, str], ...]


# BULK INSERT ------------------------------------------------------------------------------------------------------


def parse_bulk_insert(parser: Parser) -> BulkInsert:
    """BULK INSERT. Raises 102, 156 and 4130; refuses error files and data sources."""
    line = parser.next().line
    parser.expect_word("INSERT")
    target = parser.name()
    parser.expect_word("FROM")
    path = _string(parser)
    options: dict[str, str] = {}
    if parser.take_word("WITH"):
        parser.expect_op("(")
        while True:
            name, value = _option(parser)
            if name in options:
                raise sql_error(4130, line=line)
            options[name] = value
            parser.take_op(",")
            if parser.take_op(")"):
                break
    return BulkInsert(line, target, path, tuple(options.items()))


def _string(parser: Parser) -> str:
    if parser.token.kind != "string":
        parser.fail()
    return parser.next().value


def _option(parser: Parser) -> tuple[str, str]:
    token = parser.next()
    if token.is_word(*_REFUSED):
        raise unsupported(f"BULK INSERT with {token.value}", line=token.line)
    if token.is_word(*_FLAGS):
        return token.value, ""
    if token.is_word(*_NUMBERS):
        parser.expect_op("=")
        return token.value, str(parser.integer())
    if token.is_word(*_TEXTS):
        parser.expect_op("=")
        if token.value == "CODEPAGE" and parser.token.kind == "number":
            return token.value, str(parser.integer())
        return token.value, _string(parser)
    parser.fail(token)


# OPENROWSET -------------------------------------------------------------------------------------------------------


def compile_bulk_rowset(compiler: Compiler, nodes: list[exp.Expr]) -> tuple[str, list[Typed]]:
    """OPENROWSET(BULK 'path', ...): one row with the file's contents as BulkColumn, or the rows that a format file
    describes. The data file is read when the query runs, the format file when it is compiled.

    The dialect has written BULK and the options into strings. Raises 102, 471, 472, 4130.
    """
    path, *written = [str(node.this) for node in nodes]
    options = _rowset_options(compiler, written)
    singles = [option for option in options if option in SINGLES]
    if len(singles) > 1:
        raise sql_error(471, line=compiler.line)
    if not singles and "FORMATFILE" not in options:
        other = next((o for o in options if o not in _OF_ROWSETS), "")
        raise _refused(compiler, other) if other else sql_error(472, line=compiler.line)
    if singles:
        if len(options) > 1:
            raise _refused(compiler, f"{singles[0]} and {next(o for o in options if o not in SINGLES)}")
        value = compiler.runtime_value(SINGLES[singles[0]], "BULK", singles[0], path)
        return f"SELECT {value.sql} AS c0", [Typed("c0", value.type, name="BulkColumn")]
    return _formatted_rows(compiler, path, options)


def _refused(compiler: Compiler, option: str) -> SqlError:
    return unsupported(f"OPENROWSET with {option}", line=compiler.line)


def _rowset_options(compiler: Compiler, written: Sequence[str]) -> dict[str, str]:
    """The options by name: texts begin with ' in what the dialect has written, numbers do not."""
    options: dict[str, str] = {}
    for text in written:
        name, sign, value = text.partition("=")
        name = name.upper()
        if name in options:
            raise sql_error(4130, line=compiler.line)
        if name in SINGLES:
            fits = not sign
        elif name == "CODEPAGE":
            fits = bool(sign)
        elif name in _NUMBERS:
            fits = value.isdecimal()
        else:
            fits = value.startswith("'")
        if not fits:
            raise sql_error(102, name, line=compiler.line)
        options[name] = value.removeprefix("'")
    return options


def _formatted_rows(compiler: Compiler, path: str, options: dict[str, str]) -> tuple[str, list[Typed]]:
    other = next((option for option in options if option not in _OF_ROWSETS), "")
    if other:
        raise _refused(compiler, other)
    kept = tuple((name, value) for name, value in options.items() if name != "FORMATFILE")
    duck, format_file = compiler.names.bulk_rows(BulkRows(path, options["FORMATFILE"], kept))
    alias = compiler.alias()
    columns, parts = [], []
    for index, column in enumerate(format_file.columns):
        if column.type.name in ("char", "nchar", "binary"):
            raise unsupported(f"OPENROWSET of a column of {column.type.name} in an XML format file", line=compiler.line)
        parts.append(f"{bulk_value(f'{alias}.f{column.field}', column.type)} AS c{index}")
        columns.append(Typed(f"c{index}", column.type, column.nullable, name=column.name))
    return f"SELECT {', '.join(parts)} FROM {quote_name(duck)} AS {alias}", columns
