"""OUTPUT clauses: rows of inserted and deleted, to the client or INTO a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.engine.evaluation import bind, names, running
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.security.enforcement import check_change
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiler, compiled_as
from pymlsql.embedded.tsql.dialect import parse_query
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.queries import _Select
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.scope import Scope, Source
from pymlsql.embedded.tsql.typed import Typed, quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_BOTH = "pymlsql_changed"


def send_output(session: Session, frame: Frame, table: Table, output: nodes.Output, *, inserted: pa.Table | None,
                deleted: pa.Table | None) -> None:  # fmt: skip
    """Evaluate the clause over the changed rows, and send or store them."""
    rows = {}
    used: set[str] = set()
    sources = []
    for alias, changed in (("inserted", inserted), ("deleted", deleted)):
        if changed is None:
            continue
        columns = []
        for column in table.columns:
            name = f"{alias}.{column.name}"
            rows[name] = changed.column(column.name)
            columns.append(
                Typed(f"b.{quote_name(name)}", column.type, column.nullable, column.binary, None, column.name,
                      by_reference=keeps_references(column.type))
            )
        sources.append(Source(alias, columns, used=used))
    known = names(session, frame)
    compiler = Compiler(known, frame.types(), session.engine.level, line=output.columns.line)
    scope = Scope(sources=sources)
    tree = parse_query(f"SELECT {output.columns.sql}", output.columns.line)
    select = _Select(compiler, tree, True, references=True)
    with compiler.entered(scope):
        columns = select._columns(scope)
    sql = ", ".join(f"{column.sql} AS c{i}" for i, column in enumerate(columns))
    compiled = compiled_as(compiler, f"SELECT {sql} FROM {_BOTH} AS b", tuple(columns))
    plan = known.plan(compiled)
    if used:
        check_change(session, frame, "SELECT", table, used)
    with session.store.registered({_BOTH: pa.table(rows)}), running(session, plan, frame):
        if output.into is None:
            values = bind(session, frame, plan)
            session.send_rows(compiled.columns, session.store.run(session.wire_sql(compiled), values))
            return
        _store(session, frame, output, plan)


def _store(session: Session, frame: Frame, output: nodes.Output, plan: Plan) -> None:
    from pymlsql.embedded.engine.dml import insert_plan, target_table

    assert output.into is not None
    target = target_table(session, output.into)
    check_change(session, frame, "INSERT", target)
    names_ = output.into_columns or [c.name for c in target.columns if c.identity is None]
    columns = [target.column(name) for name in names_]
    if any(column is None for column in columns):
        raise unsupported("OUTPUT INTO an unknown column")
    insert_plan(session, frame, target, [c for c in columns if c is not None], plan, None, output.columns.line)
