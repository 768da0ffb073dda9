"""Calls of scalar functions that somebody has created: their expression in place of the call, or what runs them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.arguments import compile_arguments
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.dialect import parse_scalar
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.scope import ScalarFunction, Scope
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import INT

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def call_scalar(compiler: Compiler, node: exp.Expr) -> Typed:
    """``schema.function(arguments)``. Raises 313, 4121, 8144."""
    parts = [part.name for part in node.flatten()]
    call = node.expression
    if not isinstance(call, exp.Anonymous) or parts[0].lower() == "sys":
        raise unsupported(f"function {'.'.join(parts)}", line=compiler.line)
    function = compiler.names.scalar_function(Name(tuple(parts)))
    if function is None:
        raise sql_error(4121, parts[0], ".".join(parts), line=compiler.line)
    arguments = compile_arguments(compiler, function.name, function.parameters, call.expressions)
    nullable = any(argument.nullable for argument in arguments.values())
    if function.expression is not None and function.object_id not in compiler.inlined:
        value = _inlined(compiler, function, arguments)
    else:
        spid = compiler.runtime_value(INT, "session").sql
        sql = f"{function.sql}({', '.join([spid, *(argument.sql for argument in arguments.values())])})"
        if function.returns.is_string or function.returns.is_binary:  # copied: see engine.scalars
            sql = f"({sql} || ''{'::BLOB' if function.returns.is_binary else ''})"
        value = Typed(sql, function.returns)
    if function.null_on_null and nullable:
        tests = " OR ".join(f"{argument.sql} IS NULL" for argument in arguments.values())
        value = replace(value, sql=f"CASE WHEN {tests} THEN NULL ELSE {value.sql} END")
    return value


def _inlined(compiler: Compiler, function: ScalarFunction, arguments: dict[str, Typed]) -> Typed:
    """The function's expression over the arguments, in a scope of its own."""
    assert function.expression is not None
    line, scopes, commons = compiler.line, compiler.scopes, compiler.commons
    # What the arguments refer to stays in reach of DuckDB; names of the caller's query do not mean anything here.
    compiler.scopes, compiler.commons = [Scope()], []
    compiler.arguments.append(arguments)
    compiler.inlined.append(function.object_id)
    try:
        with compiler.nested(), compiler.names.inside_function(function):
            value = compiler.value(parse_scalar(function.expression.sql, function.expression.line))
            value = convert(value, function.returns, implicit=True, line=line)
    finally:
        compiler.inlined.pop()
        compiler.arguments.pop()
        compiler.line, compiler.scopes, compiler.commons = line, scopes, commons
    return Typed(f"({value.sql})", function.returns)
