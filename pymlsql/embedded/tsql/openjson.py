"""OPENJSON to DuckDB SQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.dialect import read_type
from pymlsql.embedded.tsql.functions.json import OPEN, OPEN_WITH, document, path_sql
from pymlsql.embedded.tsql.jsontext import parse_path
from pymlsql.embedded.tsql.jsonwriting import encode_string
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed, quote_text, raise_sql
from pymlsql.embedded.tsql.types import MAX, TINYINT, SqlType, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_DEFAULT = (("k", "key", nvarchar(4000), False), ("v", "value", nvarchar(MAX), True), ("t", "type", TINYINT, False))


def compile_open_json(compiler: Compiler, node: exp.Expr) -> tuple[str, list[Typed]]:
    """The rows of OPENJSON, with WITH or without. Raises 8116, 13607, 13614, 13618."""
    value = compiler.value(node.this)
    text = document(compiler, value, "OPENJSON")
    path = path_sql(compiler, compiler.value(node.args["path"]), "OPENJSON") if node.args.get("path") else "'$'"
    if not node.expressions:
        names = ", ".join(f"CAST(r.{part} AS {type_.duckdb}) AS c{i}" for i, (part, _, type_, _) in enumerate(_DEFAULT))
        columns = [
            Typed(f"c{i}", type_, nullable, binary=name == "key", name=name)
            for i, (_, name, type_, nullable) in enumerate(_DEFAULT)
        ]
        return f"SELECT {names} FROM (SELECT unnest({OPEN}({text}, {path})) AS r)", columns
    columns, parts, wanted = [], [], []
    for index, column in enumerate(node.expressions):
        type_ = _column_type(compiler, column)
        as_json = bool(column.args.get("as_json"))
        wanted.append((_column_path(column), as_json))
        cell = Typed(f"r[{index + 1}]", nvarchar(MAX))
        parts.append(f"{_converted(compiler, cell, type_)} AS c{index}")
        columns.append(Typed(f"c{index}", type_, name=column.name, json=as_json))
    spec = quote_text(json.dumps(wanted))
    return f"SELECT {', '.join(parts)} FROM (SELECT unnest({OPEN_WITH}({text}, {path}, {spec})) AS r)", columns


def _column_path(column: exp.Expr) -> str:
    """The path as written, or the column's name as a property."""
    written = column.args.get("path")
    path = str(written.this) if written is not None else f"$.{encode_string(column.name).replace(chr(92) + '/', '/')}"
    parse_path(path)
    return path


def _column_type(compiler: Compiler, column: exp.Expr) -> SqlType:
    kind = column.args["kind"]
    type_ = read_type(kind, line=compiler.line, default_length=1)
    if type_.name in ("text", "ntext", "image", "sql_variant"):
        raise sql_error(13614, line=compiler.line)
    if column.args.get("as_json") and type_ != nvarchar(MAX):
        raise sql_error(13618, line=compiler.line)
    collation = kind.args.get("collate")
    if collation is not None:
        if not type_.is_string:
            raise sql_error(447, type_.name, line=compiler.line)
        raise unsupported("COLLATE in OPENJSON", line=compiler.line)
    return type_


def _converted(compiler: Compiler, cell: Typed, type_: SqlType) -> str:
    """A value's text as the column's type: binaries are Base64, strings are cut."""
    if not type_.is_binary:
        return convert(cell, type_, line=compiler.line).sql
    sql = cell.sql
    plain = f"regexp_full_match({sql}, '[A-Za-z0-9+/]*={{0,2}}') AND length({sql}) % 4 = 0"
    data = f"CASE WHEN {sql} IS NULL THEN NULL WHEN {plain} THEN from_base64({sql}) ELSE {raise_sql(13612)} END"
    if type_.length == MAX:
        return data
    fits = f"CASE WHEN octet_length({data}) > {type_.length} THEN {raise_sql(13613)} ELSE {data} END"
    return convert(Typed(fits, SqlType("varbinary", length=MAX)), type_, line=compiler.line).sql
