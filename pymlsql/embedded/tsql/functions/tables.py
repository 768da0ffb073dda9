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


_LEVELS = ("name", "level0type", "level0name", "level1type", "level1name", "level2type", "level2name")


def _extended_properties(compiler: Compiler, nodes: list[exp.Expr]) -> tuple[str, list[Typed]]:
    """A type that is given chooses a level, a name one thing of it; NULL and DEFAULT choose no level, and any name."""
    if len(nodes) != 7:
        raise sql_error(313, "fn_listextendedproperty", line=compiler.line)
    relation = compiler.names.relation(Name(("sys", "extended_properties$levels")))
    columns = [Typed(f"c{i}", c.type, name=c.name) for i, c in enumerate(relation.columns[:4])]
    selected = ", ".join(f"p.{quote_name(c.name)} AS c{i}" for i, c in enumerate(columns))
    tests = []
    for node, column in zip(nodes, _LEVELS, strict=True):
        place = f"p.{quote_name(column)}"
        if isinstance(node, exp.Null) or (isinstance(node, exp.Column) and node.name.upper() == "DEFAULT"):
            tests += [f"{place} IS NULL"] if column.endswith("type") else []
            continue
        value = text(compiler.value(node), compiler.line)
        none = f"{place} IS NULL" if column.endswith("type") else "true"
        tests.append(f"CASE WHEN {value.sql} IS NULL THEN {none} "
                     f"ELSE coalesce(lower({place}) = lower({value.sql}), false) END")  # fmt: skip
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return f"SELECT {selected} FROM {relation.sql} AS p{where}", columns


TABLE_FUNCTIONS: dict[str, Callable[[Compiler, list[exp.Expr]], tuple[str, list[Typed]]]] = {
    "STRING_SPLIT": _string_split,
    "FN_LISTEXTENDEDPROPERTY": _extended_properties,
    "FN_CHECK_OBJECT_SIGNATURES": check_object_signatures,
}
