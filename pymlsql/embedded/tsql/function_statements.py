"""CREATE FUNCTION: inline table-valued functions and scalar functions, and what may stand in the latter."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.definitions import module_options, parse_parameters
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser

_ANYWHERE = (nodes.Block, nodes.If, nodes.While, nodes.Break, nodes.Continue, nodes.Return, nodes.Declare,
             nodes.SetVariable, nodes.Execute)  # fmt: skip
_CHANGES = (nodes.Insert, nodes.Update, nodes.Delete, nodes.Merge)
_EFFECTS = frozenset({"NEWID", "RAND", "NEWSEQUENTIALID"})
"""Functions whose calls have effects, and so stand in no function."""

_WRITTEN = {nodes.Transaction: "{} TRANSACTION", nodes.TryCatch: "BEGIN TRY", nodes.RaiseError: "RAISERROR",
            nodes.SetOption: "SET OPTION ON/OFF", nodes.CreateTable: "CREATE TABLE", nodes.Truncate: "TRUNCATE TABLE",
            nodes.Select: "SELECT INTO"}  # fmt: skip


def parse_function(parser: Parser, line: int, action: str, name: Name) -> nodes.CreateModule:
    """CREATE or ALTER FUNCTION from its parameters on. Raises 443, 444, 455."""
    parser.expect_op("(")
    parameters = parse_parameters(parser)
    parser.expect_op(")")
    if any(parameter.output for parameter in parameters):
        raise sql_error(181, line=line)
    parser.expect_word("RETURNS")
    if parser.token.kind == "variable":
        raise unsupported("multi-statement table-valued function", line=line)
    if parser.take_word("TABLE"):
        return _inline(parser, line, action, name, parameters)
    return _scalar(parser, line, action, name, parameters)


def _inline(parser: Parser, line: int, action: str, name: Name,
            parameters: tuple[nodes.ModuleParameter, ...]) -> nodes.CreateModule:  # fmt: skip
    from pymlsql.embedded.tsql.data_statements import common_tables

    options = module_options(parser)
    parser.take_word("AS")
    parser.expect_word("RETURN")
    bracketed = parser.take_op("(")
    start = parser.index
    if parser.at_word("WITH"):
        common_tables(parser)
    parser.skip_subquery_body()
    query = parser.slice(start, parser.index)
    if bracketed:
        parser.expect_op(")")
    parser.expect_end()
    text = parser.text
    return nodes.CreateModule(line, "FUNCTION", action, name, text, parameters, query=query, options=options)


def _scalar(parser: Parser, line: int, action: str, name: Name,
            parameters: tuple[nodes.ModuleParameter, ...]) -> nodes.CreateModule:  # fmt: skip
    returns = parser.data_type(users=True)
    options = _options(parser)
    parser.take_word("AS")
    if not parser.at_word("BEGIN"):
        parser.fail()
    body = parser.statement()
    parser.expect_end()
    _check_effects((body,))
    assert isinstance(body, nodes.Block)
    if not isinstance(body.body[-1], nodes.Return):
        raise sql_error(455, line=body.body[-1].line)
    _check_calls(parser)
    return nodes.CreateModule(line, "FUNCTION", action, name, parser.text, parameters, body=(body,), returns=returns,
                              options=options)  # fmt: skip


def _options(parser: Parser) -> tuple[str, ...]:
    """WITH of a scalar function."""
    if not parser.take_word("WITH"):
        return ()
    options: list[str] = []
    while True:
        if parser.take_words("RETURNS", "NULL", "ON", "NULL", "INPUT"):
            options.append("RETURNS NULL")
        elif parser.take_words("CALLED", "ON", "NULL", "INPUT"):
            pass
        elif parser.take_word("SCHEMABINDING"):
            options.append("SCHEMABINDING")
        elif parser.take_word("INLINE"):
            parser.expect_op("=")
            parser.expect_word("ON", "OFF")
        elif parser.at_word("EXECUTE", "EXEC", "ENCRYPTION", "NATIVE_COMPILATION"):
            raise unsupported(f"WITH {parser.token.value} of a function", line=parser.token.line)
        else:
            parser.fail()
        if not parser.take_op(","):
            return tuple(options)


def _check_effects(statements: tuple[nodes.Statement, ...]) -> None:
    """Raises 444 for a query that answers, 443 for what would change more than the function's own variables."""
    for statement in statements:
        if isinstance(statement, nodes.Select) and statement.into is None:
            if not statement.assignments:
                raise sql_error(444, line=statement.line)
        elif isinstance(statement, _CHANGES):
            if not statement.target.object.startswith("@") or statement.output is not None:
                raise sql_error(443, type(statement).__name__.upper(), line=statement.line)
        elif not isinstance(statement, _ANYWHERE):
            text = _WRITTEN.get(type(statement), type(statement).__name__.upper())
            action = getattr(statement, "action", "")
            raise sql_error(443, text.format(action.upper() if isinstance(action, str) else ""), line=statement.line)
        _check_effects(_inside(statement))


def _inside(statement: nodes.Statement) -> tuple[nodes.Statement, ...]:
    match statement:
        case nodes.Block():
            return statement.body
        case nodes.While():
            return (statement.body,)
        case nodes.If():
            return (statement.then, statement.otherwise) if statement.otherwise else (statement.then,)
    return ()


def _check_calls(parser: Parser) -> None:
    tokens = tokenize(parser.text)
    for token, after in pairwise(tokens):
        if token.kind == "word" and token.value.startswith("#"):
            raise sql_error(2772, line=token.line)
        if token.is_word(*_EFFECTS) and after.is_op("("):
            raise sql_error(443, token.text.lower(), line=token.line)
