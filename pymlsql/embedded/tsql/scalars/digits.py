"""Numbers with all their digits: STR, and products and quotients of decimals beyond 38 digits.

Source: "STR (Transact-SQL)" and "Precision, scale, and length" of sql-docs.
"""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

from pymlsql.embedded.tsql.messages import sql_error

STR = "pymlsql_str"
PRODUCT = "pymlsql_product"
QUOTIENT = "pymlsql_quotient"

_EXACT = Context(prec=1200)
_SEVENTEEN = Context(prec=17, rounding=ROUND_DOWN)
_MOST = 10**38


def str_text(value: float, length: int, decimals: int) -> str | None:
    """Right-justified; the decimals give way to the whole part, and stars stand where that does not fit."""
    if not 0 < length <= 8000 or decimals < 0:
        return None
    # Seventeen digits of the exact value, the rest cut off.
    exact = _SEVENTEEN.plus(Decimal(value))
    negative = math.copysign(1, value) < 0
    n_whole = len(str(abs(int(exact)))) + negative
    room = length - n_whole - 1
    shown = max(0, min(decimals, 16, room))
    rounded = abs(exact).quantize(Decimal(1).scaleb(-shown), ROUND_HALF_UP, _EXACT)
    text = ("-" if negative else "") + format(rounded, "f")
    return "*" * length if len(text) > length or n_whole > length else text.rjust(length)


def _limited(number: int) -> str:
    if abs(number) >= _MOST:
        raise sql_error(8115, "expression", "numeric")
    return str(number)


def product(a: str, b: str, cut: int) -> str:
    """The product of two whole numbers without its last ``cut`` digits, rounded. Raises 8115."""
    whole, unit = int(a) * int(b), 10**cut
    rounded = (abs(whole) + (unit // 2 if cut else 0)) // unit
    return _limited(-rounded if whole < 0 else rounded)


def quotient(a: str, b: str, shift: int) -> str:
    """``a * 10**shift / b`` of whole numbers, cut. Raises 8115."""
    dividend, divisor = int(a), int(b)
    whole = abs(dividend) * 10**shift // abs(divisor) if shift >= 0 else abs(dividend) // (abs(divisor) * 10**-shift)
    return _limited(whole if (dividend < 0) == (divisor < 0) else -whole)
