"""Expressions of constraints as SQL Server keeps them: decoded from its parse tree, not as they were written.

Known of that form (sys.check_constraints, sys.default_constraints, "Behavior changes" of SQL Server 2005 in sql-docs,
and definitions in Microsoft's sample databases): the whole in parentheses, numbers in parentheses of their own, names
in brackets, functions in lower case, no blanks around operators, redundant parentheses gone, BETWEEN as two
comparisons, IN as ORs from the last to the first, CAST as CONVERT. An expression with anything else is kept as it was
written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

from pymlsql.embedded.tsql.lexer import Token, tokenize
from pymlsql.embedded.tsql.messages import SqlError

_OR, _AND, _NOT, _PREDICATE, _SUM, _PRODUCT, _ATOM = range(7)

_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!<": ">=", "!>": "<="}
_CALLS = {"CURRENT_TIMESTAMP": "getdate()", "SYSTEM_USER": "suser_sname()", "USER": "user_name()",
          "CURRENT_USER": "user_name()", "SESSION_USER": "user_name()"}  # fmt: skip
"""Functions that are written without parentheses."""

_KEPT = frozenset(["CASE", "COALESCE", "NULLIF", "IIF", "CHOOSE", "EXISTS", "SELECT", "TRY_CAST", "TRY_CONVERT",
                   "PARSE", "TRY_PARSE", "COLLATE", "AT", "NEXT", "ANY", "ALL", "SOME", "CONTAINS", "FREETEXT",
                   "ESCAPE", "BETWEEN", "IN", "LIKE", "IS", "AND", "OR", "NOT", "WHEN", "THEN", "ELSE", "END",
                   "AS"])  # fmt: skip
"""Words that begin or join what is not decoded here."""

_DATE_FUNCTIONS = frozenset(["DATEADD", "DATEDIFF", "DATEPART", "DATENAME", "DATEDIFF_BIG"])
_DATEPARTS = {"yy": "year", "yyyy": "year", "qq": "quarter", "q": "quarter", "mm": "month", "m": "month",
              "dy": "dayofyear", "y": "dayofyear", "dd": "day", "d": "day", "wk": "week", "ww": "week",
              "dw": "weekday", "w": "weekday", "hh": "hour", "mi": "minute", "n": "minute", "ss": "second",
              "s": "second", "ms": "millisecond", "mcs": "microsecond", "ns": "nanosecond"}  # fmt: skip

_Decoded = tuple[str, int]
"""Text, and how tightly its outermost operator binds."""


class _Unknown(Exception):
    """The expression holds what this module does not decode."""


@lru_cache(maxsize=4096)
def normal_form(text: str, names: tuple[str, ...] = ()) -> str:
    """``text`` as sys.check_constraints and its like show it; ``names`` are the table's columns, as they are spelt."""
    try:
        return f"({_Decoder(text, names).whole()})"
    except (_Unknown, SqlError):
        return _as_written(text)


