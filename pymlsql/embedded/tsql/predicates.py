"""LIKE and IS DISTINCT FROM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import as_type, comparable, comparison_key
from pymlsql.embedded.tsql.patterns import like_sql
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import SqlType, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def compile_distinct_from(compiler: Compiler, node: exp.Expr) -> str:
    """IS [NOT] DISTINCT FROM: two NULLs are the same. From level 160 on."""
    if compiler.level < 160:
        raise sql_error(156, "DISTINCT", line=compiler.line)
    left, right = comparable(compiler.value(node.this), compiler.value(node.expression), compiler.line)
    operator = "IS NOT DISTINCT FROM" if isinstance(node, exp.NullSafeEQ) else "IS DISTINCT FROM"
    return f"({comparison_key(left)} {operator} {comparison_key(right)})"


def compile_like(compiler: Compiler, node: exp.Expr, escape: str = "") -> str:
    """[NOT] LIKE with any pattern; ``escape`` is the character of its ESCAPE."""
    value, pattern = compiler.value(node.this), compiler.value(node.expression)
    text, wanted = (as_type(side, _text_type(side), compiler.line) for side in (value, pattern))
    matched = like_sql(text, wanted, escape)
    return f"(NOT {matched})" if node.args.get("negate") else matched


def _text_type(value: Typed) -> SqlType:
    return value.type if value.type.is_string else varchar(8000)


def compile_escape(compiler: Compiler, node: exp.Expr) -> str:
    """LIKE with ESCAPE. Raises 506."""
    escape = compiler.value(node.expression).constant
    if not isinstance(node.this, exp.Like) or not isinstance(escape, str):
        raise unsupported("ESCAPE that is not a constant", line=compiler.line)
    if len(escape) > 1:
        raise sql_error(506, escape, line=compiler.line)
    return compile_like(compiler, node.this, escape)
