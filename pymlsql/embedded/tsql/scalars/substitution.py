"""The placeholders of RAISERROR and FORMATMESSAGE (sql-docs, "RAISERROR (Transact-SQL)")."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pymlsql.embedded.tsql.messages import sql_error

MESSAGE = "pymlsql_message"
_MOST = 2047
_PLACE = re.compile(r"%(?:%|(?P<flags>[-+0# ]*)(?P<width>\*|\d*)(?:\.(?P<precision>\*|\d+))?(?P<size>I64|l|h)?"
                    r"(?P<kind>[disuxXo]))")  # fmt: skip


def format_message(text: str, arguments: Sequence[Any]) -> str:
    """``text`` with its placeholders filled, (null) where there is nothing. Raises 2786, 2787."""
    unknown = re.search(r"%[^ ]?", _PLACE.sub("", text))
    if unknown:
        raise sql_error(2787, unknown[0])
    values, n_taken = list(arguments), 0

    def next_value() -> Any:
        nonlocal n_taken
        n_taken += 1
        return values[n_taken - 1] if n_taken <= len(values) else None

    def one(match: re.Match[str]) -> str:
        if match["kind"] is None:
            return "%"
        width = next_value() if match["width"] == "*" else match["width"]
        precision = next_value() if match["precision"] == "*" else match["precision"]
        value = next_value()
        if value is None:
            return "(null)"
        if (match["kind"] != "s") != isinstance(value, int):
            raise sql_error(2786, n_taken)
        places = match["flags"] + str(width or "") + ("" if precision is None else f".{precision}")
        return _shown(value, match["kind"], places, 64 if match["size"] == "I64" else 32)

    filled = _PLACE.sub(one, text)
    return filled if len(filled) <= _MOST else filled[: _MOST - 3] + "..."


def _shown(value: Any, kind: str, places: str, bits: int) -> str:
    if kind in "uxXo":
        value %= 1 << bits
    if kind == "o" and "#" in places:
        # C writes a leading zero where Python writes 0o.
        return str(("%" + places.replace("#", "") + "s") % ("0" + format(value, "o")))
    shown = "d" if kind in "iu" else kind
    return str(("%" + (places.replace("+", "").replace(" ", "") if kind in "uxXo" else places) + shown) % value)


def message_of(text: str, arguments: list[str | None]) -> str:
    """The same for FORMATMESSAGE: each argument is its text behind n for numbers, s for strings."""
    values = [None if one is None else int(one[1:]) if one[0] == "n" else one[1:] for one in arguments]
    return format_message(text, values)
