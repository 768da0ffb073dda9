"""SELECT: to the client, into variables, into a new table; and what every change begins and ends with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pymlsql.embedded.engine import ddl, dml
from pymlsql.embedded.engine.accumulation import Accumulation
from pymlsql.embedded.engine.cells import from_cell
from pymlsql.embedded.engine.evaluation import bind, evaluate_passed, plan_query, running
from pymlsql.embedded.engine.targets import target_table
from pymlsql.embedded.engine.variables import assign
from pymlsql.embedded.tds.responses import Done
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.dialect import parse_query, parse_scalar
from pymlsql.embedded.tsql.forclause import refuse_for
from pymlsql.embedded.tsql.grouping import has_aggregate
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name, Text
from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import INT

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session
from pymlsql.embedded.engine.frame import SNAPSHOT, Frame, Value


@contextmanager
def changing(session: Session, *targets: Name) -> Iterator[None]:
    """A changing statement: names mean what they mean once the writers' lock is held, not before. Raises 3930."""
    if session.doomed:
        if targets and all(target.object.startswith("@") for target in targets):
            raise unsupported("changing a table variable in a transaction that cannot be committed")
        raise sql_error(3930)
    temporary = all(target.object.startswith(("#", "@")) for target in targets)
    if session.options.isolation == SNAPSHOT and not temporary:
        raise unsupported("changes under SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
    with session.store.statement(locked=not temporary):
        yield


def done(session: Session, frame: Frame, count: int | None = None, command: int = 0) -> None:
    """The end of a statement; with NOCOUNT no count is told."""
    if session.options.nocount:
        count = None
    session.sink(Done(frame.kind, count=count, command=command))  # type: ignore[arg-type]


def select(session: Session, frame: Frame, statement: nodes.Select) -> None:
    """A query: its rows go to the client, its last row into variables, or all into a new table."""
    if statement.into is not None or statement.assignments:
        purpose = "SELECT INTO" if statement.into is not None else "ASSIGNMENT"
        refuse_for(parse_query(statement.query.sql, statement.query.line), purpose, statement.line)
    if statement.into is not None:
        count = _select_into(session, frame, statement)
        session.finish_rows(count)
        done(session, frame, count, 0xC1)
        return
    if statement.is_plain and _assigned_in_turn(session, frame, statement):
        return
    if _reads_earlier(statement):
        raise unsupported("SELECT that reads a variable it has assigned before", line=statement.line)
    plan = plan_query(session, frame, statement.query, references=True)
    with running(session, plan, frame):
        values = bind(session, frame, plan)
        if statement.assignments:
            run = session.store.run if plan.registers else session.store.run_again
            _assign(session, frame, statement, run(plan.compiled.sql, values))
            return
        if plan.compiled.counting:
            if session.options.rowcount:
                raise unsupported("FOR JSON and FOR XML under SET ROWCOUNT", line=statement.line)
            counted = _Counted(session.store.run(plan.compiled.counting, values))
            session.send_rows(plan.compiled.columns, counted)
            count = counted.count
        else:
            cursor = session.store.run(session.wire_sql(plan.compiled), values)
            count = session.send_rows(plan.compiled.columns, cursor, session.options.rowcount)
    session.finish_rows(count)
    done(session, frame, count, 0xC1)


def _assigned_in_turn(session: Session, frame: Frame, statement: nodes.Select) -> bool:
    """SELECT of assignments alone: each sees those before it. False where one is an aggregate, for the long way."""
    if any(has_aggregate(parse_scalar(value.sql, value.line)) for value in statement.values):
        return False
    for (name, operator), value in zip(statement.assignments, statement.values, strict=True):
        frame.get(name, statement.line)
        assign(session, frame, name, operator, value)
    session.finish_rows(1)
    return True


def _reads_earlier(statement: nodes.Select) -> bool:
    """Whether an expression reads a variable that one before it assigns."""
    assigned: set[str] = set()
    for (name, _), value in zip(statement.assignments, statement.values, strict=True):
        if assigned and any(token.kind == "variable" and token.value in assigned for token in tokenize(value.sql)):
            return True
        assigned.add(name)
    return False


class _Counted:
    """The rows of a query whose last column says how many rows the statement read."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.count = 0

    def to_arrow_reader(self, size: int) -> Iterator[Any]:
        for batch in self._cursor.to_arrow_reader(size):
            if batch.num_rows:
                self.count = batch.column(1)[0].as_py()
            yield batch.select([0])


def _reads_its_target(session: Session, frame: Frame, statement: nodes.Select) -> bool:
    """Whether SELECT @x = ... uses a variable that it assigns: then the answer hangs on the order of the rows."""
    read = set(plan_query(session, frame, statement.query, references=True).compiled.variables.values())
    return any(name in read for name, _ in statement.assignments)


def _assign(session: Session, frame: Frame, statement: nodes.Select, cursor: Any) -> None:
    """SELECT @x = ...: every row assigns, so that the last one stays; none leaves the variables alone."""
    plan = plan_query(session, frame, statement.query, references=True)
    compound = any(operator != "=" for _, operator in statement.assignments)
    count = 0
    last = None
    adding: Accumulation | None = None
    while rows := cursor.fetchmany(session.options.rowcount or 2048):
        count += len(rows)
        last = rows[-1]
        if count > 1 and (compound or _reads_its_target(session, frame, statement)):
            if session.options.rowcount:
                raise unsupported("SELECT that adds up a variable under SET ROWCOUNT", line=statement.line)
            adding = adding or Accumulation(frame, statement, plan.compiled.columns)
            adding.add(rows)
        if session.options.rowcount:
            break
    session.finish_rows(count)
    if last is None:
        return
    sums = adding.results() if adding is not None else {}
    temporary = Frame(variables=dict(frame.variables))
    for index, (name, operator) in enumerate(statement.assignments):
        if index in sums:
            frame.get(name, statement.line).value = sums[index]
            continue
        target, column = frame.get(name, statement.line), plan.compiled.columns[index]
        value = from_cell(session.engine.values, last[index]) if column.by_reference else last[index]
        temporary.variables["@pymlsql_value"] = Value(column.type, value)
        if operator == "=" and (value is None or column.type == target.type):
            target.value = value
            continue
        text = "@pymlsql_value" if operator == "=" else f"{name} {operator[0]} @pymlsql_value"
        target.value = evaluate_passed(session, temporary, Text(text, statement.line), target.type)


def _select_into(session: Session, frame: Frame, statement: nodes.Select) -> int:
    """SELECT ... INTO: a new table with the query's columns."""
    assert statement.into is not None
    with changing(session, statement.into):
        return _selected_into(session, frame, statement, statement.into)


def _inherited(session: Session, statement: nodes.Select, columns: tuple[Typed, ...], index: int,
               ) -> tuple[int, int] | None:  # fmt: skip
    """Seed and step of an identity column that the new table takes over: it is selected once, by itself, and neither
    from a join nor from a union."""
    tree = parse_query(statement.query.sql, statement.query.line)
    from_ = tree.args.get("from_")
    if isinstance(tree, exp.SetOperation) or tree.args.get("joins") or from_ is None:
        return None
    if sum(1 for column in columns if column.identity) > 1:
        return None
    plain = isinstance(from_.this, exp.Table) and isinstance(from_.this.this, exp.Identifier)
    if not plain or any(tree.args.get(part) for part in ("group", "distinct", "having", "with_")):
        raise unsupported("SELECT INTO of an identity column from other than a table", line=statement.line)
    source = from_.this
    name = ("#" if source.this.args.get("temporary") else "") + source.this.name
    parts = tuple(source.args[p].name for p in ("catalog", "db") if source.args.get(p) is not None)
    table = target_table(session, Name((*parts, name)))
    return table.identity.identity if table.identity is not None else None


def _selected_into(session: Session, frame: Frame, statement: nodes.Select, into: Name) -> int:
    plan = plan_query(session, frame, statement.query, references=True)
    columns = []
    for index, column in enumerate(plan.compiled.columns):
        if not column.name:
            raise sql_error(1038, line=statement.line)
        type_ = INT if column.type.name == "null" else column.type
        if column.type.name == "timestamp":
            raise unsupported("SELECT INTO with a rowversion column", line=statement.line)
        if column.binary and column.type.is_string:
            raise unsupported("SELECT INTO with a column of another collation", line=statement.line)
        identity = _inherited(session, statement, plan.compiled.columns, index) if column.identity else None
        user_type = 0 if into.object.startswith("#") else column.user_type
        columns.append(nodes.ColumnDefinition(column.name, type_, column.nullable, identity, user_type=user_type))
    definition = nodes.TableDefinition(tuple(columns))
    with session.inside(into.database):
        ddl.create_table(session, nodes.CreateTable(statement.line, into, definition))
    table = target_table(session, into)
    return dml.insert_plan(session, frame, table, list(table.columns), plan, None, statement.line)
