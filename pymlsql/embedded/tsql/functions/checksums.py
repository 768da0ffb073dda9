"""CHECKSUM and BINARY_CHECKSUM of integers, and of NEWID().

The documentation does not say how they are computed. Published results say it of integers: each value is a number of
32 bits (smallint one of 16 without a sign, NULL 2147483647), and the sum so far is rotated to the left by four bits
before the next one is added by XOR. A column of nothing but NULL without a type counts for nothing there: it is
refused, and so are strings and what else they do not settle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.functions.rows import Function
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.typed import Typed, bound
from pymlsql.embedded.tsql.types import INT

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_WIDTHS = {"bit": 1, "tinyint": 8, "smallint": 16, "int": 32}
_BITS, _STEP = 32, 4
_MASK, _SIGN, _OF_NULL = (1 << _BITS) - 1, 1 << (_BITS - 1), (1 << (_BITS - 1)) - 1


def _checksum(name: str) -> Callable[[Compiler, list[exp.Expr]], Typed]:
    def compile(compiler: Compiler, nodes: list[exp.Expr]) -> Typed:
        """Of NEWID() any number is as good as another."""
        if all(isinstance(node, exp.Anonymous) and node.name.upper() == "NEWID" for node in nodes):
            return Typed("CAST(CAST(hash(uuid()) % 4294967296 AS BIGINT) - 2147483648 AS INTEGER)", INT, False)
        if any(isinstance(node, exp.Star) for node in nodes):
            raise unsupported(f"{name} of *", line=compiler.line)
        values = [compiler.value(node) for node in nodes]
        if any(value.is_untyped for value in values):
            raise unsupported(f"{name} of NULL without a type", line=compiler.line)
        if not all(value.type.name in _WIDTHS for value in values):
            raise unsupported(f"{name} of other than NEWID(), bit, tinyint, smallint and int", line=compiler.line)
        turns = [_STEP * place % _BITS for place in range(len(values) - 1, -1, -1)]
        sql = ""
        for value, turn in zip(values, turns, strict=True):
            turned = _turned(_number(value), turn)
            sql = f"xor({sql}, {turned})" if sql else turned
        return Typed(f"CAST(xor({sql}, {_SIGN}) - {_SIGN} AS INTEGER)", INT, False)

    return compile


def _number(value: Typed) -> str:
    """A value as BIGINT without a sign."""
    mask = (1 << _WIDTHS[value.type.name]) - 1
    return f"coalesce(CAST({value.sql} AS BIGINT) & {mask}, {_OF_NULL})"


def _turned(number: str, turn: int) -> str:
    """A number of 32 bits rotated to the left: what XOR adds up may be rotated one by one."""
    if not turn:
        return number
    return bound(f"{number} * {1 << turn}", lambda n: f"((({n}) & {_MASK}) | (({n}) >> {_BITS}))")


CHECKSUMS = {
    "CHECKSUM": Function(1, None, compile_nodes=_checksum("CHECKSUM")),
    "BINARY_CHECKSUM": Function(1, None, compile_nodes=_checksum("BINARY_CHECKSUM")),
}
