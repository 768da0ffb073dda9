"""BULK INSERT, and OPENROWSET(BULK ...) in FROM. Source: the pages of these names of sql-docs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.slices import Name, Statement
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import MAX, SqlType, nvarchar, varbinary, varchar

if TYPE_CHECKING:
    from sqlglot import exp

    from pymlsql.embedded.tsql.compiler import Compiler
    from pymlsql.embedded.tsql.parser import Parser

_FLAGS = ("CHECK_CONSTRAINTS", "FIRE_TRIGGERS", "KEEPIDENTITY", "KEEPNULLS", "TABLOCK")
_NUMBERS = ("BATCHSIZE", "FIRSTROW", "KILOBYTES_PER_BATCH", "LASTROW", "MAXERRORS", "ROWS_PER_BATCH")
_TEXTS = ("CODEPAGE", "DATAFILETYPE", "FIELDTERMINATOR", "ROWTERMINATOR", "FORMAT", "FIELDQUOTE")
_REFUSED = ("DATASOURCE", "DATA_SOURCE", "ERRORFILE", "ERRORFILE_DATA_SOURCE", "ERRORFILE_DATASOURCE", "FORMATFILE",
            "FORMATFILE_DATASOURCE", "FORMATFILE_DATA_SOURCE", "ORDER")  # fmt: skip
SINGLES: dict[str, SqlType] = {
    "SINGLE_BLOB": varbinary(MAX), "SINGLE_CLOB": varchar(MAX), "SINGLE_NCLOB": nvarchar(MAX),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BulkInsert(Statement):
    """BULK INSERT target FROM 'path' WITH (options); an option without a value has ""."""

    target: Name
    path: str
    options: tuple[tuple[str, str], ...] = ()


def parse_bulk_insert(parser: Parser) -> BulkInsert:
    """BULK INSERT. Raises 102 and 156; refuses format files, error files and data sources."""
    line = parser.next().line
    parser.expect_word("INSERT")
    target = parser.name()
    parser.expect_word("FROM")
    path = _string(parser)
    options: list[tuple[str, str]] = []
    if parser.take_word("WITH"):
        parser.expect_op("(")
        while True:
            options.append(_option(parser))
            parser.take_op(",")
            if parser.take_op(")"):
                break
    return BulkInsert(line, target, path, tuple(options))


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


def compile_bulk_rowset(compiler: Compiler, nodes: list[exp.Expr]) -> tuple[str, list[Typed]]:
    """OPENROWSET(BULK 'path', SINGLE_...): one row with the file's contents as BulkColumn, read when the query runs.

    The dialect has written BULK and the option into strings.
    """
    texts = [str(node.this) for node in nodes]
    options = [text.upper() for text in texts[1:]]
    singles = [option for option in options if option in SINGLES]
    if len(singles) > 1:
        raise sql_error(471, line=compiler.line)
    if not options:
        raise sql_error(472, line=compiler.line)
    if len(options) > 1 or not singles:
        raise unsupported(f"OPENROWSET with {next(o for o in options if o not in SINGLES)}", line=compiler.line)
    value = compiler.runtime_value(SINGLES[singles[0]], "BULK", singles[0], texts[0])
    return f"SELECT {value.sql} AS c0", [Typed("c0", value.type, name="BulkColumn")]
