"""Functions that only the session can answer, asked row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.typed import Typed, quote_text
from pymlsql.embedded.tsql.types import SqlType, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

ASK = "pymlsql_ask"
"""The DuckDB function: (spid, question) to an answer as text."""
UNIT = "\x1f"
"""What stands between the function's name and its arguments in a question."""


def asked_by_row(compiler: Compiler, name: str, type_: SqlType, args: list[Typed]) -> Typed:
    """``name`` of these arguments, which the session is asked for in each row; NULL where one of them is."""
    if type_.is_binary:
        raise unsupported(f"{name} with an expression", line=compiler.line)
    spid = compiler.runtime_value(nvarchar(10), "SPID AS TEXT")
    parts = [convert(arg, nvarchar(4000), line=compiler.line).sql for arg in args]
    question = " || ".join([quote_text(name), *(f"chr(31) || ({part})" for part in parts)])
    return Typed(f"CAST({ASK}({spid.sql}, {question}) || '' AS {type_.duckdb})", type_)  # || copies: see engine.scalars
