"""Arithmetic of decimal and money, exact: precision and scale by SQL Server's rules, quotients cut and not rounded.

Source: "Precision, scale, and length (Transact-SQL)" of sql-docs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pymlsql.embedded.tsql.scalars.digits import PRODUCT, QUOTIENT
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import MONEY, SqlType, decimal

_MOST = 38


def digits(value: Typed) -> tuple[int, int]:
    """(precision, scale) of an operand; a whole number that is a constant counts as many digits as it has."""
    if value.type.name == "int" and isinstance(value.constant, int) and not value.cast:
        return max(1, len(str(abs(value.constant)))), 0
    return value.type.digits


def decimal_arithmetic(operator: str, left: Typed, right: Typed, line: int) -> Typed:
    """``left operator right`` for + - * / % of exact numbers of which one is decimal or money."""
    if left.type.name != "decimal" and right.type.name != "decimal":
        return _money(operator, left, right)
    a, b = digits(left), digits(right)
    nullable = left.nullable or right.nullable
    if operator in "+-":
        result = _sum_type(a, b)
        if result.scale < max(a[1], b[1]):
            return Typed(_reduced_sum(operator, left, right, result), result, nullable)
        duck = result.duckdb
        sql = f"(CAST({left.sql} AS {duck}) {operator} CAST({right.sql} AS {duck}))"
        return Typed(f"CAST({sql} AS {duck})", result, nullable)
    if operator == "*":
        return Typed(_product(left, right, a, b), _limited(a[0] + b[0] + 1, a[1] + b[1]), nullable)
    if operator == "%":
        return _remainder(left, right, a, b, nullable)
    scale = max(6, a[1] + b[0] + 1)
    result = _limited(a[0] - a[1] + b[1] + scale, scale)
    return Typed(quotient(left, right, result), result, nullable)


def _sum_type(a: tuple[int, int], b: tuple[int, int]) -> SqlType:
    """Beyond 38 digits the scale gives way to the whole part."""
    scale = max(a[1], b[1])
    whole = max(a[0] - a[1], b[0] - b[1])
    precision = whole + scale + 1
    return decimal(min(precision, _MOST), min(scale, _MOST - whole))


def _reduced_sum(operator: str, left: Typed, right: Typed, result: SqlType) -> str:
    """A sum whose scale gives way. What is rounded first, the operands or the sum, is not documented: only a sum that
    loses nothing is answered."""
    duck = result.duckdb

    def kept(value: Typed) -> str:
        scale = value.type.digits[1]
        if scale <= result.scale:
            return f"CAST({value.sql} AS {duck})"
        refused = raise_sql(40510, quote_text("decimal addition that loses digits"))
        lost = f"{unscaled(value)} % {10 ** (scale - result.scale)} <> 0"
        return f"CASE WHEN {lost} THEN {refused} ELSE CAST({value.sql} AS {duck}) END"

    return f"({kept(left)} {operator} {kept(right)})"


def _limited(precision: int, scale: int) -> SqlType:
    """The type of a product or quotient: beyond 38 digits the scale gives way, down to six."""
    if precision <= _MOST:
        return decimal(precision, scale)
    whole = precision - scale
    return decimal(_MOST, min(scale, _MOST - whole) if whole < 32 else min(scale, 6))


def _scaled(whole: str, scale: int) -> str:
    """A whole number as the digits of a decimal of ``scale``."""
    if scale == 0:
        return f"CAST({whole} AS DECIMAL(38,0))"
    unit = f"CAST('0.{'0' * (scale - 1)}1' AS DECIMAL({scale},{scale}))"
    return f"(CAST({whole} AS DECIMAL(38,0)) * {unit})"


def unscaled(value: Typed) -> str:
    """A decimal's digits as a whole number."""
    scale = value.type.digits[1]
    if scale == 0:
        return f"CAST({value.sql} AS HUGEINT)"
    precision = value.type.digits[0]
    if precision + scale <= _MOST:
        # Multiplied by 10^scale of scale 0 the digits stay and the fraction becomes zero.
        return f"CAST(CAST({value.sql} AS DECIMAL({precision + scale},{scale})) * {10**scale} AS HUGEINT)"
    return f"CAST(replace(CAST({value.sql} AS VARCHAR), '.', '') AS HUGEINT)"


