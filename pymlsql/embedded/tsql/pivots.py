"""PIVOT and UNPIVOT to DuckDB SQL: grouped aggregates with a filter each, and a row for each of several columns.

Source: "FROM - Using PIVOT and UNPIVOT" of sql-docs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.operators import compare, comparison_key
from pymlsql.embedded.tsql.references import readable
from pymlsql.embedded.tsql.scope import Scope
from pymlsql.embedded.tsql.typed import Typed, quote_text
from pymlsql.embedded.tsql.types import SYSNAME, SqlType, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_AGGREGATES = frozenset("COUNT COUNT_BIG SUM AVG MIN MAX STDEV STDEVP VAR VARP APPROX_COUNT_DISTINCT".split())
_NOT_COMPARABLE = frozenset("text ntext image xml".split())


def compile_pivot(compiler: Compiler, pivot: exp.Expr, source: Callable[[], str]) -> tuple[str, list[Typed]]:
    """The rows of one PIVOT or UNPIVOT over what ``source`` compiles in a scope of its own."""
    scope = Scope(compiler.scope.parent)
    with compiler.entered(scope):
        from_sql = source()
        if len(pivot.args.get("fields") or []) != 1 or len(pivot.expressions) != 1:
            raise sql_error(102, ",", line=compiler.line)
        if pivot.args.get("group") or pivot.args.get("default_on_null") or pivot.args.get("include_nulls") is not None:
            raise sql_error(102, ")", line=compiler.line)
        make = _unpivoted if pivot.args.get("unpivot") else _pivoted
        return make(compiler, scope, pivot, from_sql)


def _names(compiler: Compiler, field: exp.Expr) -> list[exp.Expr]:
    """The list behind IN: names only."""
    if not isinstance(field, exp.In) or not field.expressions:
        raise sql_error(102, ")", line=compiler.line)
    for item in field.expressions:
        if not isinstance(item, exp.Column) or item.args.get("table") is not None:
            raise sql_error(102, item.name, line=compiler.line)
    return list(field.expressions)


def _alias(pivot: exp.Expr) -> str:
    alias = pivot.args.get("alias")
    return alias.name if alias is not None else ""


def _check_new(compiler: Compiler, names: list[str], kept: list[Typed], pivot: exp.Expr, operator: str) -> None:
    """The new columns' names are not taken. Raises 8156, 265."""
    seen: set[str] = set()
    taken = {column.name.lower() for column in kept}
    for name in names:
        key = name.rstrip(" ").lower()
        if key in taken:
            error = sql_error(265, name, operator, operator, line=compiler.line)
            error.further = (sql_error(8156, name, _alias(pivot), line=compiler.line),)
            raise error
        if key in seen:
            raise sql_error(8156, name, _alias(pivot), line=compiler.line)
        seen.add(key)


# PIVOT ------------------------------------------------------------------------------------------------------------


def _pivoted(compiler: Compiler, scope: Scope, pivot: exp.Expr, from_sql: str) -> tuple[str, list[Typed]]:
    from pymlsql.embedded.tsql.functions.aggregates import compile_pieces

    call, field = pivot.expressions[0], pivot.args["fields"][0]
    values = _names(compiler, field)
    name = call.name.upper() if isinstance(call, exp.Anonymous) else ""
    if name not in _AGGREGATES:
        if name in ("CHECKSUM_AGG",):
            raise sql_error(406, name, line=compiler.line)
        raise sql_error(102, name or "(", line=compiler.line)
    if len(call.expressions) != 1 or not isinstance(call.expressions[0], exp.Column) \
            or isinstance(call.expressions[0].this, exp.Star) or not isinstance(field.this, exp.Column):  # fmt: skip
        raise sql_error(102, ")", line=compiler.line)
    pieces = compile_pieces(compiler, name, call.expressions)
    chosen, aggregated = _column(compiler, field.this), _column(compiler, call.expressions[0])
    kept = _others(scope, [chosen, aggregated])
    for column in [*kept, chosen]:
        if column.type.name in _NOT_COMPARABLE:
            raise sql_error(488, column.name, line=compiler.line)
    _check_new(compiler, [value.name for value in values], kept, pivot, "PIVOT")
    parts: list[str] = []
    columns: list[Typed] = []
    for column in kept:
        columns.append(replace(column, sql=f"c{len(parts)}", constant=None))
        key = comparison_key(column)
        parts.append(f"{column.sql if key == column.sql else f'first({column.sql})'} AS c{len(parts)}")
    for value in values:
        test = compare("=", readable(chosen), _value(compiler, value.name, chosen.type), compiler.line)
        result = pieces.finished(f" FILTER (WHERE {test})")
        columns.append(Typed(f"c{len(parts)}", result.type, True, result.binary, name=value.name))
        parts.append(f"{result.sql} AS c{len(parts)}")
    groups = ", ".join(comparison_key(column) for column in kept)
    behind = f"GROUP BY {groups}" if groups else "HAVING count(*) > 0"
    return f"SELECT {', '.join(parts)} {from_sql} {behind}", columns


