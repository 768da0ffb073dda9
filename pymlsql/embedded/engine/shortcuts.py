"""Expressions so plain that DuckDB need not be asked: constants, variables, and arithmetic and comparison of integers.

Law: a shortcut gives what the long way gives, or declines (UNKNOWN_YET). It knows int, smallint, tinyint and bigint
and NULL; whatever else appears, an overflow and a division by zero included, goes the long way. So does the least
value of a type: whether -a * b overflows there hangs on what is done first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tsql.lexer import Token, tokenize
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.types import MAX, SqlType

UNKNOWN_YET: Final = object()

_RANGES = {"tinyint": (-1, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1),
           "bigint": (-(2**63), 2**63 - 1)}  # fmt: skip
"""What a value lies above, and what it does not exceed."""
_RANKS = {name: rank for rank, name in enumerate(_RANGES)}
_SUMS, _PRODUCTS = ("+", "-"), ("*", "/", "%")
_COMPARISONS = ("=", "<>", "!=", "<", ">", "<=", ">=")
_LONGEST = 200


class _Declined(Exception):
    """The long way has to tell."""


@dataclass(frozen=True, slots=True)
class _Tree:
    """An operator with two sides; "@" a variable by its name, "1" a constant, IS NULL and IS NOT NULL of a variable."""

    operator: str
    name: str = ""
    number: int | None = None
    left: _Tree | None = None
    right: _Tree | None = None


def quick_value(frame: Frame, text: str, target: SqlType | None) -> Any:
    """The value of ``text`` at ``target``, or UNKNOWN_YET."""
    tree = _parsed(text)
    if tree is None:
        return UNKNOWN_YET
    if tree.operator == "@":
        value = frame.variables.get(tree.name)
        return value.value if value is not None and _holds(value.type, target) else UNKNOWN_YET
    if target is None or tree.operator in _COMPARISONS or tree.operator.startswith("IS"):
        return UNKNOWN_YET
    if tree.operator == "1" and tree.number is None:
        return None
    if tree.operator == "1" and target.name == "bit":
        return tree.number != 0
    try:
        result, _ = _value(frame, tree)
        if result is None:
            return None if target.name in _RANGES else UNKNOWN_YET
        return _within(result, target.name)
    except _Declined:
        return UNKNOWN_YET


def quick_condition(frame: Frame, text: str) -> bool | None:
    """Whether ``text`` is true, or None when the long way has to tell."""
    tree = _parsed(text)
    if tree is None or not (tree.operator in _COMPARISONS or tree.operator.startswith("IS")):
        return None
    if tree.operator.startswith("IS"):
        value = frame.variables.get(tree.name)
        return None if value is None else (value.value is None) == (tree.operator == "IS NULL")
    assert tree.left is not None and tree.right is not None
    try:
        left, right = _comparable(frame, tree.left), _comparable(frame, tree.right)
    except _Declined:
        return None
    if left is None or right is None:
        return None
    return {"=": left == right, "<>": left != right, "!=": left != right, "<": left < right, ">": left > right,
            "<=": left <= right, ">=": left >= right}[tree.operator]  # fmt: skip


# Values -----------------------------------------------------------------------------------------------------------


def _holds(source: SqlType, target: SqlType | None) -> bool:
    """Whether ``target`` takes a value of ``source`` as it is; the (max) types take all of their kind."""
    if source == target or target is None:
        return source == target
    varying = target.length == MAX and target.name in ("varbinary", "nvarchar")
    return varying and (source.is_binary if target.is_binary else source.is_string)


def _within(number: int, name: str) -> int:
    low, high = _RANGES.get(name, (0, 0))
    if not low < number <= high:
        raise _Declined
    return number


def _comparable(frame: Frame, tree: _Tree) -> int | None:
    if tree.operator == "@":
        value = frame.variables.get(tree.name)
        if value is not None and value.type.name == "bit":
            return None if value.value is None else int(value.value)
    return _value(frame, tree)[0]


def _value(frame: Frame, tree: _Tree) -> tuple[int | None, str]:
    """A number and its type. Raises _Declined."""
    if tree.operator == "1":
        return tree.number, "int"
    if tree.operator == "@":
        value = frame.variables.get(tree.name)
        if value is None or value.type.name not in _RANGES:
            raise _Declined
        return value.value, value.type.name
    assert tree.left is not None and tree.right is not None
    (a, kind_a), (b, kind_b) = _value(frame, tree.left), _value(frame, tree.right)
    kind = max(kind_a, kind_b, key=_RANKS.__getitem__)
    if a is None or b is None:
        return None, kind
    return _within(_computed(tree.operator, a, b), kind), kind


def _computed(operator: str, a: int, b: int) -> int:
    if operator == "+":
        return a + b
    if operator == "-":
        return a - b
    if operator == "*":
        return a * b
    if b == 0:
        raise _Declined
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)  # T-SQL cuts towards zero
    return quotient if operator == "/" else a - quotient * b


# Texts ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _parsed(text: str) -> _Tree | None:
    """The tree of a text that is plain enough, else None."""
    if len(text) > _LONGEST:
        return None
    try:
        return _Parser(tokenize(text)).whole()
    except (_Declined, SqlError):
        return None


class _Parser:
    """Sums of products of numbers, variables and brackets; at the top one comparison, or IS [NOT] NULL."""

    def __init__(self, tokens: tuple[Token, ...] | list[Token]) -> None:
        self._tokens = tokens
        self._index = 0

    def whole(self) -> _Tree:
        tree = self._sum()
        token = self._take()
        if token.is_word("IS") and tree.operator == "@":
            negated = self._tokens[self._index].is_word("NOT")
            self._index += negated
            if not self._take().is_word("NULL"):
                raise _Declined
            tree, token = _Tree("IS NOT NULL" if negated else "IS NULL", tree.name), self._take()
        elif token.is_op(*_COMPARISONS):
            tree, token = _Tree(token.value, left=tree, right=self._sum()), self._take()
        if token.kind != "end":
            raise _Declined
        return tree

    def _take(self) -> Token:
        token = self._tokens[self._index]
        self._index += token.kind != "end"
        return token

    def _sum(self) -> _Tree:
        tree = self._product()
        while self._tokens[self._index].is_op(*_SUMS):
            tree = _Tree(self._take().value, left=tree, right=self._product())
        return tree

    def _product(self) -> _Tree:
        tree = self._atom()
        while self._tokens[self._index].is_op(*_PRODUCTS):
            operator, signed = self._take().value, self._tokens[self._index].is_op("-")
            tree = _Tree(operator, left=tree, right=self._atom())
            if signed and self._tokens[self._index].is_op(*_PRODUCTS):
                raise _Declined  # a minus binds less than a product: 100 / -100 * 10 is 100 / -(100 * 10)
        return tree

    def _atom(self) -> _Tree:
        token = self._take()
        if token.kind == "variable" and not token.text.startswith("@@"):
            return _Tree("@", token.text.lower())
        if token.is_word("NULL"):
            return _Tree("1")
        if token.is_op("-"):
            return _Tree("1", number=-self._number(self._take()))
        if token.is_op("("):
            tree = self._sum()
            if not self._take().is_op(")"):
                raise _Declined
            return tree
        return _Tree("1", number=self._number(token))

    def _number(self, token: Token) -> int:
        if token.kind != "number" or not token.text.isdigit() or int(token.text) >= 2**31:
            raise _Declined
        return int(token.text)