def _product(left: Typed, right: Typed, a: tuple[int, int], b: tuple[int, int]) -> str:
    """A product; where 38 digits do not hold its scale, it is rounded."""
    result = _limited(a[0] + b[0] + 1, a[1] + b[1])
    if a[0] + b[0] <= _MOST:
        first, second = f"CAST({left.sql} AS DECIMAL({a[0]},{a[1]}))", f"CAST({right.sql} AS DECIMAL({b[0]},{b[1]}))"
        return f"CAST({first} * {second} AS {result.duckdb})"
    cut = a[1] + b[1] - result.scale
    half = 5 * 10 ** (cut - 1) if cut else 0
    unit = 10**cut

    def body(pair: str) -> str:
        x, y = f"{pair}[1]", f"{pair}[2]"
        exact = f"TRY({x} * {y})"
        rounded = f"(({exact} + CASE WHEN {exact} < 0 THEN -{half} ELSE {half} END) // {unit})" if cut else exact
        long_way = f"CAST({PRODUCT}(CAST({x} AS VARCHAR), CAST({y} AS VARCHAR), {cut}) AS HUGEINT)"
        # What has more digits than DuckDB's numbers is multiplied by Python.
        return f"CAST({_scaled(f'coalesce(TRY({rounded}), {long_way})', result.scale)} AS {result.duckdb})"

    return bound(f"[{unscaled(left)}, {unscaled(right)}]", body, always=True)


def _remainder(left: Typed, right: Typed, a: tuple[int, int], b: tuple[int, int], nullable: bool) -> Typed:
    scale = max(a[1], b[1])
    result = decimal(min(_MOST, min(a[0] - a[1], b[0] - b[1]) + scale), scale)
    wide = decimal(min(_MOST, max(a[0] - a[1], b[0] - b[1]) + scale), scale).duckdb
    divisor = Typed(f"CAST({right.sql} AS {wide})", right.type)
    sql = divided(left, divisor, lambda dividend, by: f"(CAST({dividend.sql} AS {wide}) % {by})")
    return Typed(f"CAST({sql} AS {result.duckdb})", result, nullable)


def divided(left: Typed, right: Typed, write: Callable[[Typed, str], str]) -> str:
    """What ``write`` makes of the dividend and a divisor that raises 8134 when it is zero and the dividend is not
    NULL: NULL divided by zero is NULL."""
    if isinstance(right.constant, int | float) and right.constant != 0:
        return write(left, right.sql)

    def guarded(dividend: Typed) -> str:
        known = f" AND {dividend.sql} IS NOT NULL" if dividend.nullable else ""
        divisor = bound(right.sql, lambda v: f"(CASE WHEN {v} = 0{known} THEN {raise_sql(8134)} ELSE {v} END)")
        return write(dividend, divisor)

    return bound(left.sql, lambda v: guarded(replace(left, sql=v))) if left.nullable else guarded(left)


def quotient(left: Typed, right: Typed, result: SqlType) -> str:
    """``left / right`` cut at the scale of ``result``: long division of whole numbers, as many digits a step as fit."""
    whole = Typed(unscaled(right), right.type, constant=right.constant)
    return divided(left, whole, lambda dividend, by: _quotient(dividend, by, right, result))