def columns_in(text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of ``names`` that the expression refers to."""
    tokens = tokenize(text)
    used = {
        (token.text if token.kind == "word" else token.value).lower()
        for token, after in pairwise(tokens)
        if token.kind in ("word", "quoted") and not after.is_op("(")
    }
    return tuple(name for name in names if name.lower() in used)


def _as_written(text: str) -> str:
    tokens = tokenize(text)
    depth = 0
    for index, token in enumerate(tokens):
        depth += token.is_op("(") - token.is_op(")")
        if depth == 0:
            enclosed = index > 0 and tokens[index + 1].kind == "end"
            return text.strip() if enclosed else f"({text.strip()})"
    return f"({text.strip()})"


class _Decoder:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        self._tokens = tokenize(text)
        self._index = 0
        self._names = {name.lower(): name for name in names}

    def whole(self) -> str:
        text, _ = self._or()
        if self._token.kind != "end":
            raise _Unknown
        return text

    @property
    def _token(self) -> Token:
        return self._tokens[self._index]

    def _take_op(self, *operators: str) -> str:
        token = self._token
        if not token.is_op(*operators):
            return ""
        self._index += 1
        return token.value

    def _take_word(self, word: str) -> bool:
        found = self._token.is_word(word)
        self._index += found
        return found

    def _expect_op(self, operator: str) -> None:
        if not self._take_op(operator):
            raise _Unknown

    # Conditions ---------------------------------------------------------------------------------------------------

    def _or(self) -> _Decoded:
        return self._joined("OR", _OR, self._and)

    def _and(self) -> _Decoded:
        return self._joined("AND", _AND, self._not)

    def _joined(self, word: str, level: int, operand: Callable[[], _Decoded]) -> _Decoded:
        text, binding = operand()
        while self._take_word(word):
            right, right_binding = operand()
            text = f"{_within(text, binding, level)} {word} {_within(right, right_binding, level)}"
            binding = level
        return text, binding

    def _not(self) -> _Decoded:
        if self._take_word("NOT"):
            return f"NOT {_within(*self._not(), _PREDICATE)}", _NOT
        return self._predicate()

    def _predicate(self) -> _Decoded:
        left = self._sum()
        operator = self._take_op(*_COMPARISONS)
        if operator:
            return _comparison(left, _COMPARISONS[operator], self._sum())
        if self._take_word("IS"):
            word = "IS NOT NULL" if self._take_word("NOT") else "IS NULL"
            if not self._take_word("NULL"):
                raise _Unknown
            return f"{_within(*left, _SUM)} {word}", _PREDICATE
        if self._take_word("LIKE"):
            return f"{_within(*left, _SUM)} like {_within(*self._sum(), _SUM)}", _PREDICATE
        if self._take_word("BETWEEN"):
            return self._between(left)
        if self._take_word("IN"):
            return self._in(left)
        return left

    def _between(self, left: _Decoded) -> _Decoded:
        low = self._sum()
        if not self._take_word("AND"):
            raise _Unknown
        return f"{_comparison(left, '>=', low)[0]} AND {_comparison(left, '<=', self._sum())[0]}", _AND

    def _in(self, left: _Decoded) -> _Decoded:
        values = [_comparison(left, "=", value)[0] for value in self._arguments()]
        return " OR ".join(reversed(values)), _OR if len(values) > 1 else _PREDICATE

    # Values -------------------------------------------------------------------------------------------------------

    def _sum(self) -> _Decoded:
        return self._chain(("+", "-", "&", "|", "^"), _SUM, self._product)

    def _product(self) -> _Decoded:
        return self._chain(("*", "/", "%"), _PRODUCT, self._unary)

    def _chain(self, operators: tuple[str, ...], level: int, operand: Callable[[], _Decoded]) -> _Decoded:
        text, binding = operand()
        while operator := self._take_op(*operators):
            right, right_binding = operand()
            text = f"{_within(text, binding, level)}{operator}{_within(right, right_binding, level + 1)}"
            binding = level
        return text, binding

    def _unary(self) -> _Decoded:
        sign = self._take_op("-", "+")
        if not sign:
            return self._atom()
        if self._token.kind == "number":
            return f"({'-' if sign == '-' else ''}{self._next().text})", _ATOM
        text, binding = self._unary()
        if sign == "+":
            return text, binding
        return f"-{_within(text, binding, _ATOM)}", _PRODUCT

    def _next(self) -> Token:
        self._index += 1
        return self._tokens[self._index - 1]

    def _atom(self) -> _Decoded:
        if self._take_op("("):
            inner = self._or()
            self._expect_op(")")
            return inner
        token = self._next()
        if token.kind == "number":
            return f"({token.text})", _ATOM
        if token.kind == "string":
            return token.text[0].upper() + token.text[1:], _ATOM
        if token.kind not in ("word", "quoted") or (token.kind == "word" and token.value in _KEPT):
            raise _Unknown
        if self._token.is_op("."):
            return self._own_function(token), _ATOM
        if token.kind == "word" and self._token.is_op("("):
            return self._call(token), _ATOM
        if token.kind == "word" and token.value == "NULL":
            return "NULL", _ATOM
        if token.kind == "word" and token.value in _CALLS:
            return _CALLS[token.value], _ATOM
        return self._column(token), _ATOM

    def _own_function(self, token: Token) -> str:
        """A call of a function with its schema."""
        parts = [token]
        while self._take_op("."):
            parts.append(self._next())
        if not self._token.is_op("(") or any(part.kind not in ("word", "quoted") for part in parts):
            raise _Unknown
        names = [part.text if part.kind == "word" else part.value for part in parts]
        written = ".".join(f"[{name.replace(']', ']]')}]" for name in names)
        return f"{written}({','.join(text for text, _ in self._arguments())})"

    def _column(self, token: Token) -> str:
        name = token.text if token.kind == "word" else token.value
        return f"[{self._names.get(name.lower(), name).replace(']', ']]')}]"

    def _call(self, token: Token) -> str:
        if token.value == "CAST":
            return self._cast()
        if token.value == "CONVERT":
            return self._convert()
        if token.value in _DATE_FUNCTIONS:
            return self._date_function(token)
        return f"{token.text.lower()}({','.join(text for text, _ in self._arguments())})"

    def _arguments(self) -> list[_Decoded]:
        self._expect_op("(")
        found: list[_Decoded] = []
        while not self._take_op(")"):
            if found:
                self._expect_op(",")
            found.append(self._or())
        return found

    def _date_function(self, token: Token) -> str:
        self._expect_op("(")
        part = self._next()
        if part.kind != "word":
            raise _Unknown
        name = part.text.lower()
        return f"{token.text.lower()}({','.join([_DATEPARTS.get(name, name), *self._rest()])})"

    def _rest(self) -> list[str]:
        """The further arguments of a call whose first one is no expression, and its closing parenthesis."""
        found = []
        while self._take_op(","):
            found.append(self._or()[0])
        self._expect_op(")")
        return found

    def _cast(self) -> str:
        self._expect_op("(")
        value, _ = self._or()
        if not self._take_word("AS"):
            raise _Unknown
        target = self._data_type()
        self._expect_op(")")
        return f"CONVERT({target},{value})"

    def _convert(self) -> str:
        self._expect_op("(")
        return f"CONVERT({','.join([self._data_type(), *self._rest()])})"

    def _data_type(self) -> str:
        token = self._next()
        if token.kind not in ("word", "quoted"):
            raise _Unknown
        name = f"[{(token.text if token.kind == 'word' else token.value).lower()}]"
        if not self._take_op("("):
            return name
        sizes = [self._next().text.lower()]
        while self._take_op(","):
            sizes.append(self._next().text)
        self._expect_op(")")
        return f"{name}({','.join(sizes)})"


def _within(text: str, binding: int, level: int) -> str:
    return text if binding >= level else f"({text})"


def _comparison(left: _Decoded, operator: str, right: _Decoded) -> _Decoded:
    return f"{_within(*left, _SUM)}{operator}{_within(*right, _SUM)}", _PREDICATE
