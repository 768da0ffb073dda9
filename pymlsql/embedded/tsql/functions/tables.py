"""Table-valued functions that SQL Server brings along: STRING_SPLIT, fn_listextendedproperty and others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.functions.rows import text
from pymlsql.embedded.tsql.functions.signing import check_object_signatures
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.typed import Typed, quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def _string_split(compiler: Compiler, nodes: list[exp.Expr]) -> tuple[str, list[Typed]]:
    if len(nodes) != 2:
        raise unsupported("STRING_SPLIT with an ordinal", line=compiler.line)
    value, separator = (text(compiler.value(node), compiler.line) for node in nodes)
    if not isinstance(separator.constant, str) or len(separator.constant) != 1:
        raise sql_error(214, "separator", "nchar(1)/nvarchar(1)", line=compiler.line)
    return f"SELECT unnest(string_split({value.sql}, {separator.sql})) AS c0", [Typed("c0", value.type, name="value")]


def _extended_properties(compiler: Compiler, nodes: list[exp.Expr]) -> tuple[str, list[Typed]]:
    """The database's own properties; those of objects are read from sys.extended_properties."""
    if len(nodes) != 7:
        raise sql_error(313, "fn_listextendedproperty", line=compiler.line)
    relation = compiler.names.relation(Name(("sys", "fn_listextendedproperty")))
    columns = [Typed(f"c{i}", c.type, name=c.name) for i, c in enumerate(relation.columns)]
    selected = ", ".join(f"{quote_name(c.name)} AS c{i}" for i, c in enumerate(relation.columns))
    for node in nodes[1:]:
        if not (isinstance(node, exp.Column) and node.name.upper() == "DEFAULT") and not isinstance(node, exp.Null):
            raise unsupported("fn_listextendedproperty of an object", line=compiler.line)
    return f"SELECT {selected} FROM {relation.sql}", columns


TABLE_FUNCTIONS: dict[str, Callable[[Compiler, list[exp.Expr]], tuple[str, list[Typed]]]] = {
    "STRING_SPLIT": _string_split,
    "FN_LISTEXTENDEDPROPERTY": _extended_properties,
    "FN_CHECK_OBJECT_SIGNATURES": check_object_signatures,
}
