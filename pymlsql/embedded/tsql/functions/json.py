"""JSON functions: ISJSON, JSON_VALUE, JSON_QUERY, JSON_MODIFY, JSON_PATH_EXISTS, JSON_OBJECT and JSON_ARRAY.

The texts are read in Python (``jsontext``), by functions that the engine registers under the names below.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.functions.rows import Function
from pymlsql.embedded.tsql.jsontext import parse_path
from pymlsql.embedded.tsql.jsonwriting import encode_string
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.timestyles import time_text
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import INT, MAX, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

VALUE, QUERY, MODIFY, EXISTS = "pymlsql_json_value", "pymlsql_json_query", "pymlsql_json_modify", "pymlsql_json_exists"
IS_JSON, OPEN, OPEN_WITH = "pymlsql_is_json", "pymlsql_open_json", "pymlsql_open_json_with"
ENCODE, CHUNKS, MERGE = "pymlsql_json_string", "pymlsql_json_chunks", "pymlsql_json_merge"

_ARGUMENT_KINDS = ("VALUE", "ARRAY", "OBJECT", "SCALAR")


def document(compiler: Compiler, value: Typed, name: str) -> str:
    """A JSON text as an argument. Raises 8116 for what is no string."""
    if value.type.name == "null":
        return "CAST(NULL AS VARCHAR)"
    if value.type.name not in ("char", "varchar", "nchar", "nvarchar"):
        raise sql_error(8116, value.type.name, 1, name.lower(), line=compiler.line)
    return value.sql


def path_sql(compiler: Compiler, value: Typed, name: str, *, append: bool = False) -> str:
    """A path as an argument; one that is known now is checked now. Raises 8116, 13607."""
    if value.type.name == "null":
        raise sql_error(8116, "NULL", 2, name.lower(), line=compiler.line)
    if not value.type.is_string:
        raise sql_error(8116, value.type.name, 2, name.lower(), line=compiler.line)
    if isinstance(value.constant, str):
        parse_path(value.constant, append=append)
        return quote_text(value.constant)
    refused = raise_sql(8116, quote_text("NULL"), "'2'", quote_text(name))
    return f"coalesce({value.sql}, {refused})"


def _isjson(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    """1 for an object or array; the second argument, a word, asks for another kind (from 160 on)."""
    kind = ""
    if len(nodes) == 2:
        kind = nodes[1].name.upper()
        if compiler.level < 160:
            raise sql_error(174, "isjson", 1, line=compiler.line)
        if not isinstance(nodes[1], exp.Column):
            raise sql_error(1023, 2, "isjson", line=compiler.line)
        if kind not in _ARGUMENT_KINDS:
            raise sql_error(155, nodes[1].name, "isjson option", line=compiler.line)
    value = compiler.value(nodes[0])
    text = document(compiler, value, "ISJSON")
    return Typed(f"CAST({IS_JSON}({text}, '{kind}') AS INTEGER)", INT, value.nullable)


def _json_value(compiler: Compiler, args: list[Typed]) -> Typed:
    text, path = document(compiler, args[0], "JSON_VALUE"), path_sql(compiler, args[1], "JSON_VALUE")
    return Typed(f"{VALUE}({text}, {path})", nvarchar(4000), binary=args[0].binary)


def _json_query(compiler: Compiler, args: list[Typed]) -> Typed:
    text = document(compiler, args[0], "JSON_QUERY")
    path = path_sql(compiler, args[1], "JSON_QUERY") if len(args) > 1 else "'$'"
    return Typed(f"{QUERY}({text}, {path})", nvarchar(MAX), binary=args[0].binary, json=True)


def _json_path_exists(compiler: Compiler, args: list[Typed]) -> Typed:
    text, path = document(compiler, args[0], "JSON_PATH_EXISTS"), path_sql(compiler, args[1], "JSON_PATH_EXISTS")
    return Typed(f"CAST({EXISTS}({text}, {path}) AS INTEGER)", INT, args[0].nullable)


def _json_modify(compiler: Compiler, args: list[Typed]) -> Typed:
    text = document(compiler, args[0], "JSON_MODIFY")
    path = path_sql(compiler, args[1], "JSON_MODIFY", append=True)
    type_ = args[2].type
    allowed = ("null", "char", "varchar", "nchar", "nvarchar", "decimal")
    if type_.name not in allowed and not type_.is_integer and not type_.is_approximate:
        raise sql_error(8116, type_.name, 3, "json_modify", line=compiler.line)
    value = args[2]
    if type_.name == "real":
        value = Typed(f"CAST({value.sql} AS DOUBLE)", replace(type_, name="float"), value.nullable)
    return Typed(f"{MODIFY}({text}, {path}, {json_sql(compiler, value)})", nvarchar(MAX), json=True)


# Values as JSON ---------------------------------------------------------------------------------------------------


def json_sql(compiler: Compiler, value: Typed) -> str:
    """A value as JSON, NULL where it is NULL. Source: "How FOR JSON converts SQL Server data types" of sql-docs."""
    type_, sql = value.type, value.sql
    if type_.name == "null":
        return "CAST(NULL AS VARCHAR)"
    if value.json:
        return sql
    if type_.is_string:
        return quote_text(encode_string(value.constant)) if isinstance(value.constant, str) else _string(sql)
    if type_.name == "bit":
        return f"CASE WHEN {sql} THEN 'true' WHEN NOT {sql} THEN 'false' END"
    if type_.is_exact:
        return f"CAST({sql} AS VARCHAR)"
    if type_.is_approximate:
        text = f"format('{{:.{15 if type_.name == 'float' else 7}e}}', CAST({sql} AS DOUBLE))"
        return f"regexp_replace({text}, 'e([+-])(\\d\\d)$', 'e\\10\\2')"
    if type_.is_time:
        return f"""('"' || {_time(sql, value, compiler.line)} || '"')"""
    if type_.name == "uniqueidentifier":
        return f"""('"' || upper(CAST({sql} AS VARCHAR)) || '"')"""
    if type_.is_binary:
        return f"""('"' || to_base64({sql}) || '"')"""
    raise unsupported(f"{type_} as JSON", line=compiler.line)


_ESCAPED = """["\\\\/\\x00-\\x1f]"""


def _string(sql: str) -> str:
    """A string with few of the characters that JSON escapes is written by DuckDB alone."""
    return bound(sql, lambda text: f"""CASE WHEN regexp_matches({text}, '{_ESCAPED}') THEN {ENCODE}({text})
                                   ELSE '"' || {text} || '"' END""")


def _time(sql: str, value: Typed, line: int) -> str:
    """ISO 8601; a fraction of zeros is left out."""
    if value.type.name == "date":
        return f"strftime({sql}, '%Y-%m-%d')"
    if value.type.name == "datetimeoffset":
        raise unsupported("datetimeoffset as JSON", line=line)
    text = time_text(replace(value, sql=sql), 126, line)
    digits = 3 if value.type.name == "datetime" else value.type.scale
    zeros = "." + "0" * digits
    return f"CASE WHEN right({text}, {len(zeros)}) = '{zeros}' THEN left({text}, -{len(zeros)}) ELSE {text} END"


def _null_clause(compiler: Compiler, written: object, default: bool) -> bool:
    """Whether NULLs are shown."""
    if not written:
        return default
    return str(written).upper().startswith("NULL")


def _joined(pieces: list[tuple[str, str]]) -> str:
    """Pieces as (text, condition under which it is there), with commas between those that are there."""
    listed = ", ".join(f"CASE WHEN {condition} THEN {text} END" if condition else text for text, condition in pieces)
    return f"concat_ws(',', {listed})" if pieces else "''"


def compile_json_object(compiler: Compiler, node: exp.Expr) -> Typed:
    """JSON_OBJECT(key : value, ...). Raises 195 below 160; 13638 for a NULL key."""
    if compiler.level < 160:
        raise sql_error(195, "JSON_OBJECT", "built-in function name", line=compiler.line)
    shown = _null_clause(compiler, node.args.get("null_handling"), True)
    pieces = []
    for pair in node.expressions:
        if not isinstance(pair, exp.JSONKeyValue):
            raise sql_error(102, ",", line=compiler.line)
        key, value = compiler.value(pair.this), compiler.value(pair.expression)
        name = json_sql(compiler, replace(key, json=False))
        if not key.type.is_string:
            name = f"""CASE WHEN {name} LIKE '"%' THEN {name} ELSE '"' || {name} || '"' END"""
        text = json_sql(compiler, value)
        written = f"coalesce({name}, {raise_sql(13638)}) || ':' || coalesce({text}, 'null')"
        pieces.append((written, "" if shown or not value.nullable else f"{text} IS NOT NULL"))
    return Typed(f"('{{' || {_joined(pieces)} || '}}')", nvarchar(MAX), False, json=True)


def compile_json_array(compiler: Compiler, node: exp.Expr) -> Typed:
    """JSON_ARRAY(value, ...). Raises 195 below 160."""
    if compiler.level < 160:
        raise sql_error(195, "JSON_ARRAY", "built-in function name", line=compiler.line)
    shown = _null_clause(compiler, node.args.get("null_handling"), False)
    pieces = []
    for item in node.expressions:
        text = json_sql(compiler, compiler.value(item))
        pieces.append((f"coalesce({text}, 'null')", "" if shown else f"{text} IS NOT NULL"))
    return Typed(f"('[' || {_joined(pieces)} || ']')", nvarchar(MAX), False, json=True)


JSON = {
    "ISJSON": Function(1, 2, compile_nodes=_isjson),
    "JSON_VALUE": Function(2, 2, _json_value),
    "JSON_QUERY": Function(1, 2, _json_query),
    "JSON_MODIFY": Function(3, 3, _json_modify),
    "JSON_PATH_EXISTS": Function(2, 2, _json_path_exists, level=160),
}
