"""ORDER BY, DISTINCT, TOP and OFFSET of a query whose columns are compiled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.operators import comparison_key, order_key
from pymlsql.embedded.tsql.references import readable
from pymlsql.embedded.tsql.typed import Typed, raise_sql
from pymlsql.embedded.tsql.types import BIGINT, FLOAT

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler
    from pymlsql.embedded.tsql.scope import Scope


def direction(item: exp.Expr) -> str:
    """NULLs come first when ascending, last when descending; T-SQL has no words to say otherwise."""
    return "DESC NULLS LAST" if item.args.get("desc") else "ASC NULLS FIRST"


class Ordering:
    """The keys of an ORDER BY: columns of the select list, or further ones (k0, k1 ...) computed beside them.

    Sorting happens around the query, where all keys are plain columns: DuckDB does not take a select list's name as
    part of an expression when what it stands for holds a subquery.
    """

    def __init__(self, compiler: Compiler, columns: list[Typed], aliases: set[str] | None = None) -> None:
        self.compiler = compiler
        self.columns = columns
        self.aliases = aliases or set()
        self.keys: list[str] = []
        self._extra: list[str] = []
        self._names = {column.name.lower(): i for i, column in reversed(list(enumerate(columns))) if column.name}

    def extra(self) -> str:
        """The further columns, as a select list goes on with them."""
        return "".join(f", {sql} AS k{index}" for index, sql in enumerate(self._extra))

    def add(self, item: exp.Expr, *, distinct: bool) -> None:
        """An item: a number, a name of the select list, or any value. Raises 108, 145, 209, 408."""
        index = self._column(item.this)
        if index is None:
            if isinstance(item.this, exp.Parameter) and not isinstance(item.this.this, exp.Parameter):
                raise sql_error(1008, len(self.keys) + 1, line=self.compiler.line)
            value = self.compiler.value(item.this)
            if value.constant is not None or value.sql == "NULL":
                raise sql_error(408, len(self.keys) + 1, line=self.compiler.line)
            index = next((i for i, known in enumerate(self.columns) if readable(known).sql == value.sql), None)
            if index is None:
                if distinct:
                    raise sql_error(145, line=self.compiler.line)
                self.keys.append(f"k{len(self._extra)} {direction(item)}")
                self._extra.append(order_key(value))
                return
        self._by(index, item)

    def add_column(self, item: exp.Expr, first: Scope | None) -> None:
        """An item behind a set operator: a number or a name of the first query's list, qualified or not. ``first`` is
        that query's scope. Raises 104, 108, 207 for a name that it does not see either."""
        node = item.this
        index = self._names.get(node.name.lower()) if isinstance(node, exp.Column) else self._column(node)
        if index is None:
            error = sql_error(104, line=self.compiler.line)
            if isinstance(node, exp.Column) and not node.args.get("table") and first is not None \
                    and not first.sees(node.name):  # fmt: skip
                unknown = sql_error(207, node.name, line=self.compiler.line)
                unknown.further = (error,)
                raise unknown
            raise error
        self._by(index, item)

    def _by(self, index: int, item: exp.Expr) -> None:
        key = order_key(replace(self.columns[index], sql=f"c{index}", constant=None))
        self.keys.append(f"{key} {direction(item)}")

    def _column(self, node: exp.Expr) -> int | None:
        """The select list's column that an item means, by number or by name."""
        if isinstance(node, exp.Literal) and not node.args.get("is_string"):
            if not 1 <= int(node.name) <= len(self.columns):
                raise sql_error(108, node.name, line=self.compiler.line)
            return int(node.name) - 1
        if isinstance(node, exp.Column) and not node.args.get("table"):
            name = node.name.lower()
            if name in self.aliases and sum(column.name.lower() == name for column in self.columns) > 1:
                raise sql_error(209, node.name, line=self.compiler.line)
            return self._names.get(name)
        return None


def distinct_rows(compiler: Compiler, sql: str, columns: list[Typed] | tuple[Typed, ...]) -> str:
    """The rows of ``sql`` without those that equal an earlier one by the collation."""
    alias = compiler.alias()
    if not any(column.type.is_string or column.by_reference for column in columns):
        return f"SELECT DISTINCT * FROM ({sql}) AS {alias}"
    keys = ", ".join(comparison_key(replace(c, sql=f"{alias}.c{i}", constant=None)) for i, c in enumerate(columns))
    return f"SELECT DISTINCT ON ({keys}) * FROM ({sql}) AS {alias}"


NUMBER = "place"
"""The further column of a query whose rows are to be numbered in their order."""


