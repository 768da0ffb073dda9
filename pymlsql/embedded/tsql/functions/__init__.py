"""T-SQL functions, one table a family, one row a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.functions.aggregates import AGGREGATES
from pymlsql.embedded.tsql.functions.binaries import BINARIES
from pymlsql.embedded.tsql.functions.chance import CHANCE
from pymlsql.embedded.tsql.functions.checksums import CHECKSUMS
from pymlsql.embedded.tsql.functions.dates import DATES
from pymlsql.embedded.tsql.functions.datevalues import DATE_VALUES
from pymlsql.embedded.tsql.functions.formats import FORMATS
from pymlsql.embedded.tsql.functions.json import JSON
from pymlsql.embedded.tsql.functions.logic import LOGIC
from pymlsql.embedded.tsql.functions.maths import MATHS
from pymlsql.embedded.tsql.functions.rows import Function
from pymlsql.embedded.tsql.functions.signing import SIGNING
from pymlsql.embedded.tsql.functions.strings import STRINGS
from pymlsql.embedded.tsql.functions.system import GLOBALS, SYSTEM, UNKNOWN_GLOBALS
from pymlsql.embedded.tsql.functions.windows import WINDOW_FUNCTIONS
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

FUNCTIONS: dict[str, Function] = {
    **LOGIC, **STRINGS, **FORMATS, **BINARIES, **DATES, **DATE_VALUES, **MATHS, **AGGREGATES, **SYSTEM, **JSON,
    **SIGNING, **CHANCE, **CHECKSUMS,
}  # fmt: skip
"""Every function in reach, by its upper-case name."""

KNOWN_UNSUPPORTED = frozenset(
    """
    COLLATIONPROPERTY SQL_VARIANT_PROPERTY FULLTEXTSERVICEPROPERTY FULLTEXTCATALOGPROPERTY
    FILEPROPERTY FILEPROPERTYEX FILEGROUPPROPERTY FILEGROUP_ID FILEGROUP_NAME FILE_IDEX FILE_NAME
    INDEXKEY_PROPERTY ASSEMBLYPROPERTY TRIGGER_NESTLEVEL CURRENT_REQUEST_ID
    CURRENT_TRANSACTION_ID HOST_ID PWDCOMPARE PWDENCRYPT PERMISSIONS TERTIARY_WEIGHTS TEXTPTR TEXTVALID LOGINPROPERTY
    DATABASEPROPERTY CURRENT_TIMEZONE EVENTDATA LEFT_SHIFT RIGHT_SHIFT GET_BIT SET_BIT
    NEWSEQUENTIALID
    FILE_ID
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
        if name in UNKNOWN_GLOBALS:
            raise unsupported(name, line=compiler.line)
        raise sql_error(137, name, line=compiler.line)
    return compiler.runtime_value(type_, name)
