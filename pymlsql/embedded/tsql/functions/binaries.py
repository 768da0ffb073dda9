"""LEN, DATALENGTH, HASHBYTES and SUBSTRING: what is asked of large values without a look at all their bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.codepage import length_sql as text_length_sql
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.rows import Function, text
from pymlsql.embedded.tsql.functions.strings import substring
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.passing import passed_column
from pymlsql.embedded.tsql.references import digest_sql, length_sql
from pymlsql.embedded.tsql.scalars.packing import SHA512
from pymlsql.embedded.tsql.typed import Typed, bound
from pymlsql.embedded.tsql.types import BIGINT, INT, MAX, varbinary

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_STORED_BYTES = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "real": 4, "float": 8, "money": 8,
                 "smallmoney": 4, "date": 3, "datetime": 8, "smalldatetime": 4, "uniqueidentifier": 16}  # fmt: skip
_SCALED_BYTES = {"time": 3, "datetime2": 6, "datetimeoffset": 8}
_DIGESTS = {"sha2_256": "sha256", "sha2_512": "sha512", "sha1": "sha1", "sha": "sha1", "md5": "md5"}


def _of(
    of_value: Callable[[Compiler, list[Typed]], Typed], of_column: Callable[[Compiler, list[Typed], Typed], Typed]
) -> Callable[[Compiler, list[exp.Expr]], Typed]:
    """A function whose last argument may be a column that holds references: ``of_column`` need not read them all."""

    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
        others = [compiler.value(node) for node in nodes[:-1]]
        column = passed_column(compiler, nodes[-1])
        if column is not None:
            return of_column(compiler, others, column)
        return of_value(compiler, [*others, compiler.value(nodes[-1])])

    return compile


def _binary_variable(compiler: Compiler, value: Typed) -> str | None:
    """The variable that a binary value is, if it is nothing else: its bytes need not go through DuckDB, which copies
    them five times, and a model has hundreds of millions of them."""
    parameter = value.sql.removeprefix("CAST($").removesuffix(" AS BLOB)")
    return compiler.used.get(parameter) if value.type.is_binary else None


def _len(compiler: Compiler, args: list[Typed]) -> Typed:
    """Characters without trailing blanks; bytes of a binary. bigint for (max) types."""
    value = args[0]
    if value.type.is_binary:
        return _datalength(compiler, args)
    result = BIGINT if value.type.length == MAX and value.type.is_string else INT
    value = text(value, compiler.line)
    trimmed = f"rtrim({value.sql}, ' ')"
    length = bound(trimmed, text_length_sql) if value.type.is_unicode else f"length({trimmed})"
    return Typed(f"CAST({length} AS {result.duckdb})", result, value.nullable)


def _datalength(compiler: Compiler, args: list[Typed]) -> Typed:
    value = args[0]
    result = BIGINT if value.type.length == MAX and (value.type.is_string or value.type.is_binary) else INT
    variable = _binary_variable(compiler, value)
    if variable is not None:
        return compiler.runtime_value(result, "DATALENGTH", "\0" + variable)
    if value.type.is_binary:
        sql = f"octet_length({value.sql})"
    elif value.type.is_string:
        sql = f"2 * ({bound(value.sql, text_length_sql)})" if value.type.is_unicode else f"length({value.sql})"
    elif value.type.name in _SCALED_BYTES or (value.type.name == "decimal" and value.type.precision <= 9):
        digits = (value.type.scale > 2) + (value.type.scale > 4)
        n_bytes = 5 if value.type.name == "decimal" else _SCALED_BYTES[value.type.name] + digits
        sql = f"CASE WHEN {value.sql} IS NOT NULL THEN {n_bytes} END"
    elif value.type.name == "null":
        sql = "NULL"
    elif value.type.name in _STORED_BYTES:
        sql = f"CASE WHEN {value.sql} IS NOT NULL THEN {_STORED_BYTES[value.type.name]} END"
    else:
        raise unsupported(f"DATALENGTH of {value.type}", line=compiler.line)
    return Typed(f"CAST({sql} AS {result.duckdb})", result, value.nullable)


def _length_of_column(compiler: Compiler, others: list[Typed], column: Typed) -> Typed:
    return Typed(f"CAST({length_sql(column.sql)} AS BIGINT)", BIGINT, column.nullable)


def _algorithm(compiler: Compiler, value: Typed) -> str:
    name = value.constant
    if not isinstance(name, str) or name.lower() not in _DIGESTS:
        raise unsupported(f"HASHBYTES with {name!r}", line=compiler.line)
    return _DIGESTS[name.lower()]


def _hashbytes(compiler: Compiler, args: list[Typed]) -> Typed:
    """SHA2_256, SHA2_512, SHA1 and MD5 of the bytes SQL Server stores (UTF-16 for nvarchar)."""
    algorithm, value = _algorithm(compiler, args[0]), args[1]
    if not value.type.is_binary:
        if not value.type.is_string:
            raise sql_error(8116, value.type.name, 2, "hashbytes", line=compiler.line)
        value = convert(value, varbinary(MAX), line=compiler.line)
    variable = _binary_variable(compiler, value)
    if variable is not None:
        return compiler.runtime_value(varbinary(8000), "HASHBYTES", algorithm, "\0" + variable)
    digest = f"{SHA512}({value.sql})" if algorithm == "sha512" else f"unhex({algorithm}({value.sql}))"
    return Typed(digest, varbinary(8000), value.nullable)


def _digest_of_column(compiler: Compiler, others: list[Typed], column: Typed) -> Typed:
    sql = digest_sql(_algorithm(compiler, others[0]), column.sql)
    return Typed(sql, varbinary(8000), column.nullable)


def _substring(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    value = passed_column(compiler, nodes[0]) or compiler.value(nodes[0])
    return substring(compiler, [value, *(compiler.value(node) for node in nodes[1:])])


BINARIES = {
    "SUBSTRING": Function(3, 3, compile_nodes=_substring),
    "LEN": Function(1, 1, compile_nodes=_of(_len, _length_of_column)),
    "DATALENGTH": Function(1, 1, compile_nodes=_of(_datalength, _length_of_column)),
    "HASHBYTES": Function(2, 2, compile_nodes=_of(_hashbytes, _digest_of_column)),
}
