"""ORDER BY, DISTINCT, TOP and OFFSET of a query whose columns are compiled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import comparison_key, order_key
from pymlsql.embedded.tsql.references import readable
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import BIGINT, FLOAT

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


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
            value = self.compiler.value(item.this)
            if value.constant is not None or value.sql == "NULL":
                raise sql_error(408, line=self.compiler.line)
            index = next((i for i, known in enumerate(self.columns) if readable(known).sql == value.sql), None)
            if index is None:
                if distinct:
                    raise sql_error(145, line=self.compiler.line)
                self.keys.append(f"k{len(self._extra)} {direction(item)}")
                self._extra.append(order_key(value))
                return
        self._by(index, item)

    def add_column(self, item: exp.Expr) -> None:
        """An item behind a set operator: a number or a name of the first query, qualified or not. Raises 104, 108."""
        node = item.this
        index = self._names.get(node.name.lower()) if isinstance(node, exp.Column) else self._column(node)
        if index is None:
            raise sql_error(104, line=self.compiler.line)
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


def ordered_rows(compiler: Compiler, sql: str, order: Ordering, limit: exp.Expr | None, offset: exp.Expr | None) -> str:
    """``sql`` ordered and cut by TOP, or by OFFSET and FETCH. Raises 102, 153, 1062."""
    by = f" ORDER BY {', '.join(order.keys)}" if order.keys else ""
    if offset is not None and not by:
        raise sql_error(102, "OFFSET", line=compiler.line)
    options = limit.args.get("limit_options") if limit is not None else None
    fetch = isinstance(limit, exp.Fetch)
    if fetch and offset is None:
        raise sql_error(153, line=compiler.line)
    if options is not None and not fetch and (options.args.get("percent") or options.args.get("with_ties")):
        assert limit is not None
        return _ranked(compiler, sql, order, limit, options)
    cut = ""
    if limit is not None:
        cut = f" LIMIT {_row_count(compiler, limit.args.get('count') if fetch else limit.expression)}"
    if offset is not None:
        cut += f" OFFSET {_row_count(compiler, offset.expression)}"
    if by:
        sql = f"SELECT {_outputs(order)} FROM ({sql}) AS {compiler.alias()}"
    elif cut:
        sql = f"SELECT * FROM ({sql}) AS {compiler.alias()}"
    return f"{sql}{by}{cut}"


def _outputs(order: Ordering) -> str:
    return ", ".join(f"c{index}" for index in range(len(order.columns)))


def _ranked(compiler: Compiler, sql: str, order: Ordering, limit: exp.Expr, options: exp.Expr) -> str:
    """TOP PERCENT and WITH TIES: rows by their number or rank. A percentage is rounded up to whole rows."""
    ties, percent = options.args.get("with_ties"), options.args.get("percent")
    if ties and not order.keys:
        raise sql_error(1062, line=compiler.line)
    by = f"ORDER BY {', '.join(order.keys)}" if order.keys else ""
    place = f"{'rank' if ties else 'row_number'}() OVER ({by})"
    total = ", count(*) OVER () AS n_rows" if percent else ""
    wanted = _row_count(compiler, limit.expression) if not percent else \
        f"ceil(n_rows * {_percentage(compiler, limit.expression)} / 100)"  # fmt: skip
    ranked = f"SELECT *, {place} AS place{total} FROM ({sql}) AS {compiler.alias()}"
    return f"SELECT {_outputs(order)} FROM ({ranked}) AS {compiler.alias()} WHERE place <= {wanted} {by}".rstrip()


def _percentage(compiler: Compiler, node: Any) -> str:
    value = compiler.value(node)
    if isinstance(value.constant, int | float) and not 0 <= value.constant <= 100:
        raise sql_error(1031, line=compiler.line)
    if value.constant is None:
        raise unsupported("TOP (expression) PERCENT", line=compiler.line)
    return convert(value, FLOAT, line=compiler.line).sql


def _row_count(compiler: Compiler, node: Any) -> str:
    value = compiler.value(node if node is not None else exp.Literal.number(1))
    if isinstance(value.constant, int):
        if value.constant < 0:
            raise sql_error(127, line=compiler.line)
        return str(value.constant)
    if not value.type.is_integer and value.type.name != "null":
        raise sql_error(1060, line=compiler.line)
    return f"({convert(value, BIGINT, line=compiler.line).sql})"
