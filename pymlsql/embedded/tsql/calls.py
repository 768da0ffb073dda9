"""What is written like a function and has a syntax of its own: CAST, CONVERT, TRIM, AT TIME ZONE."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.dialect import read_type
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def cast(compiler: Compiler, node: exp.Expr) -> Typed:
    """CAST and TRY_CAST."""
    target = read_type(node.args["to"], line=compiler.line)
    value = compiler.value(node.this)
    return _typed(convert(value, target, try_=isinstance(node, exp.TryCast), line=compiler.line))


def _typed(value: Typed) -> Typed:
    return replace(value, cast=True) if value.constant is not None else value


def converted(compiler: Compiler, node: exp.Expr) -> Typed:
    """CONVERT and TRY_CONVERT; a style of NULL gives NULL. Raises 8116."""
    target = read_type(node.this, line=compiler.line)
    style_node, style = node.args.get("style"), None
    if style_node is not None:
        value = compiler.value(style_node)
        if value.type.name == "null":
            return Typed(f"CAST(NULL AS {target.duckdb})", target)
        if value.type.is_string:
            raise sql_error(8116, value.type.name, 3, "convert", line=compiler.line)
        if not isinstance(value.constant, int):
            raise unsupported("CONVERT with a style that is not a constant", line=compiler.line)
        style = value.constant
    value = compiler.value(node.expression)
    return _typed(convert(value, target, style=style, try_=bool(node.args.get("safe")), line=compiler.line))


def trim(compiler: Compiler, node: exp.Expr) -> Typed:
    """TRIM with characters or a side. LEADING, TRAILING and BOTH belong to level 160."""
    from pymlsql.embedded.tsql.functions.strings import trimmed

    position = node.args.get("position")
    if position and compiler.level < 160:
        raise sql_error(102, position, line=compiler.line)
    function = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(position or "", "trim")
    taken = node.args.get("expression")
    characters = compiler.value(taken) if taken is not None else None
    return trimmed(function, compiler.value(node.this), characters, compiler.line)


def at_zone(compiler: Compiler, node: exp.Expr) -> Typed:
    """AT TIME ZONE."""
    from pymlsql.embedded.tsql.functions.datevalues import at_time_zone

    return at_time_zone(compiler, compiler.value(node.this), compiler.value(node.args["zone"]))
