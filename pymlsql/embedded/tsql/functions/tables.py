"""Table-valued functions that SQL Server brings along: STRING_SPLIT, GENERATE_SERIES and others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.bulk import compile_bulk_rowset
from pymlsql.embedded.tsql.functions.rows import text
from pymlsql.embedded.tsql.functions.signing import check_object_signatures
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.operators import unify
from pymlsql.embedded.tsql.typed import Typed, quote_name, raise_sql
from pymlsql.embedded.tsql.types import BIGINT, INT, SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def _string_split(compiler: Compiler, nodes: list[exp.Expr]) -> tuple[str, list[Typed]]:
    """STRING_SPLIT; with 1 as its third argument (from level 160 on) also the ordinals. Raises 214, 4199, 8748."""
    if len(nodes) not in (2, 3) or (len(nodes) == 3 and compiler.level < 160):
        raise sql_error(313 if len(nodes) < 2 else 8144, "string_split", line=compiler.line)
    value, separator = (text(compiler.value(node), compiler.line) for node in nodes[:2])
    if len(separator.constant) != 1 if isinstance(separator.constant, str) else separator.type.length != 1:
        raise sql_error(214, "separator", "nchar(1)/nvarchar(1)", line=compiler.line)
    unicode = value.type.is_unicode or separator.type.is_unicode
    type_ = SqlType("nvarchar" if unicode else "varchar", length=value.type.length)
    columns = [Typed("c0", type_, value.nullable, value.binary, name="value")]
    parts = f"string_split({value.sql}, {separator.sql})"
    if len(nodes) == 2 or not _has_ordinal(compiler, nodes[2]):
        return f"SELECT unnest({parts}) AS c0", columns
    columns.append(Typed("c1", BIGINT, False, name="ordinal"))
    listed = f"SELECT {parts} AS parts"
    return f"SELECT unnest(parts) AS c0, unnest(range(1, len(parts) + 1)) AS c1 FROM ({listed})", columns


def _has_ordinal(compiler: Compiler, node: exp.Expr) -> bool:
    value = compiler.value(node)
    if value.type.name != "null" and not isinstance(value.constant, int):
        raise sql_error(8748, line=compiler.line)
    if value.constant not in (0, 1, None):
        raise sql_error(4199, value.constant, 3, "string_split", line=compiler.line)
    return value.constant == 1


_SERIES = frozenset({"tinyint", "smallint", "int", "bigint", "decimal"})


def _generate_series(compiler: Compiler, nodes: list[exp.Expr]) -> tuple[str, list[Typed]]:
    """GENERATE_SERIES(start, stop [, step]) from level 160 on. Raises 4199 for a step of 0, 5373, 8116."""
    if compiler.level < 160:
        raise sql_error(208, "GENERATE_SERIES", line=compiler.line)
    if len(nodes) not in (2, 3):
        raise sql_error(313 if len(nodes) < 2 else 8144, "generate_series", line=compiler.line)
    values = [compiler.value(node) for node in nodes]
    known = [value.type for value in values if value.type.name != "null"]
    for place, value in enumerate(values, 1):
        if value.type.name not in _SERIES and value.type.name != "null":
            raise sql_error(8116, value.type.name, place, "generate_series", line=compiler.line)
    if len({type_.name for type_ in known}) > 1:
        raise sql_error(5373, line=compiler.line)
    if len(values) == 3 and values[2].constant == 0:
        raise sql_error(4199, 0, 3, "generate_series", line=compiler.line)
    type_ = unify(known) if known else INT
    start, stop = values[0].sql, values[1].sql
    step = values[2].sql if len(values) == 3 else f"CASE WHEN {start} <= {stop} THEN 1 ELSE -1 END"
    if len(values) == 3 and values[2].constant is None:
        refused = raise_sql(4199, "'0'", "'3'", "'generate_series'")
        step = f"CASE WHEN {step} = 0 THEN {refused} ELSE {step} END"
    column = Typed("c0", type_, any(value.nullable for value in values), name="value")
    if type_.name == "decimal":
        count = f"CAST(floor(({stop} - {start}) / ({step})) AS BIGINT)"
        item = f"CAST({start} + i * CAST({step} AS {type_.duckdb}) AS {type_.duckdb})"
        return f"SELECT {item} AS c0 FROM (SELECT unnest(range(0, {count} + 1)) AS i)", [column]
    whole = ", ".join(f"CAST({sql} AS BIGINT)" for sql in (start, stop, step))
    if not any(node.find(exp.Column, exp.Query) for node in nodes) and "error(" not in whole:
        alias = compiler.alias()
        item = f"CAST({alias}.generate_series AS {type_.duckdb})"
        return f"SELECT {item} AS c0 FROM generate_series({whole}) AS {alias}", [column]
    return f"SELECT CAST(unnest(generate_series({whole})) AS {type_.duckdb}) AS c0", [column]


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
    "GENERATE_SERIES": _generate_series,
    "OPENROWSET": compile_bulk_rowset,
    "FN_LISTEXTENDEDPROPERTY": _extended_properties,
    "FN_CHECK_OBJECT_SIGNATURES": check_object_signatures,
}
