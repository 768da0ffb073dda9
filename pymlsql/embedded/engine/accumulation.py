"""SELECT @x = @x + ... over several rows: carried out where the order of the rows cannot matter.

SQL Server's documentation leaves open in which order the rows are taken. So sums of exact numbers are right, and what
bits of whole numbers are joined to; strings and floats are refused, as is an ORDER BY.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.dialect import parse_query, parse_scalar
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame

_BITS = {exp.BitwiseOr: "|", exp.BitwiseAnd: "&", exp.BitwiseXor: "^"}
_RANGES = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1),
           "bigint": (-(2**63), 2**63 - 1)}  # fmt: skip
_MOST_DIGITS = 37
"""Up to so many the sum of two decimals keeps all digits behind the point."""


class Accumulation:
    """What the assignments of one statement come to, row by row."""

    def __init__(self, frame: Frame, statement: nodes.Select, columns: Sequence[Typed]) -> None:
        self.line = statement.line
        tree = parse_query(statement.query.sql, statement.query.line)
        if any(tree.args.get(part) for part in ("order", "limit", "distinct", "offset")):
            raise self._refused()
        assigned = {name for name, _ in statement.assignments}
        self.sums: dict[int, _Sum] = {}
        for index, (name, operator) in enumerate(statement.assignments):
            value = parse_scalar(statement.values[index].sql, statement.line)
            found = _operator(value, operator, name, assigned)
            if found == "=":
                continue
            variable = frame.get(name, self.line)
            if not found or not _is_exact(found, variable.type, columns[index].type):
                raise self._refused()
            self.sums[index] = _Sum(found, variable.type, variable.value, counted=operator == "=")

    def _refused(self) -> Exception:
        return unsupported("SELECT that adds up a variable over several rows", line=self.line)

    def add(self, rows: list[Any]) -> None:
        """More rows of the query."""
        for index, one in self.sums.items():
            for row in rows:
                one.add(row[index])

    def results(self) -> dict[int, Any]:
        """By place the values of the variables that were added up. Raises 8115."""
        return {index: one.result(self.line) for index, one in self.sums.items()}


def _operator(value: exp.Expr, operator: str, name: str, assigned: set[str]) -> str:
    """How an assignment adds up: + - | & ^, "=" where it reads nothing that is assigned, "" for other ways."""
    reads = [f"@{node.name.lower()}" for node in value.find_all(exp.Parameter)]
    of_assigned = [read for read in reads if read in assigned]
    if operator != "=":
        return operator[0] if not of_assigned and operator[0] in "+-|&^" else ""
    if not of_assigned:
        return "="
    if of_assigned != [name]:
        return ""
    kind = next((sign for cls, sign in _BITS.items() if isinstance(value, cls)), "")
    if kind:
        return kind if any(_is_variable(side, name) for side in (value.this, value.expression)) else ""
    return "+" if _is_term(value, name) else ""


def _is_variable(node: exp.Expr, name: str) -> bool:
    return isinstance(node, exp.Parameter) and f"@{node.name.lower()}" == name


def _is_term(node: exp.Expr, name: str) -> bool:
    """Whether the variable is a term of a sum, with a plus before it."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Add):
        return _is_term(node.this, name) or _is_term(node.expression, name)
    if isinstance(node, exp.Sub):
        return _is_term(node.this, name)
    return _is_variable(node, name)


def _is_exact(operator: str, variable: SqlType, column: SqlType) -> bool:
    """Whether each step is exact: whole numbers, or no more digits behind the point than the variable has."""
    if operator in "|&^":
        return variable.name in _RANGES and column.name in _RANGES
    known = variable.name in (*_RANGES, "decimal", "money", "smallmoney")
    if not known or not column.is_exact or column.digits[1] > variable.digits[1]:
        return False
    return max(variable.digits[0], column.digits[0]) <= _MOST_DIGITS


class _Sum:
    """One variable that is added up; ``counted`` where the rows' values have the variable's first value in them."""

    def __init__(self, operator: str, type_: SqlType, first: Any, *, counted: bool) -> None:
        self.operator, self.type, self.first, self.counted = operator, type_, first, counted
        self.is_null = first is None
        self.value = first
        self.highest = self.lowest = first

    def add(self, given: Any) -> None:
        if self.is_null or given is None:
            self.is_null = True
            return
        given = int(given) if isinstance(given, bool) else given
        if self.operator == "|":
            self.value |= given
        elif self.operator == "&":
            self.value &= given
        elif self.operator == "^":
            self.value ^= given ^ self.first if self.counted else given
        else:
            step = given - self.first if self.counted else -given if self.operator == "-" else given
            self.value += step
            self.highest += max(step, 0)
            self.lowest += min(step, 0)

    def result(self, line: int) -> Any:
        """Raises 8115 where the sum does not fit; refused where only some orders of the rows would not fit."""
        if self.is_null or self.operator in "|&^":
            return None if self.is_null else self.value
        low, high = _limits(self.type)
        if low <= self.lowest and self.highest <= high:
            return self.value
        if self.type.name in ("int", "bigint") and not low <= self.value <= high:
            raise sql_error(8115, "expression", self.type.name, line=line)
        raise unsupported("SELECT that adds up a variable beyond its range", line=line)


def _limits(type_: SqlType) -> tuple[Any, Any]:
    if type_.name in _RANGES:
        return _RANGES[type_.name]
    most = 10 ** (type_.digits[0] - type_.digits[1])
    if type_.name in ("money", "smallmoney"):
        most = (2**63 if type_.name == "money" else 2**31) // 10000
    return -most + 1, most - 1
