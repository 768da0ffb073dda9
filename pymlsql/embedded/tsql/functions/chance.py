"""RAND and NEWID: functions of chance.

What RAND gives for a seed is the combined generator of L'Ecuyer (1988), whose second state is always begun with the
same number; so published results of RAND with seeds say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.functions.rows import Function, whole
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import FLOAT, SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

MODULI, FACTORS = (2147483563, 2147483399), (40014, 40692)
"""Of the generator's two states."""
SECOND, FOR_ZERO = 67890, 12345
"""What the second state begins with; what the first begins with for the seed 0."""
UNIT = 4.656613e-10
"""What a number of the generator is multiplied with."""

_REFUSED = raise_sql(40510, quote_text("RAND with this seed"))
_OF_CHANCE = frozenset("NEWID GETDATE GETUTCDATE SYSDATETIME SYSUTCDATETIME SYSDATETIMEOFFSET CRYPT_GEN_RANDOM".split())


def _rand(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
    """A number between 0 and 1, one for all rows; with a seed that differs by row one for each row."""
    if not nodes:
        return compiler.runtime_value(FLOAT, "RAND", f"call {len(compiler.runtime)}", nullable=False)
    seed = whole(compiler.value(nodes[0]), compiler.line)
    if isinstance(seed.constant, int):
        return _seeded(compiler, str(seed.constant))
    if isinstance(nodes[0], exp.Parameter) and not compiler.arguments and "$v" in seed.sql and "error" not in seed.sql:
        value = _seeded(compiler, f"\0@{nodes[0].name.lower()}")
        return Typed(f"coalesce({value.sql}, {_REFUSED})", FLOAT)
    value = Typed(bound(seed.sql, _number), FLOAT)
    if any(call.name.upper() in _OF_CHANCE for call in nodes[0].find_all(exp.Anonymous)):
        return value
    # Which row's seed was the last is not known: RAND() that goes on from there is refused.
    lost = compiler.runtime_value(FLOAT, "RAND LOST")
    return Typed(f"({value.sql} + {lost.sql})", FLOAT)


def _seeded(compiler: Compiler, seed: str) -> Typed:
    return compiler.runtime_value(FLOAT, "RAND SEED", seed, f"call {len(compiler.runtime)}")


def _number(seed: str) -> str:
    """The first number of the sequence that ``seed`` begins."""
    (m1, m2), (f1, f2) = MODULI, FACTORS
    begun = f"CASE WHEN {seed} = 0 THEN {FOR_ZERO} ELSE abs(CAST({seed} AS BIGINT)) END"
    difference = f"({begun}) * {f1} % {m1} - {SECOND * f2 % m2}"
    known = f"abs(CAST({seed} AS BIGINT)) < {m1}"
    number = bound(difference, lambda d: f"(CASE WHEN {d} < 1 THEN {d} + {m1 - 1} ELSE {d} END) * {UNIT}", always=True)
    return f"CASE WHEN {known} THEN {number} ELSE {_REFUSED} END"


def _newid(compiler: Compiler, args: list[Typed]) -> Typed:
    return Typed("uuid()", SqlType("uniqueidentifier"), False)


CHANCE = {
    "RAND": Function(0, 1, compile_nodes=_rand),
    "NEWID": Function(0, 0, _newid),
}
