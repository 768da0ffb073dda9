"""OUTPUT clauses: rows of inserted and deleted, and of the FROM that found them, to the client or INTO a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlglot import exp

from pymlsql.embedded.engine.catalog import Table, TableColumn
from pymlsql.embedded.engine.evaluation import bind, names, running
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.generated import is_generated, virtual_sql
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.security.enforcement import check_change
from pymlsql.embedded.engine.targets import target_table
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiler, compiled_as
from pymlsql.embedded.tsql.dialect import parse_query
from pymlsql.embedded.tsql.grouping import has_aggregate
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.queries import _Select
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.scope import ROWID, Scope, Source
from pymlsql.embedded.tsql.typed import Typed, quote_name
from pymlsql.embedded.tsql.types import NULL, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_BOTH = "pymlsql_changed"
_COMPUTED = "pymlsql_computed"
ACTION = "$action"


class Outputs:
    """The OUTPUT clauses of one statement, compiled before its rows are selected: ``needed`` are the columns of its
    FROM that have to be selected for them, by name. ``prefixes`` are those of inserted and deleted that it has."""

    def __init__(self, session: Session, frame: Frame, table: Table, output: nodes.Output | None,
                 prefixes: Sequence[str], columns: Mapping[str, str] | None = None,
                 sources: Sequence[Source] = (), *, action: bool = False) -> None:  # fmt: skip
        self.session, self.frame, self.table = session, frame, table
        self.needed: dict[str, Typed] = {}
        self.prefixes = prefixes
        self._clauses: list[_Clause] = []
        self._columns = columns if columns is not None else {c.name.lower(): c.name for c in table.columns}
        while output is not None:
            self._clauses.append(_Clause(self, output, self._sources(sources, action)))
            output = output.then

    def __bool__(self) -> bool:
        return bool(self._clauses)

    def _sources(self, sources: Sequence[Source], action: bool) -> list[Source]:
        found = [Source(prefix, self._changed(prefix), used=set()) for prefix in self.prefixes]
        for number, source in enumerate(sources):
            columns = []
            for place, column in enumerate(source.columns):
                if column.name != ROWID:
                    sql = f"b.{quote_name(f'from.{number}.{place}')}"
                    columns.append(Typed(sql, column.type, column.nullable, column.binary, None, column.name,
                                         by_reference=column.by_reference))  # fmt: skip
            found.append(Source(source.alias, columns, source.name, source.used))
        if action:
            found.append(Source("", [Typed(f"b.{quote_name(ACTION)}", nvarchar(10), False, name=ACTION)]))
        return found

    def _changed(self, prefix: str) -> list[Typed]:
        columns = []
        for exposed, own in self._columns.items():
            column = self.table.column(own) if own else None
            if column is None:
                columns.append(Typed(_COMPUTED, NULL, name=exposed))
                continue
            sql = f"b.{quote_name(f'{prefix}.{column.name}')}"
            if column.virtual:
                sql = virtual_sql(self.session, self.table, column, f"b.{prefix}")
            shown = column.name if exposed == column.name.lower() else exposed
            nullable = column.nullable or len(self.prefixes) > 1
            columns.append(Typed(sql, column.type, nullable, column.binary, None, shown,
                                 by_reference=keeps_references(column.type) and not column.virtual))  # fmt: skip
        return columns

    def need(self, sql: str, sources: Sequence[Source]) -> None:
        """Note what a clause's DuckDB text reads of the FROM."""
        for number, source in enumerate(sources):
            for place, column in enumerate(source.columns):
                name = f"from.{number}.{place}"
                if quote_name(name) in sql:
                    self.needed[name] = column

    def prepare(self, sources: Sequence[Source]) -> None:
        """Note what the clauses need of the FROM."""
        for clause in self._clauses:
            self.need(clause.sql, sources)

    def send(self, changed: Mapping[str, pa.Table | None], extra: Mapping[str, Any] | None = None) -> None:
        """Evaluate the clauses over the changed rows, and send or store them. ``changed`` has the rows of inserted and
        deleted, ``extra`` what was ``needed``, and the actions of a MERGE."""
        rows = dict(extra or {})
        for prefix in self.prefixes:
            stage = changed.get(prefix)
            for column in self.table.stored:
                if stage is not None:
                    rows[f"{prefix}.{column.name}"] = stage.column(column.name)
        for clause in self._clauses:
            clause.send(pa.table(rows))


