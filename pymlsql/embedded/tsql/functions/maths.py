"""Mathematical functions (sql-docs, "Mathematical functions (Transact-SQL)")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.functions.rows import Function, whole
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import finite
from pymlsql.embedded.tsql.typed import Typed, quote_text, raise_sql
from pymlsql.embedded.tsql.types import BIGINT, FLOAT, INT, MONEY, decimal

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_DOMAIN = raise_sql(3623)


def _number(value: Typed, line: int) -> Typed:
    """A numeric argument in the type that the function gives back: strings and bit become float, small integers int,
    smallmoney money, real float."""
    if value.type.name in ("tinyint", "smallint"):
        return convert(value, INT, line=line)
    if value.type.name == "smallmoney":
        return convert(value, MONEY, line=line)
    if value.type.is_exact and value.type.name != "bit":
        return value
    return _as_float(value, line)


def _as_float(value: Typed, line: int) -> Typed:
    """Raises 206 for what cannot be float, 257 for a datetime."""
    if value.type.is_binary or value.type.name == "uniqueidentifier":
        raise sql_error(206, value.type.name, "float", line=line)
    return convert(value, FLOAT, implicit=True, line=line)


def _float(function: str, guard: str = "", may_overflow: bool = False) -> Function:
    """A function of one float; ``guard`` is the condition outside of which SQL Server raises 3623."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        value = _as_float(args[0], compiler.line)
        sql = f"{function}({value.sql})"
        if guard:
            inside = guard.format(value.sql)
            sql = f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN {inside} THEN {sql} ELSE {_DOMAIN} END"
        result = Typed(sql, FLOAT, value.nullable)
        return finite(result) if may_overflow else result

    return Function(1, 1, compile)


def _cot(compiler: Compiler, args: list[Typed]) -> Typed:
    value = _as_float(args[0], compiler.line)
    return finite(Typed(f"(1.0::DOUBLE / tan({value.sql}))", FLOAT, value.nullable))


def _log(compiler: Compiler, args: list[Typed]) -> Typed:
    value = _as_float(args[0], compiler.line)
    sql = f"CASE WHEN {value.sql} IS NULL THEN NULL WHEN {value.sql} > 0 THEN ln({value.sql}) ELSE {_DOMAIN} END"
    if len(args) == 2:
        base = _as_float(args[1], compiler.line).sql
        wrong = f"WHEN {base} <= 0 OR {base} = 1 THEN {_DOMAIN}"
        sql = f"CASE {wrong} ELSE {sql} / ln({base}) END"
    return Typed(sql, FLOAT)


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
    return Typed(_rounded(value, n), value.type, value.nullable)


def _rounded(value: Typed, n: int) -> str:
    """Half away from zero. What does not fit the type of the number is 8115."""
    if value.type.is_approximate:
        return f"round({value.sql}, {n})"
    precision, scale = value.type.digits
    if n >= scale:
        return value.sql
    if -n > precision:
        return f"({value.sql} - {value.sql})"
    if n >= 0:
        return f"CAST(round({value.sql}, {n}) AS {value.type.duckdb})"
    whole_number = f"CAST(trunc({value.sql}) AS DECIMAL(38,0))"
    unit = f"CAST({10**-n} AS DECIMAL(38,0))"
    nearest = f"({whole_number} - {whole_number} % {unit} + CASE WHEN abs({whole_number} % {unit}) * 2 >= {unit} " \
              f"THEN sign({value.sql}) * {unit} ELSE 0 END)"  # fmt: skip
    name = "numeric" if value.type.name == "decimal" else value.type.name
    overflow = f"CAST({raise_sql(8115, quote_text('expression'), quote_text(name))} AS {value.type.duckdb})"
    tried = f"TRY_CAST({nearest} AS {value.type.duckdb})"
    return f"CASE WHEN {value.sql} IS NOT NULL THEN coalesce({tried}, {overflow}) END"


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
    """The result has the first argument's type, a decimal 38 digits. Raises 232, 3623, 8115."""
    value, exponent = _number(args[0], compiler.line), _as_float(args[1], compiler.line)
    base = f"CAST({value.sql} AS DOUBLE)"
    outside = f"{base} = 0 AND {exponent.sql} < 0 OR {base} < 0 AND {exponent.sql} <> trunc({exponent.sql})"
    raised = finite(Typed(f"CASE WHEN {outside} THEN {_DOMAIN} ELSE pow({base}, {exponent.sql}) END", FLOAT))
    if value.type.is_approximate:
        return raised
    result = decimal(38, value.type.scale) if value.type.name == "decimal" else value.type
    return replace(convert(raised, result, line=compiler.line), nullable=True)


