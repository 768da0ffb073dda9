"""Expressions, conditions and queries of a session: compiled once, bound to its variables, run on DuckDB."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.bulk.files import read_bulk
from pymlsql.embedded.engine.bulk.rowset import bulk_rows
from pymlsql.embedded.engine.catalog import Catalog
from pymlsql.embedded.engine.cells import from_cell, parameter_value
from pymlsql.embedded.engine.frame import SNAPSHOT, Frame
from pymlsql.embedded.engine.functions import check_reading
from pymlsql.embedded.engine.names import ALL_ROWS, Plan, SessionNames, SystemUse, variable_types
from pymlsql.embedded.engine.runtime import runtime_value
from pymlsql.embedded.engine.security.enforcement import check_server_state, check_uses
from pymlsql.embedded.engine.security.visibility import sight_of
from pymlsql.embedded.engine.shortcuts import UNKNOWN_YET, quick_condition, quick_value
from pymlsql.embedded.engine.system_views import EVERYTHING, SYSTEM_VIEWS, arrow_table
from pymlsql.embedded.engine.values import LargeValue
from pymlsql.embedded.tsql.compiler import compile_condition, compile_query, compile_scalar
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Text
from pymlsql.embedded.tsql.scope import Scope
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


_OF_THE_CATALOG = frozenset(
    """objects all_objects tables views all_views procedures columns all_columns types schemas indexes index_columns
    key_constraints check_constraints default_constraints foreign_keys foreign_key_columns sql_modules parameters
    schemata routines table_constraints key_column_usage referential_constraints""".split()
)
"""System views (and INFORMATION_SCHEMA's) whose rows change only when something is defined."""


def names(session: Session, frame: Frame | None = None) -> SessionNames:
    """The names in the reach of a frame (None: of what runs now), for one compilation."""

    def reach(database: str) -> tuple[Catalog, tuple[str, ...]]:
        catalog = session.reach(database)
        return catalog, session.path_in(catalog)

    return SessionNames(session.catalog, reach, session.temporary, {}, path=session.path(frame),
                        register=session.engine.functions.register,
                        read_file=lambda path: read_bulk(session, path))  # fmt: skip


def plan_query(session: Session, frame: Frame, text: Text, *, references: bool = False) -> Plan:
    """The query's plan; with ``references`` its columns may hold some (see tsql/references.py). Raises SqlError."""
    types = frame.types()
    key = ("query", references, text.sql, _context(session, frame), variable_types(types))

    def make() -> Plan:
        known = names(session, frame)
        return known.plan(compile_query(text, known, types, level=session.level, references=references))

    return _with_line(text, lambda: session.engine.plans.get(key, make))


def plan_scalar(session: Session, frame: Frame, text: Text, target: SqlType | None = None,
                scope: Scope | None = None) -> Plan:  # fmt: skip
    """An expression's plan; with ``scope`` over that scope's columns, and then not kept."""
    types = frame.types()

    def make() -> Plan:
        known = names(session, frame)
        compiled = compile_scalar(text, known, types, level=session.level, scope=scope, target=target)
        return known.plan(compiled)

    if scope is not None:
        return _with_line(text, make)
    key = ("scalar", text.sql, target, _context(session, frame), variable_types(types))
    return _with_line(text, lambda: session.engine.plans.get(key, make))


def plan_condition(session: Session, frame: Frame, text: Text, scope: Scope | None = None) -> Plan:
    """A condition's plan; with ``scope`` over that scope's columns, and then not kept."""
    types = frame.types()

    def make() -> Plan:
        known = names(session, frame)
        compiled = compile_condition(text, known, types, level=session.level, scope=scope)
        return known.plan(compiled)

    if scope is not None:
        return _with_line(text, make)
    key = ("condition", text.sql, _context(session, frame), variable_types(types))
    return _with_line(text, lambda: session.engine.plans.get(key, make))


def _context(session: Session, frame: Frame) -> tuple[object, ...]:
    return (session.databases.version, session.level, session.database, session.temporary_key, session.path(frame),
            session.default_schemas())  # fmt: skip


def _with_line(text: Text, make: Any) -> Plan:
    try:
        return make()  # type: ignore[no-any-return]
    except SqlError as error:
        error.line = error.line or text.line
        raise


def bind(session: Session, frame: Frame, plan: Plan) -> dict[str, Any]:
    """The values of a plan's parameters."""
    large = session.engine.values
    values = {p: parameter_value(large, p, frame.get(name)) for p, name in plan.compiled.variables.items()}
    for parameter, what in plan.compiled.runtime.items():
        values[parameter] = runtime_value(session, frame, what)
    return values


@contextmanager
def running(session: Session, plan: Plan, frame: Frame | None = None) -> Iterator[None]:
    """What a plan needs while it runs: rights, the rows of its system views, and threads for its tables' rows.

    ``frame`` is that of the module whose text the plan is: what its owner owns is then not asked for. Without one the
    text is taken for dynamic SQL. Raises 229 or 230.
    """
    check_uses(session, plan.uses, frame)
    check_reading(session, plan.tables)
    if session.options.isolation == SNAPSHOT:
        _check_snapshot(session, plan)
    if session.options.isolation in (3, 4) or plan.compiled.locking:
        session.store.lock_for_reading()
    n_rows = 0 if plan.pace.is_quick else sum(session.row_count(table) for table in plan.tables)
    with (session.engine.threads_for(n_rows), session.engine.values.reading(), _system_rows(session, plan.system),
          bulk_rows(session, plan.files)):  # fmt: skip
        started = time.thread_time()
        yield
        plan.pace.ran(time.thread_time() - started)


def _check_snapshot(session: Session, plan: Plan) -> None:
    """The database does not allow snapshot isolation, which the first access to it finds out. Raises 3952; what becomes
    of a transaction then, and catalog views, are refused."""
    kept = plan.tables - {table.sql for table in session.temporary.values()}
    views = [name for database, _, name in plan.system.values() if not name.startswith("dm_")]
    if views or (kept and session.trancount):
        raise unsupported("reading under SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
    if kept:
        raise sql_error(3952, session.database)


@contextmanager
def _system_rows(session: Session, views: Mapping[str, SystemUse]) -> Iterator[None]:
    if not views:
        yield
        return
    for database, _, _ in views.values():
        session.reach(database)
    tables = {duck: _system_table(session, *use) for duck, use in views.items()}
    with session.store.registered(tables):
        yield


def _system_table(session: Session, database: str, schema: str, name: str) -> Any:
    """A system view's rows as the context sees them; those that only the catalog decides are kept as long as it stays
    as it is, for all contexts that see the same."""
    check_server_state(session, name)

    def make() -> Any:
        state = session.system_state(database)
        if not name.startswith(ALL_ROWS):
            return arrow_table(SYSTEM_VIEWS[(schema, name)], state)
        return arrow_table(SYSTEM_VIEWS[(schema, name.removeprefix(ALL_ROWS))], replace(state, sight=EVERYTHING))

    if name not in _OF_THE_CATALOG:
        return make()
    catalog = session.databases.named(database)
    key = ("system", database, schema, name, catalog.version, session.temporary_key, session.level,
           sight_of(session.identity_in(catalog)).key)  # fmt: skip
    return session.engine.plans.get(key, make)


def evaluate(session: Session, frame: Frame, text: Text, target: SqlType | None = None) -> Any:
    """The Python value of an expression, at ``target`` if given."""
    value = evaluate_passed(session, frame, text, target)
    return value.read() if isinstance(value, LargeValue) else value


def evaluate_passed(session: Session, frame: Frame, text: Text, target: SqlType | None = None) -> Any:
    """The same, for a variable or parameter: a large value of varbinary(max) may be a LargeValue."""
    quick = quick_value(frame, text.sql, target)
    if quick is not UNKNOWN_YET:
        return quick
    plan = plan_scalar(session, frame, text, target)
    column = plan.compiled.columns[0]
    if isinstance(column.constant, str) and column.type.is_string:
        return column.constant
    if isinstance(column.constant, int) and column.type.name == "int":
        return column.constant
    return _first(session, frame, plan, f"SELECT {plan.compiled.sql}", text.line)


def holds(session: Session, frame: Frame, text: Text) -> bool:
    """Whether a condition is true (UNKNOWN is not)."""
    quick = quick_condition(frame, text.sql)
    if quick is not None:
        return quick
    plan = plan_condition(session, frame, text)
    return bool(_first(session, frame, plan, f"SELECT {plan.compiled.sql}", text.line))


def _first(session: Session, frame: Frame, plan: Plan, sql: str, line: int) -> Any:
    try:
        with running(session, plan, frame):
            run = session.store.run if plan.registers else session.store.run_again
            row = run(sql, bind(session, frame, plan)).fetchone()
            cell = row[0] if row else None
            columns = plan.compiled.columns
            return from_cell(session.engine.values, cell) if columns and columns[0].by_reference else cell
    except SqlError as error:
        error.line = error.line or line
        raise
