"""T-SQL functions, one table a family, one row a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.functions.aggregates import AGGREGATES
from pymlsql.embedded.tsql.functions.binaries import BINARIES
from pymlsql.embedded.tsql.functions.dates import DATES
from pymlsql.embedded.tsql.functions.json import JSON
from pymlsql.embedded.tsql.functions.logic import LOGIC
from pymlsql.embedded.tsql.functions.maths import MATHS
from pymlsql.embedded.tsql.functions.rows import Function
from pymlsql.embedded.tsql.functions.signing import SIGNING
from pymlsql.embedded.tsql.functions.strings import STRINGS
from pymlsql.embedded.tsql.functions.system import GLOBALS, SYSTEM
from pymlsql.embedded.tsql.functions.windows import WINDOW_FUNCTIONS
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

FUNCTIONS: dict[str, Function] = {
    **LOGIC, **STRINGS, **BINARIES, **DATES, **MATHS, **AGGREGATES, **SYSTEM, **JSON, **SIGNING,
}  # fmt: skip
"""Every function in reach, by its upper-case name."""

KNOWN_UNSUPPORTED = frozenset(
    """
    FORMAT PARSE TRY_PARSE SOUNDEX DIFFERENCE STRING_ESCAPE SWITCHOFFSET TODATETIMEOFFSET
    SYSDATETIMEOFFSET DATETIMEOFFSETFROMPARTS SMALLDATETIMEFROMPARTS TIMEFROMPARTS RAND
    SESSIONPROPERTY DATE_BUCKET DATETRUNC COMPRESS DECOMPRESS
    CHECKSUM BINARY_CHECKSUM OBJECTPROPERTY
    OBJECTPROPERTYEX COLUMNPROPERTY CONTEXT_INFO SESSION_CONTEXT GETANSINULL FORMATMESSAGE
    NEWSEQUENTIALID
    STATS_DATE INDEXPROPERTY FILE_ID TYPEPROPERTY CURSOR_STATUS
    SIGNBYCERT VERIFYSIGNEDBYCERT ENCRYPTBYCERT DECRYPTBYCERT ENCRYPTBYPASSPHRASE
    DECRYPTBYPASSPHRASE KEY_ID KEY_GUID ASYMKEY_ID
    """.split()
)
"""Functions of SQL Server that are refused here by name, so that 195 is only said of what SQL Server has not."""


def call(compiler: Compiler, name: str, arguments: list[exp.Expr]) -> Typed:
    """The call ``name(arguments)``. Raises 195, 174, 189 or 40510."""
    function = FUNCTIONS.get(name)
    if function is None or compiler.level < function.level:
        if name in WINDOW_FUNCTIONS:
            raise sql_error(10753, name.lower(), line=compiler.line)
        if name in KNOWN_UNSUPPORTED:
            raise unsupported(f"function {name}", line=compiler.line)
        raise sql_error(195, name, "built-in function name", line=compiler.line)
    count = len(arguments)
    if count < function.n_min or (function.n_max is not None and count > function.n_max):
        if function.n_max is None or function.n_min == function.n_max:
            raise sql_error(174, name.lower(), function.n_min, line=compiler.line)
        raise sql_error(189, name.lower(), function.n_min, function.n_max, line=compiler.line)
    if function.takes_nodes:
        return function.compile_nodes(compiler, arguments)
    return function.compile(compiler, [compiler.value(argument) for argument in arguments])


def global_variable(compiler: Compiler, name: str) -> Typed:
    """@@ROWCOUNT and its like. Raises 137."""
    type_ = GLOBALS.get(name)
    if type_ is None:
        raise sql_error(137, name, line=compiler.line)
    return compiler.runtime_value(type_, name)
