"""sp_describe_undeclared_parameters and sp_describe_first_result_set: what drivers ask before they send values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.engine import dml
from pymlsql.embedded.engine.catalog import Table
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security.enforcement import check_execute, check_object, check_reading
from pymlsql.embedded.engine.system_views import TYPE_IDS
from pymlsql.embedded.engine.targets import target_table
from pymlsql.embedded.engine.typeentries import type_by_id
from pymlsql.embedded.engine.typenames import find_type
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.compiler import Compiler
from pymlsql.embedded.tsql.dialect import parse_query, parse_scalar
from pymlsql.embedded.tsql.joins import compile_from
from pymlsql.embedded.tsql.lengths import stored_length
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.parser import parse_batch
from pymlsql.embedded.tsql.scope import Scope
from pymlsql.embedded.tsql.types import BIT, INT, SMALLINT, SYSNAME, TINYINT, SqlType, nvarchar, user_type

if TYPE_CHECKING:
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_COLUMNS: list[tuple[str, SqlType]] = [
    ("parameter_ordinal", INT), ("name", SYSNAME), ("suggested_system_type_id", INT),
    ("suggested_system_type_name", nvarchar(256)), ("suggested_max_length", SMALLINT),
    ("suggested_precision", TINYINT), ("suggested_scale", TINYINT), ("suggested_user_type_id", INT),
    ("suggested_user_type_database", SYSNAME), ("suggested_user_type_schema", SYSNAME),
    ("suggested_user_type_name", SYSNAME), ("suggested_assembly_qualified_type_name", nvarchar(4000)),
    ("suggested_xml_collection_id", INT), ("suggested_xml_collection_database", SYSNAME),
    ("suggested_xml_collection_schema", SYSNAME), ("suggested_xml_collection_name", SYSNAME),
    ("suggested_is_xml_document", BIT), ("suggested_is_case_sensitive", BIT),
    ("suggested_is_fixed_length_clr_type", BIT), ("suggested_is_input", BIT), ("suggested_is_output", BIT),
    ("formal_parameter_name", SYSNAME), ("suggested_tds_type_id", INT), ("suggested_tds_length", INT),
]  # fmt: skip
_TDS_TYPES = {
    "bit": 104, "tinyint": 38, "smallint": 38, "int": 38, "bigint": 38, "real": 109, "float": 109, "money": 110,
    "smallmoney": 110, "decimal": 106, "date": 40, "time": 41, "datetime2": 42, "datetime": 111, "smalldatetime": 111,
    "char": 175, "varchar": 167, "nchar": 239, "nvarchar": 231, "binary": 173, "varbinary": 165,
    "uniqueidentifier": 36, "sql_variant": 98, "datetimeoffset": 43, "timestamp": 173, "xml": 241, "text": 35,
    "ntext": 99, "image": 34,
}  # fmt: skip
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like)


def describe_undeclared_parameters(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """One row a parameter that the statement uses and nobody declared; its type is that of the column it meets."""
    from pymlsql.embedded.engine.system_procedures import send_table

    text = str(actuals[0].value)
    declared = set()
    if len(actuals) > 1 and actuals[1].value:
        from pymlsql.embedded.engine.prepared import declarations

        declared = {parameter.name for parameter in declarations(session, str(actuals[1].value))}
    wanted: list[str] = []
    for token in tokenize(text):
        if token.kind == "variable" and not token.value.startswith("@@") and token.value not in wanted:
            wanted.append(token.value)
    types: dict[str, SqlType] = {}
    for statement in parse_batch(text).statements:
        _infer(session, statement, types)
    rows = []
    for ordinal, name in enumerate([name for name in wanted if name not in declared], 1):
        if name not in types:
            raise sql_error(11508, name, line=line)
        rows.append(_row(session, ordinal, name, types[name]))
    send_table(session, _COLUMNS, rows)
    return 0


def _row(session: Session, ordinal: int, name: str, type_: SqlType) -> tuple[object, ...]:
    named = find_type(session, *type_.user_name) if type_.user_name is not None else None
    if named is not None and named.table is not None:
        return (ordinal, name, 243, named.name, -1, 0, 0, named.type_id, session.database, named.schema, named.name,
                None, None, None, None, None, False, False, False, True, False, None, 243, 0)  # fmt: skip
    precision, scale = type_.digits if type_.is_exact else (0, type_.scale)
    length = stored_length(type_)
    return (
        ordinal, name, TYPE_IDS[type_.name], str(type_), length, precision, scale, None, None, None, None, None, None,
        None, None, None, False, False, False, True, False, None, _TDS_TYPES[type_.name],
        65535 if length == -1 else length,
    )  # fmt: skip


def _parameter(text: str) -> str:
    tokens = tokenize(text)
    return tokens[0].value if len(tokens) == 2 and tokens[0].kind == "variable" else ""


def _infer(session: Session, statement: nodes.Statement, types: dict[str, SqlType]) -> None:
    if isinstance(statement, nodes.Insert):
        table = _target(session, statement, "INSERT")
        columns = dml.insert_columns(session, table, statement)
        for row in statement.rows:
            for cell, column in zip(row, columns, strict=False):
                if cell is not None and _parameter(cell.sql):
                    types.setdefault(_parameter(cell.sql), column.type)
        if statement.query is not None:
            _infer_query(session, statement.query.sql, types)
    elif isinstance(statement, nodes.Update):
        table = _target(session, statement, "UPDATE")
        for assignment in statement.assignments:
            found = table.column(assignment.column)
            if found is not None and assignment.value is not None and _parameter(assignment.value.sql):
                types.setdefault(_parameter(assignment.value.sql), found.type)
        _infer_where(session, statement, types)
    elif isinstance(statement, nodes.Delete):
        if statement.source is None:
            _target(session, statement, "DELETE")
        _infer_where(session, statement, types)
    elif isinstance(statement, nodes.Select):
        _infer_query(session, statement.query.sql, types)
    elif isinstance(statement, nodes.Execute) and statement.procedure is not None:
        _infer_call(session, statement, types)


def _target(session: Session, statement: nodes.Insert | nodes.Update | nodes.Delete, permission: str) -> Table:
    """The table to change, if the session may: only then is it told of its columns. Raises 208, 229."""
    table = target_table(session, statement.target)
    if not table.temporary:
        check_object(session, permission, table)
    return table


def _infer_call(session: Session, statement: nodes.Execute, types: dict[str, SqlType]) -> None:
    from pymlsql.embedded.engine.catalog import Module

    assert statement.procedure is not None
    found = names(session).find(statement.procedure)
    if not isinstance(found, Module):
        return
    check_execute(session, None, found)
    for index, argument in enumerate(statement.arguments):
        if argument.variable:
            named = (
                [p for p in found.parameters if p.name == argument.name] if argument.name else found.parameters[index:]
            )
            if named:
                made = type_by_id(session.catalog, named[0].user_type)
                is_table = made is not None and made.table is not None
                type_ = user_type(made.schema, made.name) if is_table and made is not None else named[0].type
                types.setdefault(argument.variable, type_)


def _infer_where(session: Session, statement: nodes.Update | nodes.Delete, types: dict[str, SqlType]) -> None:
    if statement.where is not None:
        from pymlsql.embedded.engine.targets import written_name

        source = statement.source.sql if statement.source else written_name(statement.target)
        _infer_query(session, f"SELECT 1 AS one FROM {source} WHERE {statement.where.sql}", types)


def _infer_query(session: Session, text: str, types: dict[str, SqlType]) -> None:
    tree = parse_query(text)
    for select in tree.find_all(exp.Select):
        known = names(session)
        compiler = Compiler(known, dict(types), session.level)
        with compiler.entered(Scope()) as scope:
            try:
                compile_from(compiler, select.args.get("from_"), select.args.get("joins") or [])
            except SqlError as error:
                if error.number == 208:
                    raise
                continue
            check_reading(session, known.uses)
            for node in select.find_all(*_COMPARISONS, exp.Between, exp.In, exp.Limit):
                _infer_comparison(node, scope, types)


def _infer_comparison(node: exp.Expr, scope: Scope, types: dict[str, SqlType]) -> None:
    if isinstance(node, exp.Limit):
        sides = [node.expression.unnest()] if node.expression is not None else []
        for side in sides:
            if isinstance(side, exp.Parameter):
                types.setdefault("@" + side.name.lower(), SqlType("bigint"))
        return
    sides = [node.this, node.args.get("expression"), node.args.get("low"), node.args.get("high"), *node.expressions]
    columns = [side for side in sides if isinstance(side, exp.Column)]
    for side in sides:
        if isinstance(side, exp.Parameter) and isinstance(side.this, exp.Var) and columns:
            column = columns[0]
            qualifiers = tuple(column.args[p].name for p in ("db", "table") if column.args.get(p) is not None)
            try:
                found = scope.resolve(column.name, qualifiers, 1)
            except SqlError:
                continue
            types.setdefault("@" + side.name.lower(), found.type)


def describe_first_result_set(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    raise unsupported("sp_describe_first_result_set", line=line)


__all__ = ["describe_first_result_set", "describe_undeclared_parameters", "parse_scalar"]
