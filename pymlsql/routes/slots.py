"""The slot of an entity: a number from 0 to 9999 that only its key and the model's name decide.

The text that is hashed folds what SQL Server takes for one key: case and trailing blanks of texts. All but the last
of several keys have their length before them, so that no two keys give one text. `slot_text` is the T-SQL; `slot_of`
its twin in Python. UPPER is the server's, and knows letters that Python does not, or the other way round: for those
the server decides.
"""

from __future__ import annotations

import datetime
import decimal
import hashlib
import uuid
from collections.abc import Callable, Sequence
from typing import Any

N_SLOTS = 10_000

N_BYTES = 7
"""So many bytes of the hash are read as a number: as many as a positive bigint has room for."""


def slot_text(columns: Sequence[tuple[str, str]]) -> str:
    """T-SQL: the slot of a key; `columns` are its values, as T-SQL, with their types.

    @route_salt is the model's name behind its length: two models do not split alike.
    """
    *front, last = [_text(expression, sql_type) for expression, sql_type in columns]
    key = ", ".join([*(f"DATALENGTH({text}) / 2, N':', {text}" for text in front), last])
    digest = f"HASHBYTES('SHA2_256', CONCAT(@route_salt, {key}))"
    return f"CAST(SUBSTRING({digest}, 1, {N_BYTES}) AS bigint) % {N_SLOTS}"


SALT = "CONCAT(DATALENGTH(m.name) / 2, N':', m.name)"
"""T-SQL: what @route_salt is, of a row `m` of ml.models."""


def _text(expression: str, sql_type: str) -> str:
    base = sql_type.partition("(")[0]
    if base in ("nchar", "nvarchar", "sysname"):
        return f"UPPER(RTRIM({expression}))"
    if base in ("char", "varchar"):
        return f"UPPER(RTRIM(CONVERT(nvarchar(4000), {expression})))"
    if base in ("float", "real"):
        return f"CONVERT(nvarchar(40), CAST({expression} AS float) + 0E0, 3)"
    if base in ("money", "smallmoney"):
        return f"CONVERT(nvarchar(40), {expression}, 2)"
    if base in _STYLED:
        return f"CONVERT(nvarchar(40), {expression}, 121)"
    return f"CONVERT(nvarchar(41), {expression})"


_STYLED = ("date", "datetime", "smalldatetime", "datetime2")


def slot_of(model: str, key: Sequence[Any], types: Sequence[str]) -> int:
    """The slot of a key, whose values are as a client reads them from columns of these types.

    `model` is the name as the registry has it.
    """
    *front, last = [_plain(value, sql_type) for value, sql_type in zip(key, types, strict=True)]
    text = "".join([f"{_n_units(model)}:{model}", *(f"{_n_units(one)}:{one}" for one in front), last])
    digest = hashlib.sha256(text.encode("utf-16-le", "surrogatepass")).digest()
    return int.from_bytes(digest[:N_BYTES], "big") % N_SLOTS


def _n_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _plain(value: Any, sql_type: str) -> str:
    base, _, size = sql_type.partition("(")
    if base in _PLAIN:
        return _PLAIN[base](value)
    if base in ("decimal", "numeric"):
        scale = int(size.rstrip(")").partition(",")[2] or 0)
        return format(decimal.Decimal(value), f".{scale}f")
    if base == "datetime2":
        scale = int(size.rstrip(")") or 7)
        return (f"{value:%Y-%m-%d %H:%M:%S}." + f"{value.microsecond:06}0"[:scale]).rstrip(".")
    return str(int(value))


def _folded(text: str) -> str:
    """In capitals, as far as a letter has one that is one letter."""
    return "".join(letter.upper() if len(letter.upper()) == 1 else letter for letter in text.rstrip(" "))


def _scientific(value: float) -> str:
    digits, exponent = f"{value + 0.0:.16e}".split("e")
    return f"{digits}e{exponent[0]}{int(exponent[1:]):03}"


def _moment(value: datetime.datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03}"


_PLAIN: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(("nchar", "nvarchar", "sysname", "char", "varchar"), _folded),
    **dict.fromkeys(("float", "real"), _scientific),
    **dict.fromkeys(("money", "smallmoney"), lambda value: format(decimal.Decimal(value), ".4f")),
    **dict.fromkeys(("datetime", "smalldatetime"), _moment),
    "date": lambda value: f"{value:%Y-%m-%d}",
    "uniqueidentifier": lambda value: str(uuid.UUID(str(value))).upper(),
}
