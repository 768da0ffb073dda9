"""Constants of T-SQL with their types (sql-docs, "Constants (Transact-SQL)")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.codepage import length_in_units, narrowed
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.typed import Typed, quote_text
from pymlsql.embedded.tsql.types import FLOAT, INT, MAX, decimal, nvarchar, varbinary, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler


def literal(compiler: Compiler, node: exp.Expr) -> Typed:
    """A string between quotes without N, or a number. Raises 1007, 40510."""
    text = str(node.this)
    if node.args.get("is_string"):
        text = narrowed(text)
        return Typed(quote_text(text), varchar(max(1, len(text)) if len(text) <= 8000 else MAX), False, constant=text)
    if "e" in text.lower():
        text += "" if text[-1].isdigit() else "0"
        return Typed(f"CAST({text} AS DOUBLE)", FLOAT, False, constant=float(text))
    if "." in text:
        whole, _, fraction = text.partition(".")
        digits = whole.lstrip("0") + fraction
        precision = max(len(digits), len(fraction), 1)
        if precision > 38:
            raise sql_error(1007, text, line=compiler.line)
        type_ = decimal(precision, len(fraction))
        return Typed(f"CAST({whole or '0'}.{fraction or '0'} AS {type_.duckdb})", type_, False, constant=float(text))
    number = int(text)
    if number <= 2**31 - 1:
        return Typed(str(number), INT, False, constant=number)
    if len(str(number)) > 38:
        raise sql_error(1007, text, line=compiler.line)
    type_ = decimal(len(str(number)), 0)
    return Typed(f"CAST({number} AS {type_.duckdb})", type_, False, constant=number)


def national(compiler: Compiler, node: exp.Expr) -> Typed:
    """A string behind N."""
    text = str(node.this)
    n_units = length_in_units(text)
    return Typed(quote_text(text), nvarchar(max(1, n_units) if n_units <= 4000 else MAX), False, constant=text)


def hexadecimal(compiler: Compiler, node: exp.Expr) -> Typed:
    """A binary constant; an odd number of digits has a zero before it."""
    text = str(node.this)
    text = "0" + text if len(text) % 2 else text
    length = max(1, len(text) // 2)
    return Typed(f"unhex('{text}')", varbinary(length if length <= 8000 else MAX), False)