def _sign(compiler: Compiler, args: list[Typed]) -> Typed:
    value = _number(args[0], compiler.line)
    return Typed(f"CAST(sign({value.sql}) AS {value.type.duckdb})", value.type, value.nullable)


def _square(compiler: Compiler, args: list[Typed]) -> Typed:
    value = _as_float(args[0], compiler.line)
    return finite(Typed(f"({value.sql} * {value.sql})", FLOAT, value.nullable))


def _pi(compiler: Compiler, args: list[Typed]) -> Typed:
    return Typed("pi()", FLOAT, False)


def _bits(value: Typed, function: str, line: int) -> Typed:
    if not value.type.is_integer:
        raise sql_error(8116, value.type.name, 1, function, line=line)
    return convert(value, INT, line=line) if value.type.name == "bit" else value


def _bit_count(compiler: Compiler, args: list[Typed]) -> Typed:
    """How many bits are set, of binaries too."""
    if args[0].type.is_binary:
        return Typed(f"CAST(bit_count(CAST({args[0].sql} AS BIT)) AS BIGINT)", BIGINT, args[0].nullable)
    value = _bits(args[0], "bit_count", compiler.line)
    signed = {"tinyint": "SMALLINT"}.get(value.type.name, value.type.duckdb)
    return Typed(f"CAST(bit_count(CAST({value.sql} AS {signed})) AS BIGINT)", BIGINT, value.nullable)


def _atn2(compiler: Compiler, args: list[Typed]) -> Typed:
    """Raises 3623 where both are zero."""
    y, x = (_as_float(arg, compiler.line) for arg in args)
    return Typed(f"CASE WHEN {y.sql} = 0 AND {x.sql} = 0 THEN {_DOMAIN} ELSE atan2({y.sql}, {x.sql}) END", FLOAT)


def _angle(function: str) -> Function:
    """DEGREES and RADIANS: the type stays; a decimal has eighteen digits behind the point."""

    def compile(compiler: Compiler, args: list[Typed]) -> Typed:
        value = _number(args[0], compiler.line)
        if value.type.is_approximate:
            return finite(Typed(f"{function}({value.sql})", FLOAT, value.nullable))
        if value.type.is_integer:
            cut = Typed(f"trunc({function}(CAST({value.sql} AS DOUBLE)))", FLOAT, value.nullable)
            return convert(cut, value.type, line=compiler.line)
        raise unsupported(f"{function.upper()} of {value.type}", line=compiler.line)

    return Function(1, 1, compile)


MATHS = {
    "ABS": Function(1, 1, _abs),
    "CEILING": _rounding("ceil"),
    "FLOOR": _rounding("floor"),
    "ROUND": Function(2, 3, _round),
    "POWER": Function(2, 2, _power),
    "SQRT": _float("sqrt", "{} >= 0"),
    "EXP": _float("exp", may_overflow=True),
    "COT": Function(1, 1, _cot),
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
    "DEGREES": _angle("degrees"),
    "RADIANS": _angle("radians"),
    "PI": Function(0, 0, _pi),
    "BIT_COUNT": Function(1, 1, _bit_count, level=160),
}
