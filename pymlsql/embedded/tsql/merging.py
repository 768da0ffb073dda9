"""MERGE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.change_nodes import When
from pymlsql.embedded.tsql.data_statements import (
    parse_assignment,
    parse_output,
    parse_target,
    parse_top,
    parse_value,
)
from pymlsql.embedded.tsql.grammar.hints import skip_query_hints
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import Text

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser

_CLAUSES = {"matched": "WHEN MATCHED", "target": "WHEN NOT MATCHED", "source": "WHEN NOT MATCHED BY SOURCE"}


def parse_merge(parser: Parser, common: Text | None = None) -> nodes.Statement:
    """MERGE with its WHEN clauses. Raises 5324, 10710, 10711, 10713, 10714."""
    line = parser.next().line
    top = parse_top(parser)
    parser.take_word("INTO")
    target = parse_target(parser)
    alias = ""
    if parser.take_word("AS") or not parser.at_word("USING"):
        alias = parser.identifier()
    parser.expect_word("USING")
    source = parser.joined()
    parser.expect_word("ON")
    on = parser.condition()
    whens: list[When] = []
    while parser.at_word("WHEN"):
        whens.append(_when(parser, whens))
    if not whens:
        parser.fail()
    output = parse_output(parser)
    if parser.take_word("OPTION"):
        skip_query_hints(parser)
    if not parser.at_op(";"):
        raise sql_error(10713, line=parser.token.line)
    return nodes.Merge(line, target, alias, source, on, tuple(whens), output, common, top)


def _when(parser: Parser, before: list[When]) -> When:
    line = parser.next().line
    kind = "target" if parser.take_word("NOT") else "matched"
    parser.expect_word("MATCHED")
    if kind == "target" and parser.take_word("BY"):
        kind = "source" if parser.expect_word("SOURCE", "TARGET").value == "SOURCE" else "target"
    condition = parser.condition() if parser.take_word("AND") else None
    parser.expect_word("THEN")
    action = parser.expect_word("UPDATE", "DELETE", "INSERT").value
    clause = _CLAUSES[kind]
    same = [when for when in before if when.kind == kind]
    if kind == "target" and action != "INSERT":
        raise sql_error(10710, action, line=line)
    if kind != "target" and action == "INSERT":
        raise sql_error(10711, clause, line=line)
    if any(when.action == action for when in same):
        raise sql_error(10714, action, clause, line=line)
    if any(when.condition is None for when in same):
        raise sql_error(5324, clause, clause, line=line)
    if action == "UPDATE":
        return When(kind, action, condition, _assignments(parser))
    if action == "DELETE":
        return When(kind, action, condition)
    columns, values = _inserted(parser)
    return When(kind, action, condition, (), columns, values)


def _assignments(parser: Parser) -> tuple[nodes.Assignment, ...]:
    parser.expect_word("SET")
    found = [parse_assignment(parser)]
    while parser.take_op(","):
        found.append(parse_assignment(parser))
    if any(one.variable and one.column for one in found):
        raise sql_error(10723, line=parser.token.line)
    return tuple(found)


def _inserted(parser: Parser) -> tuple[tuple[str, ...], tuple[Text | None, ...] | None]:
    """The columns and values of INSERT; None for DEFAULT VALUES. Raises 10739."""
    columns: list[str] = []
    if parser.take_op("("):
        columns.append(parser.identifier())
        while not parser.take_op(")"):
            if parser.at_op("."):
                raise sql_error(10739, line=parser.token.line)
            if not parser.take_op(","):
                parser.fail()
            columns.append(parser.identifier())
    if parser.take_word("DEFAULT"):
        parser.expect_word("VALUES")
        return tuple(columns), None
    parser.expect_word("VALUES")
    parser.expect_op("(")
    values = [parse_value(parser)]
    while parser.take_op(","):
        values.append(parse_value(parser))
    parser.expect_op(")")
    return tuple(columns), tuple(values)
