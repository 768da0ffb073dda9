"""JSON functions: ISJSON, JSON_VALUE, JSON_QUERY (lax paths)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.functions.rows import Function, text
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.typed import Typed, quote_text, raise_sql
from pymlsql.embedded.tsql.types import INT, MAX, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def _isjson(compiler: Compiler, args: list[Typed]) -> Typed:
    """1 for an object or array; a bare scalar is not JSON here, as on SQL Server without a second argument."""
    value = text(args[0], compiler.line)
    valid = f"json_valid({value.sql}) AND left(ltrim({value.sql}), 1) IN ('{{', '[')"
    return Typed(f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN {valid} THEN 1 ELSE 0 END", INT, value.nullable)


def _path(compiler: Compiler, args: list[Typed], name: str) -> str:
    if len(args) == 1:
        return "$"
    path = args[1].constant
    if not isinstance(path, str):
        raise unsupported(f"{name} with a path that is not a constant", line=compiler.line)
    if path.lower().startswith("strict "):
        raise unsupported(f"{name} with a strict path", line=compiler.line)
    path = path[4:].strip() if path.lower().startswith("lax ") else path
    if "*" in path or not path.startswith("$"):
        raise unsupported(f"{name} with path {path}", line=compiler.line)
    return path


def _checked(value: Typed, result: str) -> str:
    refused = f"WHEN NOT json_valid({value.sql}) THEN {raise_sql(13609)}"
    return f"CASE WHEN {value.sql} IS NULL THEN NULL {refused} ELSE {result} END"


def _json_value(compiler: Compiler, args: list[Typed]) -> Typed:
    """A scalar as nvarchar(4000); NULL for what is absent, an object, an array or longer."""
    value, path = text(args[0], compiler.line), quote_text(_path(compiler, args, "JSON_VALUE"))
    kind = f"json_type({value.sql}, {path})"
    found = f"json_extract_string({value.sql}, {path})"
    # DuckDB gives a number with a fraction or exponent back in its own words: 1.50 would become 1.5.
    refused = f"WHEN {kind} = 'DOUBLE' THEN {raise_sql(40510, quote_text('JSON_VALUE of a number with a fraction'))}"
    none = f"WHEN {kind} IN ('OBJECT', 'ARRAY', 'NULL') OR length({found}) > 4000 THEN NULL"
    result = f"CASE {none} {refused} ELSE {found} END"
    return Typed(_checked(value, result), nvarchar(4000))


def _json_query(compiler: Compiler, args: list[Typed]) -> Typed:
    """An object or array as its text; NULL for a scalar."""
    value, path = text(args[0], compiler.line), quote_text(_path(compiler, args, "JSON_QUERY"))
    kind = f"json_type({value.sql}, {path})"
    part = f"CAST(json_extract({value.sql}, {path}) AS VARCHAR)"
    # DuckDB writes a part anew, without blanks; where that is not what stands in the text, the text is not known.
    refused = raise_sql(40510, quote_text("JSON_QUERY of a part with blanks or fractions"))
    exact = value.sql if path == "'$'" else f"CASE WHEN contains({value.sql}, {part}) THEN {part} ELSE {refused} END"
    result = f"CASE WHEN {kind} IN ('OBJECT', 'ARRAY') THEN {exact} END"
    return Typed(_checked(value, result), nvarchar(MAX))


JSON = {
    "ISJSON": Function(1, 1, _isjson),
    "JSON_VALUE": Function(2, 2, _json_value),
    "JSON_QUERY": Function(1, 2, _json_query),
}