def _quotient(left: Typed, divisor: str, right: Typed, result: SqlType) -> str:
    (p1, s1), (p2, s2) = left.type.digits, right.type.digits
    scale = result.digits[1]
    shift = scale + s2 - s1
    dividend = unscaled(left)
    if shift < 0:
        divisor, shift = f"({divisor} * {10**-shift})", 0
    if p1 + shift <= _MOST:
        times = f" * CAST('{10**shift}' AS HUGEINT)" if shift else ""
        whole = f"(({dividend}{times}) // {divisor})"
        return f"CAST({_scaled(whole, scale)} AS {result.duckdb})"
    return _long_division(dividend, divisor, p2, shift, scale, result)


def _long_division(dividend: str, divisor: str, p2: int, shift: int, scale: int, result: SqlType) -> str:
    """Each step takes the remainder on by as many digits as keep it within 38."""
    step = _MOST - p2
    if step <= 0:
        whole = f"CAST({QUOTIENT}(CAST({dividend} AS VARCHAR), CAST({divisor} AS VARCHAR), {shift}) AS HUGEINT)"
        return f"CAST({_scaled(whole, scale)} AS {result.duckdb})"

    def digits_after(n: str, d: str, left: int) -> str:
        if left == 0:
            return f"({n} // {d})"
        k = min(step, left)
        rest = bound(f"(({n} % {d}) * CAST('{10**k}' AS HUGEINT))", lambda r: digits_after(r, d, left - k), always=True)
        return f"(({n} // {d}) * CAST('{10**left}' AS HUGEINT) + {rest})"

    def divide(pair: str) -> str:
        return f"CAST({_scaled(digits_after(f'{pair}[1]', f'{pair}[2]', shift), scale)} AS {result.duckdb})"

    return bound(f"[{dividend}, {divisor}]", divide, always=True)


def _money(operator: str, left: Typed, right: Typed) -> Typed:
    """money with money or whole numbers is money; a quotient is cut at four digits."""
    result = MONEY if "money" in (left.type.name, right.type.name) else SqlType("smallmoney")
    nullable = left.nullable or right.nullable
    if operator in "+-":
        sql = f"(CAST({left.sql} AS DECIMAL(20,4)) {operator} CAST({right.sql} AS DECIMAL(20,4)))"
    elif operator == "*" and (left.type.is_integer or right.type.is_integer):
        sql = f"(CAST({left.sql} AS DECIMAL(19,{left.type.digits[1]})) * CAST({right.sql} AS DECIMAL(19," \
              f"{right.type.digits[1]})))"  # fmt: skip
    elif operator == "/":
        sql = quotient(left, right, decimal(_MOST, 4))
    elif operator == "%":
        divisor = Typed(f"CAST({right.sql} AS DECIMAL(19,4))", right.type, constant=right.constant)
        sql = divided(left, divisor, lambda dividend, by: f"(CAST({dividend.sql} AS DECIMAL(19,4)) % {by})")
    else:
        sql = _money_product(left, right)
    return Typed(money_range(sql, result), result, nullable)


def _money_product(left: Typed, right: Typed) -> str:
    """money * money. Whether its fifth digit is cut or rounded is not documented: only a product without one is
    answered."""
    product = f"(CAST({left.sql} AS DECIMAL(19,4)) * CAST({right.sql} AS DECIMAL(19,4)))"
    refused = raise_sql(40510, quote_text("money * money with more than four digits of a fraction"))
    return bound(product, lambda v: f"CASE WHEN {v} <> round({v}, 4) THEN {refused} ELSE {v} END")


def money_range(sql: str, type_: SqlType) -> str:
    """A decimal of four digits as money or smallmoney. Raises 8115 beyond its range."""
    edge = "922337203685477.5807" if type_ == MONEY else "214748.3647"
    low = "-922337203685477.5808" if type_ == MONEY else "-214748.3648"
    overflow = raise_sql(8115, quote_text("expression"), quote_text(type_.name))
    return bound(sql, lambda v: f"CASE WHEN {v} NOT BETWEEN {low} AND {edge} THEN {overflow} "
                                f"ELSE CAST({v} AS {type_.duckdb}) END")  # fmt: skip
