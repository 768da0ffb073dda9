"""The arguments of functions that somebody has created, scalar or inline, at their parameters' types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.dialect import parse_scalar
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import ModuleParameter, Name
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def compile_arguments(
    compiler: Compiler, name: Name, parameters: Sequence[ModuleParameter], nodes: Sequence[exp.Expr]
) -> dict[str, Typed]:
    """The values by the parameters' names, DEFAULT among them. Raises 206, 313, 8144."""
    if len(nodes) > len(parameters):
        raise sql_error(8144, str(name), line=compiler.line)
    if len(nodes) < len(parameters):
        raise sql_error(313, str(name), line=compiler.line)
    found: dict[str, Typed] = {}
    for parameter, node in zip(parameters, nodes, strict=True):
        if isinstance(node, exp.Column) and node.name.upper() == "DEFAULT" and not node.args.get("table"):
            if parameter.default is None:
                raise sql_error(313, str(name), line=compiler.line)
            node = parse_scalar(parameter.default.sql)
        value = convert(compiler.value(node), parameter.type, implicit=True, line=compiler.line)
        found[parameter.name] = Typed(f"CAST({value.sql} AS {parameter.type.duckdb})", parameter.type, value.nullable)
    return found
