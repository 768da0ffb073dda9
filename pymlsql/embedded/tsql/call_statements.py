"""EXECUTE of a procedure or a string, with what it is given and WITH RESULT SETS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name, Statement
from pymlsql.embedded.tsql.signing_statements import parse_execute_as, parse_principal

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser


def parse_execute(parser: Parser) -> Statement:
    """EXEC of a procedure or a string, or EXECUTE AS."""
    line = parser.next().line
    if parser.take_word("AS"):
        return parse_execute_as(parser, line)
    return parse_call(parser, line, result_sets=True)


def parse_call(parser: Parser, line: int, *, result_sets: bool = False) -> nodes.Execute:
    """A procedure's name and arguments, or a string in brackets; ``result_sets``: WITH may follow."""
    if parser.at_op("("):
        return _execute_string(parser, line, result_sets)
    return_variable = procedure_variable = ""
    if parser.token.kind == "variable" and parser.peek().is_op("="):
        return_variable = parser.next().value
        parser.next()
    procedure: Name | None = None
    if parser.token.kind == "variable":
        procedure_variable = parser.next().value
    else:
        procedure = parser.name()
    if parser.at_op(";") and parser.peek().kind == "number":
        raise unsupported("a procedure's number", line=line)
    arguments: list[nodes.Argument] = []
    if _at_argument(parser):
        arguments.append(_argument(parser, arguments))
        while parser.take_op(","):
            arguments.append(_argument(parser, arguments))
    return nodes.Execute(line, procedure, procedure_variable, None, tuple(arguments), return_variable,
                         _execute_options(parser) if result_sets else None)  # fmt: skip


def _execute_string(parser: Parser, line: int, result_sets: bool) -> nodes.Execute:
    parser.next()
    start = parser.index
    parser.constant("string")
    while parser.take_op("+"):
        parser.constant("string")
    text = parser.slice(start, parser.index)
    if parser.at_op(","):
        raise unsupported("EXECUTE of a string with arguments", line=line)
    parser.expect_op(")")
    if parser.at_word("AT"):
        raise unsupported("EXECUTE (...) AT", line=line)
    principal = parse_principal(parser) if parser.take_word("AS") else None
    shapes = _execute_options(parser) if result_sets else None
    return nodes.Execute(line, batch=text, result_sets=shapes, principal=principal)


def _at_argument(parser: Parser) -> bool:
    token = parser.token
    return (token.kind in ("variable", "string", "number", "binary") or token.is_op("-", "$")
            or token.is_word("DEFAULT", "NULL") or (parser.at_name() and not token.is_word("AT")))  # fmt: skip


def _argument(parser: Parser, before: list[nodes.Argument]) -> nodes.Argument:
    name = ""
    if parser.token.kind == "variable" and parser.peek().is_op("="):
        name = parser.next().value
        parser.next()
    elif before and before[-1].name:
        raise sql_error(119, len(before) + 1, line=parser.token.line)
    token = parser.token
    if token.kind == "variable":
        parser.next()
        output = parser.take_word("OUTPUT", "OUT")
        value = nodes.Text(token.text, token.line)
        return nodes.Argument(name, value, token.value if not token.value.startswith("@@") else "", output)
    if parser.take_word("DEFAULT"):
        return nodes.Argument(name, None)
    start = parser.index
    if token.is_op("-", "$"):
        parser.take_op("-")
        parser.take_op("$")
        if parser.token.kind != "number":
            parser.fail()
        parser.next()
    elif token.kind in ("string", "number", "binary") or token.is_word("NULL"):
        parser.next()
    elif token.kind == "word" or token.kind == "quoted":
        # A bare word is a string constant here: EXEC sp_configure advanced.
        text = parser.identifier().replace("'", "''")
        return nodes.Argument(name, nodes.Text(f"N'{text}'", token.line))
    else:
        parser.fail()
    if parser.at_word("OUTPUT", "OUT"):
        raise sql_error(179, line=token.line)
    return nodes.Argument(name, parser.slice(start, parser.index))


def _execute_options(parser: Parser) -> tuple[tuple[nodes.ResultColumn, ...], ...] | None:
    """WITH RECOMPILE, RESULT SETS ...; the latter's shapes."""
    if not parser.take_word("WITH"):
        return None
    found = None
    while True:
        if not parser.take_word("RECOMPILE"):
            found = _result_sets(parser)
        if not parser.take_op(","):
            return found


def _result_sets(parser: Parser) -> tuple[tuple[nodes.ResultColumn, ...], ...] | None:
    """RESULT SETS: the declared shapes, () for NONE, None for UNDEFINED."""
    parser.expect_word("RESULT")
    parser.expect_word("SETS")
    if parser.take_word("NONE"):
        return ()
    if parser.take_word("UNDEFINED"):
        return None
    parser.expect_op("(")
    shapes = [_result_shape(parser)]
    while parser.take_op(","):
        shapes.append(_result_shape(parser))
    parser.expect_op(")")
    return tuple(shapes)


def _result_shape(parser: Parser) -> tuple[nodes.ResultColumn, ...]:
    if parser.at_word("AS"):
        raise unsupported("WITH RESULT SETS (AS ...)", line=parser.token.line)
    parser.expect_op("(")
    columns = [_result_column(parser)]
    while parser.take_op(","):
        columns.append(_result_column(parser))
    parser.expect_op(")")
    return tuple(columns)


def _result_column(parser: Parser) -> nodes.ResultColumn:
    name, data_type = parser.identifier(), parser.data_type()
    if parser.take_word("COLLATE"):
        parser.identifier()
    if parser.take_word("NOT"):
        parser.expect_word("NULL")
        return nodes.ResultColumn(name, data_type, nullable=False)
    parser.take_word("NULL")
    return nodes.ResultColumn(name, data_type)
