"""CREATE, ALTER of views, procedures and inline functions, and their text as SQL Server keeps it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.binding import Bound, bound_body, bound_query, refuse_bound
from pymlsql.embedded.engine.catalog import Module, Table, ViewColumn, now_text
from pymlsql.embedded.engine.ddl import schema_of
from pymlsql.embedded.engine.evaluation import names, running
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.governance.classifier import refuse_classifier
from pymlsql.embedded.engine.modulecalls import refuse_referenced
from pymlsql.embedded.engine.namecheck import check_names
from pymlsql.embedded.engine.names import Plan
from pymlsql.embedded.engine.security.enforcement import check_new_object, denied, kind_of, may_object
from pymlsql.embedded.engine.signing.entries import Signature
from pymlsql.embedded.engine.signing.impersonation import declared_context
from pymlsql.embedded.engine.signing.signatures import without_signatures
from pymlsql.embedded.engine.usertypes import resolved_parameters, returned_type
from pymlsql.embedded.engine.variables import inner_statements
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiler, compiled_as
from pymlsql.embedded.tsql.dialect import parse_query
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.queries import compile_query
from pymlsql.embedded.tsql.typed import Typed

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_KINDS = {"VIEW": "V", "PROCEDURE": "P", "FUNCTION": "IF"}
_HEAD = re.compile(r"\b(CREATE\s+OR\s+ALTER|ALTER|CREATE)\b(\s+)(?=(VIEW|PROC|PROCEDURE|FUNCTION)\b)", re.IGNORECASE)


def stored_text(text: str) -> str:
    """The batch as sys.sql_modules shows it: OR ALTER is left out and ALTER has become CREATE."""
    return _HEAD.sub(lambda match: "CREATE" + match[2], text, count=1)


def create_module(session: Session, statement: nodes.CreateModule) -> None:
    """Raises 2714 when it is there, 208 when ALTER finds none, and what is wrong with its query."""
    if "SCHEMABINDING" in statement.options and statement.kind == "PROCEDURE":
        raise unsupported("WITH SCHEMABINDING of a procedure", line=statement.line)
    schema = schema_of(session, statement.name)
    kind = _KINDS[statement.kind] if statement.returns is None else "FN"
    found = session.catalog.find(schema.name, statement.name.object)
    if found is None or statement.action == "create":
        check_new_object(session, f"CREATE {statement.kind}", schema)
    elif not may_object(session, "ALTER", found):
        raise denied(3701, "alter", kind_of(found), found.name)
    if found is not None and (isinstance(found, Table) or found.kind != kind or statement.action == "create"):
        raise sql_error(2714, statement.name.object)
    if found is None and statement.action == "alter":
        raise sql_error(208, str(statement.name))
    if found is not None:
        refuse_classifier(session, "alter", found)
        refuse_referenced(session, found, "ALTER")
        refuse_bound(session.catalog, found, "ALTER", f"{found.schema}.{found.name}")
    parameters = resolved_parameters(session, statement.parameters)
    _check_readonly(statement.body, {parameter.name for parameter in parameters if parameter.readonly})
    returns = None
    if statement.returns is not None:
        returns = returned_type(session, statement)
    execute_as = declared_context(session, statement)
    check_names(session, statement, schema.name, parameters)
    columns: tuple[ViewColumn, ...] = ()
    binds = bound_body(session, statement, schema.name, parameters) if statement.returns is not None else ()
    if statement.query is not None:
        columns, binds = _described(session, statement, schema.name)
    with session.store.statement():
        catalog = session.catalog
        gone: list[Signature] = []
        if found is None:
            catalog, number = catalog.allocate()
        else:
            number = found.object_id
            catalog, gone = without_signatures(catalog, number)
        options = session.options
        module = Module(
            number, schema.name, statement.name.object, kind, stored_text(statement.text), statement.query,
            statement.columns, columns, parameters, options.ansi_nulls, options.quoted_identifier,
            found.created if found else now_text(), now_text(), returns, execute_as,
            is_bound="SCHEMABINDING" in statement.options, binds=binds,
        )  # fmt: skip
        session.set_catalog(catalog.with_object(replace(module)), [module], gone)


def _check_plan(session: Session, sql: str, compiler: Compiler) -> None:
    """Let DuckDB bind a view's query, and raise what it finds; not where data files would have to be read for it."""
    if getattr(compiler.names, "files", {}):
        return
    plan = Plan(compiled_as(compiler, sql, ()), getattr(compiler.names, "system", {}))
    with running(session, plan):
        session.store.run(f"SELECT * FROM ({sql}) AS q LIMIT 0", dict.fromkeys(plan.compiled.runtime))


def _check_readonly(body: tuple[nodes.Statement, ...], names: set[str]) -> None:
    """Raises 10700 for a change of a table-valued parameter."""
    for statement in body:
        target = getattr(statement, "target", None)
        if isinstance(target, nodes.Name) and target.object in names:
            raise sql_error(10700, target.object, line=statement.line)
        _check_readonly(inner_statements(statement), names)


def _described(session: Session, statement: nodes.CreateModule, schema: str) -> tuple[tuple[ViewColumn, ...], Bound]:
    """The columns of a view or inline function, and what it is bound to; compiling it finds every unknown name now, as
    SQL Server does."""
    assert statement.query is not None
    # Names are looked for where the module will be, whoever asks for it.
    own = names(session, Frame(schema=schema))
    compiler = Compiler(own, {}, session.level, line=statement.query.line)
    known = {p.name: Typed(f"CAST(NULL AS {p.type.duckdb})", p.type) for p in statement.parameters}
    compiler.arguments.append(known)
    query = compile_query(compiler, parse_query(statement.query.sql, statement.query.line))
    if statement.columns and len(statement.columns) != len(query.columns):
        number = 8158 if len(statement.columns) < len(query.columns) else 4502
        raise sql_error(number, statement.name.object, line=statement.line)
    described = []
    seen: set[str] = set()
    for index, column in enumerate(query.columns, 1):
        name = statement.columns[index - 1] if statement.columns else column.name
        if not name:
            raise sql_error(4511, index, line=statement.line)
        if name.lower() in seen:
            raise sql_error(4506, name, f"{schema}.{statement.name.object}", line=statement.line)
        seen.add(name.lower())
        described.append(ViewColumn(name, column.type, column.nullable, column.user_type))
    # The plan is asked of DuckDB too, which finds what the compiler leaves to it (ungrouped columns).
    _check_plan(session, query.sql, compiler)
    return tuple(described), bound_query(session, statement, schema, own)