def ordered_rows(compiler: Compiler, sql: str, order: Ordering, limit: exp.Expr | None, offset: exp.Expr | None,
                 *, numbered: bool = False) -> str:  # fmt: skip
    """``sql`` ordered and cut by TOP, or by OFFSET and FETCH; ``numbered`` adds NUMBER. Raises 102, 153, 1062."""
    by = f" ORDER BY {', '.join(order.keys)}" if order.keys else ""
    if offset is not None and not by:
        raise sql_error(102, "OFFSET", line=compiler.line)
    options = limit.args.get("limit_options") if limit is not None else None
    fetch = isinstance(limit, exp.Fetch)
    if offset is not None and limit is not None and not fetch:
        raise sql_error(10741, line=compiler.line)
    if fetch and offset is None:
        assert limit is not None
        raise sql_error(153, str(limit.args.get("direction")).lower(), line=compiler.line)
    if options is not None and not fetch and (options.args.get("percent") or options.args.get("with_ties")):
        assert limit is not None
        return _ranked(compiler, sql, order, limit, options, numbered)
    cut = ""
    if limit is not None:
        count = _row_count(compiler, limit.args.get("count"), 1, 10744) if fetch else \
            _row_count(compiler, limit.expression, 0, 127)  # fmt: skip
        cut = f" LIMIT {count}"
    if offset is not None:
        cut += f" OFFSET {_row_count(compiler, offset.expression, 0, 10742)}"
    if by or numbered:
        sql = f"SELECT {_outputs(order, numbered)} FROM ({sql}) AS {compiler.alias()}"
    elif cut:
        sql = f"SELECT * FROM ({sql}) AS {compiler.alias()}"
    return f"{sql}{by}{cut}"


def _outputs(order: Ordering, numbered: bool) -> str:
    number = [f"row_number() OVER ({'ORDER BY ' if order.keys else ''}{', '.join(order.keys)}) AS {NUMBER}"]
    return ", ".join([*(f"c{index}" for index in range(len(order.columns))), *(number if numbered else [])])


def _ranked(compiler: Compiler, sql: str, order: Ordering, limit: exp.Expr, options: exp.Expr, numbered: bool) -> str:
    """TOP PERCENT and WITH TIES: rows by their number or rank. A percentage is rounded up to whole rows."""
    ties, percent = options.args.get("with_ties"), options.args.get("percent")
    if ties and not order.keys:
        raise sql_error(1062, line=compiler.line)
    by = f"ORDER BY {', '.join(order.keys)}" if order.keys else ""
    place = f"{'rank' if ties else 'row_number'}() OVER ({by})"
    total = ", count(*) OVER () AS n_rows" if percent else ""
    wanted = _row_count(compiler, limit.expression, 0, 127) if not percent else \
        f"ceil(n_rows * {_percentage(compiler, limit.expression)} / 100)"  # fmt: skip
    ranked = f"SELECT *, {place} AS n_before{total} FROM ({sql}) AS {compiler.alias()}"
    outputs = _outputs(order, numbered)
    return f"SELECT {outputs} FROM ({ranked}) AS {compiler.alias()} WHERE n_before <= {wanted} {by}".rstrip()


def _percentage(compiler: Compiler, node: Any) -> str:
    value = _count_value(compiler, node)
    if isinstance(value.constant, int | float) and not 0 <= value.constant <= 100:
        raise sql_error(1031, line=compiler.line)
    percent = convert(value, FLOAT, line=compiler.line).sql
    if isinstance(value.constant, int | float):
        return percent
    return f"(CASE WHEN {percent} BETWEEN 0 AND 100 THEN {percent} WHEN {percent} IS NULL THEN {raise_sql(1014)} " \
           f"ELSE {raise_sql(1031)} END)"  # fmt: skip


def _count_value(compiler: Compiler, node: Any) -> Typed:
    """The value of TOP, OFFSET or FETCH: it reads no column of the query. Raises 4115."""
    value = node if node is not None else exp.Literal.number(1)
    column = None if isinstance(value, exp.Query) else value.find(exp.Column)
    if column is not None and value.find(exp.Query) is None:
        raise sql_error(4115, column.name, line=compiler.line)
    return compiler.value(value)


def _row_count(compiler: Compiler, node: Any, least: int, number: int) -> str:
    """A number of rows; ``number`` is the error for one that is less than ``least``."""
    value = _count_value(compiler, node)
    if isinstance(value.constant, int):
        if value.constant < least:
            raise sql_error(number, line=compiler.line)
        return str(value.constant)
    if not value.type.is_integer:
        raise sql_error(1060, line=compiler.line)
    count = convert(value, BIGINT, line=compiler.line).sql
    return f"(CASE WHEN {count} >= {least} THEN {count} WHEN {count} IS NULL THEN {raise_sql(1014)} " \
           f"ELSE {raise_sql(number)} END)"  # fmt: skip