class _Clause:
    """One OUTPUT. Raises 158, 10705."""

    def __init__(self, outputs: Outputs, output: nodes.Output, sources: list[Source]) -> None:
        self.outputs, self.output = outputs, output
        session, frame, line = outputs.session, outputs.frame, output.columns.line
        self.known = names(session, frame)
        compiler = Compiler(self.known, frame.types(), session.level, line=line)
        tree = parse_query(f"SELECT {_spelled(output.columns.sql)}", line)
        for item in tree.expressions:
            if has_aggregate(item):
                raise sql_error(158, line=line)
            if item.find(exp.Query, exp.Exists) is not None:
                raise sql_error(10705, line=line)
        scope = Scope(sources=sources)
        select = _Select(compiler, tree, True, references=True)
        with compiler.entered(scope):
            columns = select._columns(scope)
        sql = ", ".join(f"{column.sql} AS c{i}" for i, column in enumerate(columns))
        if _COMPUTED in sql:
            raise unsupported("OUTPUT of a computed column of a view or query", line=line)
        self.sql = f"SELECT {sql} FROM {_BOTH} AS b"
        self.plan: Plan = self.known.plan(compiled_as(compiler, self.sql, tuple(columns)))
        used = {name for source in sources[: len(outputs.prefixes)] for name in source.used or ()}
        if used:
            check_change(session, frame, "SELECT", outputs.table, used)

    def send(self, rows: pa.Table) -> None:
        session = self.outputs.session
        with session.store.registered({_BOTH: rows}), running(session, self.plan, self.outputs.frame):
            if self.output.into is not None:
                self._store(self.output.into)
                return
            compiled, values = self.plan.compiled, bind(session, self.outputs.frame, self.plan)
            session.send_rows(compiled.columns, session.store.run(session.wire_sql(compiled), values))

    def _store(self, into: nodes.Name) -> None:
        """Raises 120, 121, 213, 330, 332, 333."""
        from pymlsql.embedded.engine.dml import insert_plan

        session, frame, line = self.outputs.session, self.outputs.frame, self.output.columns.line
        target = target_table(session, into)
        check_change(session, frame, "INSERT", target)
        _check_target(session, target)
        columns = _into_columns(target, self.output.into_columns)
        have = len(self.plan.compiled.columns)
        if have != len(columns):
            raise sql_error(213 if not self.output.into_columns else 120 if have < len(columns) else 121, line=line)
        insert_plan(session, frame, target, columns, self.plan, None, line)


def _spelled(text: str) -> str:
    """``text`` with $action as a column's name."""
    pieces, position, tokens = [], 0, tokenize(text)
    for token, after in pairwise(tokens):
        if token.is_op("$") and after.is_word("ACTION"):
            pieces += [text[position : token.start], f"[{ACTION}]"]
            position = after.end
    return "".join([*pieces, text[position:]])


def _check_target(session: Session, target: Table) -> None:
    if target.checks:
        raise sql_error(333, target.name, target.checks[0].name)
    if target.foreign_keys:
        raise sql_error(332, target.name, target.foreign_keys[0].name)
    for other in session.databases.tables():
        for foreign in other.foreign_keys:
            if foreign.referenced_id == target.object_id:
                raise sql_error(332, target.name, foreign.name)


def _into_columns(target: Table, given: tuple[str, ...]) -> list[TableColumn]:
    """Raises 207, 264, 544."""
    if not given:
        return [column for column in target.columns if column.identity is None and not is_generated(column)]
    found: list[TableColumn] = []
    for name in given:
        column = target.column(name)
        if column is None:
            raise sql_error(207, name)
        if column in found:
            raise sql_error(264, name)
        if column.identity is not None:
            raise sql_error(544, target.name)
        if is_generated(column):
            raise sql_error(271, column.name) if column.computed else sql_error(273)
        found.append(column)
    return found
