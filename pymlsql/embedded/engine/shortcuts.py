"""Expressions so plain that DuckDB need not be asked: constants, variables, and arithmetic and comparison of integers.

Law: a shortcut gives what the long way gives, or declines (UNKNOWN_YET). It knows int, smallint, tinyint and bigint
and NULL; whatever else appears, an overflow included, goes the long way.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tsql.types import MAX, SqlType

UNKNOWN_YET: Final = object()

_OPERAND = r"(@[A-Za-z_][\w@$#]*|-?\d{1,9}|NULL)"
_ATOM = re.compile(rf"\s*{_OPERAND}\s*", re.IGNORECASE)
_SUM = re.compile(rf"\s*{_OPERAND}\s*([-+*])\s*\(?\s*{_OPERAND}\s*\)?\s*", re.IGNORECASE)
_COMPARISON = re.compile(rf"\s*{_OPERAND}\s*(=|<>|!=|<=|>=|<|>)\s*{_OPERAND}\s*", re.IGNORECASE)
_IS_NULL = re.compile(r"\s*(@[A-Za-z_][\w@$#]*)\s+IS\s+(NOT\s+)?NULL\s*", re.IGNORECASE)
_RANGES = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1),
           "bigint": (-(2**63), 2**63 - 1)}  # fmt: skip


def quick_value(frame: Frame, text: str, target: SqlType | None) -> Any:
    """The value of ``text`` at ``target``, or UNKNOWN_YET."""
    atom = _ATOM.fullmatch(text)
    if atom is not None:
        return _atom(frame, atom[1], target)
    found = _SUM.fullmatch(text)
    if found is None or target is None or target.name not in _RANGES:
        return UNKNOWN_YET
    left, right = _integer(frame, found[1]), _integer(frame, found[3])
    if left is None or right is None:
        return UNKNOWN_YET
    (a, kind_a), (b, kind_b) = left, right
    result = a + b if found[2] == "+" else a - b if found[2] == "-" else a * b
    wider = max(kind_a, kind_b, key=lambda name: SqlType(name).rank)
    for name in (wider, target.name):
        low, high = _RANGES[name]
        if not low <= result <= high:
            return UNKNOWN_YET
    return result


def _holds(source: SqlType, target: SqlType | None) -> bool:
    """Whether ``target`` takes a value of ``source`` as it is; the (max) types take all of their kind."""
    if source == target or target is None:
        return source == target
    varying = target.length == MAX and target.name in ("varbinary", "nvarchar")
    return varying and (source.is_binary if target.is_binary else source.is_string)


def _atom(frame: Frame, text: str, target: SqlType | None) -> Any:
    if text.upper() == "NULL":
        return None if target is not None else UNKNOWN_YET
    if text.startswith("@"):
        value = frame.variables.get(text.lower())
        return value.value if value is not None and _holds(value.type, target) else UNKNOWN_YET
    number = int(text)
    if target is None:
        return UNKNOWN_YET
    if target.name == "bit":
        return number != 0
    low, high = _RANGES.get(target.name, (1, 0))
    return number if low <= number <= high else UNKNOWN_YET


def _integer(frame: Frame, text: str) -> tuple[int, str] | None:
    """An operand's value and type when it is an integer that is known and not NULL."""
    if not text.startswith("@"):
        return None if text.upper() == "NULL" else (int(text), "int")
    value = frame.variables.get(text.lower())
    if value is None or value.type.name not in _RANGES or value.value is None:
        return None
    return int(value.value), value.type.name


def quick_condition(frame: Frame, text: str) -> bool | None:
    """Whether ``text`` is true, or None when the long way has to tell."""
    found = _IS_NULL.fullmatch(text)
    if found is not None:
        value = frame.variables.get(found[1].lower())
        return None if value is None else (value.value is None) != bool(found[2])
    found = _COMPARISON.fullmatch(text)
    if found is None:
        return None
    left, right = _comparable(frame, found[1]), _comparable(frame, found[3])
    if left is None or right is None:
        return None
    return {"=": left == right, "<>": left != right, "!=": left != right, "<": left < right, ">": left > right,
            "<=": left <= right, ">=": left >= right}[found[2]]  # fmt: skip


def _comparable(frame: Frame, text: str) -> int | None:
    value = frame.variables.get(text.lower())
    if value is not None and value.type.name == "bit" and value.value is not None:
        return int(value.value)
    found = _integer(frame, text)
    return None if found is None else found[0]