def _value(compiler: Compiler, text: str, type_: SqlType) -> Typed:
    """A name behind IN as a value of the column that PIVOT reads. Raises 8114."""
    constant = Typed(quote_text(text), nvarchar(max(1, len(text))), False, constant=text)
    if type_.is_string:
        return constant
    if type_.is_integer and type_.name != "bit":
        try:
            int(text)
        except ValueError:
            error = sql_error(8114, "nvarchar", type_.name, line=compiler.line)
            error.further = (sql_error(473, text, line=compiler.line),)
            raise error from None
    return convert(constant, type_, line=compiler.line)


def _column(compiler: Compiler, node: exp.Expr) -> Typed:
    from pymlsql.embedded.tsql.expressions import column_parts

    parts = column_parts(node)
    if parts is None:
        raise sql_error(102, node.name, line=compiler.line)
    return compiler.scope.resolve_column(*parts, compiler.line)


def _others(scope: Scope, without: list[Typed]) -> list[Typed]:
    """All columns of the source but these; each counts as used."""
    texts = {column.sql for column in without}
    found = []
    for source in scope.sources:
        for column in source.columns:
            if column.sql not in texts:
                source.use(column.name)
                found.append(column)
    return found


# UNPIVOT ----------------------------------------------------------------------------------------------------------


def _unpivoted(compiler: Compiler, scope: Scope, pivot: exp.Expr, from_sql: str) -> tuple[str, list[Typed]]:
    """A row for each column of the list that is not NULL, in the list's order."""
    field = pivot.args["fields"][0]
    items = _names(compiler, field)
    seen: set[str] = set()
    for item in items:
        if item.name.lower() in seen:
            raise sql_error(277, item.name, line=compiler.line)
        seen.add(item.name.lower())
    value_name, key_name = pivot.expressions[0].name, field.this.name
    folded = [_column(compiler, item) for item in items]
    for column in folded[1:]:
        if column.type != folded[0].type:
            raise sql_error(8167, column.name, line=compiler.line)
    kept = _others(scope, folded)
    _check_new(compiler, [value_name, key_name], kept, pivot, "UNPIVOT")
    cells = ", ".join(f"{{'v': {readable(column).sql}, 'k': {quote_text(column.name)}}}" for column in folded)
    inner = "".join(f"{column.sql} AS c{index}, " for index, column in enumerate(kept))
    n_kept, alias = len(kept), compiler.alias()
    outer = "".join(f"c{index}, " for index in range(n_kept))
    sql = f"SELECT {outer}s.v AS c{n_kept}, s.k AS c{n_kept + 1} FROM (SELECT {inner}unnest([{cells}]) AS s " \
          f"{from_sql}) AS {alias} WHERE s.v IS NOT NULL"  # fmt: skip
    columns = [replace(column, sql=f"c{index}", constant=None) for index, column in enumerate(kept)]
    nullable = any(column.nullable for column in folded)
    columns.append(Typed(f"c{n_kept}", folded[0].type, nullable, folded[0].binary, name=value_name))
    columns.append(Typed(f"c{n_kept + 1}", SYSNAME, name=key_name))
    return sql, columns
