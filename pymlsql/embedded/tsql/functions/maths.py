"""Mathematical functions (sql-docs, "Mathematical functions (Transact-SQL)")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.rows import Function, whole
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed, raise_sql
from pymlsql.embedded.tsql.types import FLOAT, INT, SqlType, decimal

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_DOMAIN = raise_sql(3623)


def _number(value: Typed, line: int) -> Typed:
    """A numeric argument; strings become float, small integers int."""
    if value.type.is_string or value.type.name == "null":
        return convert(value, FLOAT, line=line)
    if value.type.name in ("bit", "tinyint", "smallint"):
        return convert(value, INT, line=line)
    if not value.type.is_number:
        raise sql_error(8116, value.type.name, 1, "mathematical", line=line)
    return value


def _float(function: str, guard: str = "") -> Function:
    """A function of one float; ``guard`` is the condition outside of which SQL Server raises 3623."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        value = convert(args[0], FLOAT, line=compiler.line)
        sql = f"{function}({value.sql})"
        if guard:
            inside = guard.format(value.sql)
            sql = f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN {inside} THEN {sql} ELSE {_DOMAIN} END"
        return Typed(sql, FLOAT, value.nullable)

    return Function(1, 1, compile)


def _log(compiler: Compiler, args: list[Typed]) -> Typed:
    value = convert(args[0], FLOAT, line=compiler.line)
    sql = f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN {value.sql} > 0 THEN ln({value.sql}) ELSE {_DOMAIN} END"
    if len(args) == 2:
        base = convert(args[1], FLOAT, line=compiler.line)
        sql = f"({sql} / ln({base.sql}))"
    return Typed(sql, FLOAT, value.nullable)


def _abs(compiler: Compiler, args: list[Typed]) -> Typed:
    value = _number(args[0], compiler.line)
    return Typed(f"abs({value.sql})", value.type, value.nullable)


def _rounding(function: str) -> Function:
    """CEILING and FLOOR: the type stays, a decimal loses its scale."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        value = _number(args[0], compiler.line)
        result = decimal(value.type.precision, 0) if value.type.name == "decimal" else value.type
        return Typed(f"CAST({function}({value.sql}) AS {result.duckdb})", result, value.nullable)

    return Function(1, 1, compile)


def _round(compiler: Compiler, args: list[Typed]) -> Typed:
    """ROUND(x, n [, truncate]): half away from zero; the type stays."""
    value, digits = _number(args[0], compiler.line), whole(args[1], compiler.line)
    if not isinstance(digits.constant, int):
        raise unsupported("ROUND with a length that is not a constant", line=compiler.line)
    n = digits.constant
    if len(args) == 3:
        how = whole(args[2], compiler.line)
        if not isinstance(how.constant, int):
            raise unsupported("ROUND with a third argument that is not a constant", line=compiler.line)
        if how.constant != 0:
            return Typed(_truncated(value, n), value.type, value.nullable)
    sql = f"round({value.sql}, {n})"
    return Typed(f"CAST({sql} AS {value.type.duckdb})", value.type, value.nullable)


def _truncated(value: Typed, n: int) -> str:
    """A number cut behind ``n`` digits, or ``-n`` digits before the point; its type stays."""
    duck = value.type.duckdb
    if value.type.is_approximate:
        power = f"CAST(1e{abs(n)} AS DOUBLE)"
        scaled = f"{value.sql} * {power}" if n >= 0 else f"{value.sql} / {power}"
        return f"CAST(trunc({scaled}) {'/' if n >= 0 else '*'} {power} AS {duck})"
    precision, scale = value.type.digits
    if n >= scale:
        return value.sql
    if -n >= precision:
        return f"({value.sql} - {value.sql})"
    # What lies behind the digit is taken off: the remainder has the sign of the number.
    unit = f"CAST({10**-n} AS DECIMAL(38,0))" if n <= 0 else f"CAST('0.{'0' * (n - 1)}1' AS DECIMAL({n},{n}))"
    return f"CAST({value.sql} - {value.sql} % {unit} AS {duck})"


def _power(compiler: Compiler, args: list[Typed]) -> Typed:
    """The result has the first argument's type."""
    value, exponent = _number(args[0], compiler.line), convert(args[1], FLOAT, line=compiler.line)
    raised = f"pow(CAST({value.sql} AS DOUBLE), {exponent.sql})"
    if value.type.is_approximate:
        return Typed(raised, FLOAT, True)
    result = convert(Typed(raised, FLOAT), value.type, line=compiler.line)
    return Typed(result.sql, value.type, True)


def _sign(compiler: Compiler, args: list[Typed]) -> Typed:
    value = _number(args[0], compiler.line)
    return Typed(f"CAST(sign({value.sql}) AS {value.type.duckdb})", value.type, value.nullable)


def _square(compiler: Compiler, args: list[Typed]) -> Typed:
    value = convert(args[0], FLOAT, line=compiler.line)
    return Typed(f"({value.sql} * {value.sql})", FLOAT, value.nullable)


def _pi(compiler: Compiler, args: list[Typed]) -> Typed:
    return Typed("pi()", FLOAT, False)


def _newid(compiler: Compiler, args: list[Typed]) -> Typed:
    return Typed("uuid()", SqlType("uniqueidentifier"), False)


def _atn2(compiler: Compiler, args: list[Typed]) -> Typed:
    y, x = (convert(arg, FLOAT, line=compiler.line) for arg in args)
    return Typed(f"atan2({y.sql}, {x.sql})", FLOAT)


MATHS = {
    "ABS": Function(1, 1, _abs),
    "CEILING": _rounding("ceil"),
    "FLOOR": _rounding("floor"),
    "ROUND": Function(2, 3, _round),
    "POWER": Function(2, 2, _power),
    "SQRT": _float("sqrt", "{} >= 0"),
    "EXP": _float("exp"),
    "LOG": Function(1, 2, _log),
    "LOG10": _float("log10", "{} > 0"),
    "SIGN": Function(1, 1, _sign),
    "SQUARE": Function(1, 1, _square),
    "SIN": _float("sin"),
    "COS": _float("cos"),
    "TAN": _float("tan"),
    "ASIN": _float("asin", "{} BETWEEN -1 AND 1"),
    "ACOS": _float("acos", "{} BETWEEN -1 AND 1"),
    "ATAN": _float("atan"),
    "ATN2": Function(2, 2, _atn2),
    "DEGREES": _float("degrees"),
    "RADIANS": _float("radians"),
    "PI": Function(0, 0, _pi),
    "NEWID": Function(0, 0, _newid),
}
