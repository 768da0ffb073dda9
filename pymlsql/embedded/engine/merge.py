"""MERGE: one query says for each pair of rows what is done; the changes are checked together and then applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pymlsql.embedded.engine.applying import is_referenced, write_delete, write_insert, write_update
from pymlsql.embedded.engine.cascades import cascade_delete, cascade_update
from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.engine.changes import Change, assigned_names, new_parts, new_values, part, settled_rows
from pymlsql.embedded.engine.constraints import OLD, STAGE, check_children, check_nulls, check_rows
from pymlsql.embedded.engine.dml import insert_columns, staged_rows, with_identity
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.generated import finished, generated_names
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.outputs import ACTION, Outputs
from pymlsql.embedded.engine.periods import keep_history, refuse_history
from pymlsql.embedded.engine.requirements import check_options, refuse_distant_default
from pymlsql.embedded.engine.security.enforcement import check_target, check_uses
from pymlsql.embedded.engine.targets import Target, find_target
from pymlsql.embedded.engine.tops import first_rows
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.change_nodes import When
from pymlsql.embedded.tsql.compiler import Compiled
from pymlsql.embedded.tsql.dialect import parse_constraint, parse_query, parse_scalar
from pymlsql.embedded.tsql.grouping import has_aggregate
from pymlsql.embedded.tsql.joins import compile_from
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.scope import Scope
from pymlsql.embedded.tsql.typed import Typed, quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_PRESENT = "pymlsql_source"
_LEAVING = "pymlsql_leaving"


def merge(session: Session, frame: Frame, statement: nodes.Merge) -> int:
    """MERGE; the number of rows it inserted, updated and deleted. Raises 5318, 5319, 8672."""
    wanted: list[str] = []
    for when in statement.whens:
        wanted += assigned_names(when.assignments) + [column.lower() for column in when.columns]
    target = find_target(session, statement.target, None, statement.common, wanted, statement.alias)
    with session.store.statement(locked=not target.table.temporary), session.engine.values.reading():
        check_options(session, target.table, "MERGE")
        work = _Merge(session, frame, statement, target)
        return work.run()


@dataclass(slots=True)
class _Branch:
    """A WHEN clause as compiled: its new values, or those it inserts."""

    when: When
    new: dict[str, Typed] = field(default_factory=dict)
    variables: dict[str, Typed] = field(default_factory=dict)
    columns: list[Any] = field(default_factory=list)
    values: list[Typed] = field(default_factory=list)


class _Merge:
    """One MERGE on its way."""

    def __init__(self, session: Session, frame: Frame, statement: nodes.Merge, target: Target) -> None:
        self.session, self.frame, self.statement, self.target = session, frame, statement, target
        self.table, self.line = target.table, statement.line
        refuse_history(self.table, 13562)
        self.change = Change(session, frame, statement, target)
        self.n_target = len(self.change.scope.sources)
        self.joined = self._join()
        self.conditions: list[str] = []
        self.branches = [self._branch(when) for when in statement.whens]
        self.outputs = Outputs(session, frame, self.table, statement.output, ("inserted", "deleted"), target.columns,
                               self.change.others, action=True)  # fmt: skip
        self.outputs.prepare(self.change.others)

    def _join(self) -> str:
        """FROM: the pairs of rows, and the rows of either side without one."""
        change, statement = self.change, self.statement
        tree = parse_query(f"SELECT 1 AS one FROM {statement.source.sql}", statement.source.line)
        scope = Scope()
        with change.compiler.entered(scope):
            source = compile_from(change.compiler, tree.args.get("from_"), tree.args.get("joins") or [])
        if any(own.alias.lower() == change.source.alias.lower() for own in scope.sources):
            raise sql_error(5318, line=self.line)
        # A mark tells the rows of the source from the NULLs of an outer join.
        source, mark = source.removeprefix("FROM "), change.compiler.alias()
        if len(scope.sources) == 1:
            mark = scope.sources[0].columns[0].sql.split(".", 1)[0]
            source = f"(SELECT *, true AS {_PRESENT} FROM {source}) AS {mark}"
        else:
            source = f"({source} CROSS JOIN (SELECT true AS {_PRESENT}) AS {mark})"
        self.present = f"({mark}.{_PRESENT} IS NOT NULL)"
        change.scope.sources += scope.sources
        node = parse_scalar(statement.on.sql, statement.on.line)
        condition = change.compiler.condition(node)
        target = change.from_sql.removeprefix("FROM ")
        target = f"({target})" if not self.target.is_table else target
        return f"FROM {target} FULL JOIN {source} ON {condition}"

    def _branch(self, when: When) -> _Branch:
        """Compile a clause, over the sides that it sees."""
        change, branch = self.change, _Branch(when)
        self._refuse_aggregates(when)
        all_sources = change.scope.sources
        own, source = all_sources[: self.n_target], all_sources[self.n_target :]
        change.scope.sources = {"matched": all_sources, "target": source, "source": own}[when.kind]
        try:
            self.conditions.append(self._condition(when))
            if when.action == "UPDATE":
                branch.new, branch.variables = new_values(change, when.assignments, self.line)
            elif when.action == "INSERT":
                self._inserted(branch)
        except SqlError as error:
            number = {"target": 5333, "source": 5334}.get(when.kind, 0)
            if error.number != 4104 or not number:
                raise
            raise sql_error(number, error.message.split('"')[1], line=self.line) from None
        finally:
            change.scope.sources = all_sources
        if change.appended:
            raise unsupported("WRITE in a MERGE", line=self.line)
        return branch

    def _refuse_aggregates(self, when: When) -> None:
        texts = [when.condition, *(a.value for a in when.assignments), *(when.values or ())]
        for text in texts:
            if text is not None and has_aggregate(parse_scalar(text.sql, text.line)):
                raise sql_error(5319, line=self.line)

    def _condition(self, when: When) -> str:
        rowid = f"{self.change.rowid} IS NOT NULL"
        kind = {"matched": f"{rowid} AND {self.present}", "target": f"NOT ({rowid})",
                "source": f"NOT {self.present}"}[when.kind]  # fmt: skip
        if when.condition is None:
            return kind
        return f"{kind} AND ({self.change.compiler.condition(parse_scalar(when.condition.sql, when.condition.line))})"

    def _inserted(self, branch: _Branch) -> None:
        when, change = branch.when, self.change
        rows = (when.values,) if when.values is not None else ()
        statement = nodes.Insert(self.line, self.statement.target, when.columns, rows=rows, defaults=not rows)
        branch.columns = insert_columns(self.session, self.table, statement, self.target.columns)
        given = when.values or ()
        if len(given) != len(branch.columns):
            if not when.columns:
                raise sql_error(213, line=self.line)
            raise sql_error(109 if len(given) < len(branch.columns) else 110, line=self.line)
        for text, column in zip(given, branch.columns, strict=True):
            if text is None:
                refuse_distant_default(self.session, self.table, column)
                default = column.default.text if column.default else "NULL"
                branch.values.append(change.compiler.value(parse_constraint(default, self.line)))
            else:
                branch.values.append(change.compiler.value(parse_scalar(text.sql, text.line)))

    # Running --------------------------------------------------------------------------------------------------

    def run(self) -> int:
        self._check_rights()
        rows = self._select()
        rows = first_rows(self.session, self.frame, rows, self.statement.top)
        actions = rows.column("act")
        changed = rows.filter(pc.is_valid(rows.column("rid")))
        _refuse_twice(changed)
        updated, deleted, inserted = (self._of(rows, actions, kind) for kind in ("UPDATE", "DELETE", "INSERT"))
        columns = {name.lower() for branch in self.branches for name in branch.new}
        known = {name: value for branch in self.branches for name, value in branch.new.items()}
        session, table = self.session, self.table
        updated = settled_rows(self.change, known, updated)
        columns |= generated_names(table) if columns else set()
        staged = self._staged(inserted)
        with session.at(table):
            new = finished(session, table, part(updated, table, "new."))
            fresh = finished(session, table, staged)
            self._check(updated, new, deleted, fresh, columns)
            write_delete(session, table, deleted)
            write_update(session, table, new, updated.column("rid"), columns)
            write_insert(session, table, fresh)
            keep_history(session, table, _with_rids(pa.concat_tables([updated, deleted]), table))
            cascade_delete(session, table, _with_rids(deleted, table), "MERGE")
            cascade_update(session, table, _with_rids(updated, table), new, columns, "MERGE")
        self._send(updated, new, deleted, inserted, fresh)
        self._assign(rows)
        return int(rows.num_rows)

    def _check_rights(self) -> None:
        check_uses(self.session, self.change.known.uses, self.frame)
        for branch in self.branches:
            names = assigned_names(branch.when.assignments)
            check_target(self.session, self.frame, branch.when.action, self.target, names)

    def _select(self) -> pa.Table:
        """The rows to change, each with the number of its clause, old values, and what that clause makes of them."""
        change = self.change
        action = " ".join(f"WHEN {condition} THEN {number}" for number, condition in enumerate(self.conditions))
        parts = [f"CASE {action} END AS act", f"{change.rowid} AS rid", *change.old(), *self._new_parts()]
        parts += [f"{value.sql} AS {quote_name(name)}" for name, value in self.outputs.needed.items()]
        sql = f"{change.definitions} SELECT {', '.join(parts)} {self.joined}"
        return change.rows(f"SELECT * FROM ({sql}) AS q WHERE act IS NOT NULL")

    def _new_parts(self) -> list[str]:
        """What each clause computes, only where it applies: the clauses before it come first."""
        parts: list[str] = []
        before: list[str] = []
        news: list[tuple[str, dict[str, Typed]]] = []
        for number, branch in enumerate(self.branches):
            only = " AND ".join([*(f"({one}) IS NOT TRUE" for one in before), f"({self.conditions[number]})"])
            before.append(self.conditions[number])
            if branch.new:
                news.append((only, branch.new))
            for place, value in enumerate(branch.values):
                parts.append(f"CASE WHEN {only} THEN {value.sql} END AS {quote_name(f'ins.{number}.{place}')}")
            for name, value in branch.variables.items():
                parts.append(f"CASE WHEN {only} THEN {value.sql} END AS {quote_name(f'var.{number}.{name}')}")
        if len(news) == 1:
            return parts + new_parts(self.change, news[0][1], news[0][0])
        for column in self.table.stored:
            old = self.change.old_value(column).sql
            cases = [f"WHEN {only} THEN {new[column.name].sql}" for only, new in news if column.name in new]
            sql = f"CASE {' '.join(cases)} ELSE {old} END" if cases else old
            parts.append(f"{sql} AS {quote_name('new.' + column.name)}")
        return parts

    def _of(self, rows: pa.Table, actions: Any, kind: str) -> pa.Table:
        numbers = [number for number, branch in enumerate(self.branches) if branch.when.action == kind]
        return rows.filter(pc.is_in(actions, pa.array(numbers, actions.type)))

    def _staged(self, inserted: pa.Table) -> pa.Table:
        """The rows of WHEN NOT MATCHED as whole rows of the table."""
        number = next((n for n, branch in enumerate(self.branches) if branch.when.action == "INSERT"), None)
        if number is None:
            return part(inserted, self.table, "new.")
        branch = self.branches[number]
        typed = tuple(Typed(f"r.{quote_name(f'ins.{number}.{place}')}", value.type, value.nullable)
                      for place, value in enumerate(branch.values))  # fmt: skip
        select = ", ".join(f"{value.sql} AS c{i}" for i, value in enumerate(typed)) or "1 AS c0"
        plan = Plan(Compiled(f"SELECT {select} FROM pymlsql_merged AS r", typed, {}, {}), {})
        with self.session.store.registered({"pymlsql_merged": inserted}):
            stage = staged_rows(self.session, self.frame, self.table, branch.columns, plan)
        return with_identity(self.session, self.table, stage, given=any(c.identity for c in branch.columns))

    def _check(self, updated: pa.Table, new: pa.Table, deleted: pa.Table, fresh: pa.Table,
               columns: set[str]) -> None:  # fmt: skip
        """All constraints, over the table as it will be."""
        session, table = self.session, self.table
        check_nulls(session, table, new, "UPDATE")
        check_nulls(session, table, fresh, "INSERT")
        stage = pa.concat_tables([new, fresh.select(new.column_names).cast(new.schema)])
        old = pa.concat_tables([_with_rids(updated, table), _with_rids(deleted, table)])
        with session.store.registered({STAGE: stage, OLD: old}):
            touched = columns if not fresh.num_rows else None
            check_rows(session, table, stage, action="MERGE", replaced=OLD, changed=touched)
            if old.num_rows and is_referenced(session, table):
                with session.store.registered({_LEAVING: _with_rids(deleted, table)}):
                    check_children(session, table, "MERGE", staged=True, gone=_LEAVING)
                with session.store.registered({_LEAVING: _with_rids(updated, table)}):
                    check_children(session, table, "MERGE", columns, event="UPDATE", gone=_LEAVING)

    def _send(self, updated: pa.Table, new: pa.Table, deleted: pa.Table, inserted: pa.Table,
              fresh: pa.Table) -> None:  # fmt: skip
        if not self.outputs:
            return
        table = self.table
        old = part(pa.concat_tables([updated, deleted]), table, "old.")
        made = fresh.select(new.column_names).cast(new.schema)
        after = pa.concat_tables([new, _nothing(new, deleted.num_rows), made])
        before = pa.concat_tables([old, _nothing(old, inserted.num_rows)])
        counts = (("UPDATE", updated), ("DELETE", deleted), ("INSERT", inserted))
        extra = {ACTION: pa.array([name for name, rows in counts for _ in range(rows.num_rows)], pa.string())}
        for name in self.outputs.needed:
            extra[name] = pa.chunked_array(
                [chunk for _, rows in counts for chunk in rows.column(name).chunks], updated.schema.field(name).type
            )
        self.outputs.send({"inserted": after, "deleted": before}, extra)

    def _assign(self, rows: pa.Table) -> None:
        for number, branch in enumerate(self.branches):
            found = rows.filter(pc.equal(rows.column("act"), number))
            for name in branch.variables if found.num_rows else ():
                self.frame.get(name).value = found.column(f"var.{number}.{name}")[-1].as_py()


def _with_rids(rows: pa.Table, table: Table) -> pa.Table:
    """The rows before the change, and their rids."""
    return part(rows, table, "old.").append_column("rid", rows.column("rid"))


def _nothing(like: pa.Table, n_rows: int) -> pa.Table:
    return pa.table([pa.nulls(n_rows, field.type) for field in like.schema], schema=like.schema)


def _refuse_twice(rows: pa.Table) -> None:
    """Raises 8672 for a target row that several source rows would change."""
    if rows.num_rows and pc.count_distinct(rows.column("rid")).as_py() < rows.num_rows:
        raise sql_error(8672)

