"""Queries and expressions in T-SQL to DuckDB SQL with T-SQL types.

A sqlglot tree is walked once; each node's class has one function in a table, and a class that has none is refused by
name (Msg 40510). The result is text plus the variables and run-time values it wants bound. Nothing here runs anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlglot import exp

from pymlsql.embedded.tsql import expressions, passing, queries
from pymlsql.embedded.tsql.commons import Recursion
from pymlsql.embedded.tsql.dialect import parse_query, parse_scalar
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Text
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.scope import Names, Scope
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import NULL, SqlType

MAX_NESTING = 32
PASSED = "s"
_PARAMETER = re.compile(r"\$([vrds]\d+)")


@dataclass(frozen=True, slots=True)
class Compiled:
    """DuckDB SQL whose columns are c0, c1 ... ``columns`` says what they are in T-SQL.

    ``variables`` maps a DuckDB parameter name to the T-SQL variable bound to it: its value, or where the name begins
    with PASSED what a column keeps of it, which may be a reference. ``runtime`` maps a parameter to the name and
    arguments of a value that the session gives at execution (``@@ROWCOUNT``, ``GETDATE`` ...).
    """

    sql: str
    columns: tuple[Typed, ...]
    variables: Mapping[str, str]
    runtime: Mapping[str, tuple[str, ...]]
    locking: bool = False
    """Whether a table hint asks for locks that last as long as the transaction."""
    counting: str = ""
    """For FOR JSON and FOR XML to the client: the query with a second column, how many rows the text is of."""


@dataclass(slots=True)
class Compiler:
    """One compilation. ``variables`` are the types of the variables in reach; ``level`` the compatibility level."""

    names: Names
    variables: Mapping[str, SqlType]
    level: int = 160
    used: dict[str, str] = field(default_factory=dict)
    runtime: dict[str, tuple[str, ...]] = field(default_factory=dict)
    arguments: list[Mapping[str, Typed]] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    commons: list[dict[str, tuple[str, tuple[Typed, ...]]]] = field(default_factory=list)
    line: int = 1
    n_aliases: int = 0
    n_queries: int = 0
    runtime_prefix: str = "r"
    locking: bool = False
    owner_id: int = 0
    """The object whose text is compiled (a table's default), for the rights that it asks for; 0 for a statement."""
    depth: int = 0
    inlined: list[int] = field(default_factory=list)
    """The scalar functions whose expressions are being compiled: one that calls itself is run, not written out."""
    recursions: dict[str, Recursion] = field(default_factory=dict)
    """By DuckDB name, the common table expressions whose recursive part is being compiled."""

    @property
    def scope(self) -> Scope:
        return self.scopes[-1]

    def alias(self) -> str:
        """A DuckDB table alias that nothing else in this compilation has, so that no name can capture another."""
        self.n_aliases += 1
        return f"t{self.n_aliases}"

    @contextmanager
    def entered(self, scope: Scope) -> Iterator[Scope]:
        self.scopes.append(scope)
        try:
            yield scope
        finally:
            self.scopes.pop()

    @contextmanager
    def nested(self) -> Iterator[None]:
        """One view or function deeper; 217 beyond 32."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise sql_error(217, line=self.line)
        try:
            yield
        finally:
            self.depth -= 1

    def variable(self, name: str) -> Typed:
        """A variable's value. Raises 137."""
        if self.arguments and name in self.arguments[-1]:
            return self.arguments[-1][name]
        type_ = self.variables.get(name) if not self.arguments else None
        if type_ is None:
            raise sql_error(137, name, line=self.line)
        return Typed(f"CAST(${self._bound('v', name)} AS {type_.duckdb})", type_)

    def passed_variable(self, name: str) -> Typed | None:
        """What a column keeps of a variable's value, if that may be a reference; else None."""
        if self.arguments or not keeps_references(self.variables.get(name, NULL)):
            return None
        parameter = self._bound(PASSED, name)
        return Typed(f"CAST(${parameter} AS BLOB)", self.variables[name], by_reference=True)

    def _bound(self, prefix: str, name: str) -> str:
        """The parameter with this prefix that is bound to the variable."""
        for parameter, used in self.used.items():
            if used == name and parameter.startswith(prefix):
                return parameter
        parameter = f"{prefix}{len(self.used)}"
        self.used[parameter] = name
        return parameter

    def runtime_value(self, type_: SqlType, *what: str, nullable: bool = True) -> Typed:
        """A value that the session knows when the statement runs; the same one for the whole statement."""
        for parameter, known in self.runtime.items():
            if known == what:
                return Typed(f"CAST(${parameter} AS {type_.duckdb})", type_, nullable)
        parameter = f"{self.runtime_prefix}{len(self.runtime)}"
        self.runtime[parameter] = what
        return Typed(f"CAST(${parameter} AS {type_.duckdb})", type_, nullable)

    # What the node functions call -----------------------------------------------------------------------------

    def value(self, node: exp.Expr) -> Typed:
        return expressions.compile_value(self, node)

    def condition(self, node: exp.Expr) -> str:
        return expressions.compile_condition(self, node)

    def passed(self, node: exp.Expr) -> Typed:
        return passing.compile_passed(self, node)

    def subquery(self, node: exp.Expr, *, references: bool = False) -> queries.Query:
        return queries.compile_query(self, node, references=references)

    def nested_query(self, node: exp.Expr, *, references: bool = False) -> queries.Query:
        """A query within an expression: they nest 32 deep (191)."""
        self.n_queries += 1
        if self.n_queries > MAX_NESTING:
            raise sql_error(191, line=self.line)
        try:
            return self.subquery(node, references=references)
        finally:
            self.n_queries -= 1

    def scalar_subquery(self, node: exp.Expr, *, references: bool = False) -> Typed:
        return expressions.scalar_subquery(self, node, references=references)

    def recursive_member(self, node: exp.Expr, counter: Callable[[], str]) -> queries.Query:
        return queries.compile_member(self, node, counter)

    def refuse(self, construct: str) -> None:
        raise unsupported(construct, line=self.line)


def compiled_as(compiler: Compiler, sql: str, columns: tuple[Typed, ...], counting: str = "") -> Compiled:
    """``sql`` with what it wants bound: a variable may have been compiled into a part that was then left out."""
    wanted = set(_PARAMETER.findall(sql))
    used = {parameter: name for parameter, name in compiler.used.items() if parameter in wanted}
    return Compiled(sql, columns, used, {p: what for p, what in compiler.runtime.items() if p in wanted},
                    compiler.locking, counting)  # fmt: skip


def compile_query(text: Text, names: Names, variables: Mapping[str, SqlType], *, level: int = 160,
                  scope: Scope | None = None, references: bool = False) -> Compiled:  # fmt: skip
    """A query's DuckDB SQL; with ``references`` its columns may hold some. Raises SqlError with the statement's line.
    """
    compiler = Compiler(names, variables, level, line=text.line)
    if scope is not None:
        compiler.scopes.append(scope)
    query = queries.compile_query(compiler, parse_query(text.sql, text.line), top=True, references=references)
    return compiled_as(compiler, query.sql, query.columns, query.counting)


def compile_scalar(text: Text, names: Names, variables: Mapping[str, SqlType], *, level: int = 160,
                   scope: Scope | None = None, target: SqlType | None = None) -> Compiled:  # fmt: skip
    """An expression's DuckDB SQL (not a query), converted implicitly to ``target`` if given. For varbinary(max) it may
    give a reference."""
    compiler = Compiler(names, variables, level, line=text.line)
    compiler.scopes.append(scope or Scope())
    node = parse_scalar(text.sql, text.line)
    value = compiler.passed(node) if target is not None and keeps_references(target) else compiler.value(node)
    if target is not None:
        value = expressions.assign(value, target, text.line)
    return compiled_as(compiler, value.sql, (value,))


def compile_condition(text: Text, names: Names, variables: Mapping[str, SqlType], *, level: int = 160,
                      scope: Scope | None = None) -> Compiled:  # fmt: skip
    """A condition's DuckDB SQL (not a query)."""
    compiler = Compiler(names, variables, level, line=text.line)
    compiler.scopes.append(scope or Scope())
    return compiled_as(compiler, compiler.condition(parse_scalar(text.sql, text.line)), ())
