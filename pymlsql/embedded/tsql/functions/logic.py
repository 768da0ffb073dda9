"""Logical and conversion functions: ISNULL, COALESCE, NULLIF, IIF, CHOOSE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.functions.rows import Function, whole
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.operators import as_type, compare, unify
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def _isnull(compiler: Compiler, args: list[Typed]) -> Typed:
    """The type is the first argument's, so that the second may be cut."""
    first, second = args
    if first.type.name == "null":
        return second
    second = as_type(second, first.type, compiler.line)
    return Typed(f"coalesce({first.sql}, {second.sql})", first.type, first.nullable and second.nullable, first.binary,
                 json=first.json)  # fmt: skip


def _coalesce(compiler: Compiler, args: list[Typed]) -> Typed:
    target = unify(arg.type for arg in args)
    if target.name == "null":
        raise sql_error(4127, line=compiler.line)
    written = ", ".join(as_type(arg, target, compiler.line).sql for arg in args)
    return Typed(f"coalesce({written})", target, all(arg.nullable for arg in args), any(arg.binary for arg in args),
                 json=any(arg.json for arg in args))  # fmt: skip


def _nullif(compiler: Compiler, args: list[Typed]) -> Typed:
    first, second = args
    if first.type.name == "null":
        raise sql_error(4151, line=compiler.line)
    same = compare("=", first, second, compiler.line)
    return Typed(f"CASE WHEN {same} THEN NULL ELSE {first.sql} END", first.type, True, first.binary, json=first.json)


def _iif(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    from pymlsql.embedded.tsql.expressions import choose

    condition = compiler.condition(nodes[0])
    return choose([condition], [compiler.value(nodes[1])], compiler.value(nodes[2]), compiler.line)


def _choose(compiler: Compiler, args: list[Typed]) -> Typed:
    index = whole(args[0], compiler.line)
    target = unify(arg.type for arg in args[1:])
    branches = " ".join(
        f"WHEN {number} THEN {as_type(arg, target, compiler.line).sql}" for number, arg in enumerate(args[1:], 1)
    )
    return Typed(f"CASE {index.sql} {branches} END", target)


LOGIC = {
    "ISNULL": Function(2, 2, _isnull),
    "COALESCE": Function(2, None, _coalesce),
    "NULLIF": Function(2, 2, _nullif),
    "IIF": Function(3, 3, compile_nodes=_iif),
    "CHOOSE": Function(2, None, _choose),
}
