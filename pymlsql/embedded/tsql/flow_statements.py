"""PRINT, THROW, RAISERROR, WAITFOR and USE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.nodes import Statement

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser


def parse_print(parser: Parser) -> Statement:
    """PRINT."""
    return nodes.Print(parser.next().line, parser.expression())


def parse_throw(parser: Parser) -> Statement:
    """THROW, with three arguments or none."""
    line = parser.next().line
    if parser.token.kind not in ("number", "variable"):
        return nodes.Throw(line)
    arguments = [parser.constant("number")]
    for kind in ("string", "number"):
        parser.expect_op(",")
        arguments.append(parser.constant(kind))
    return nodes.Throw(line, tuple(arguments))


def parse_raiserror(parser: Parser) -> Statement:
    """RAISERROR with its options."""
    line = parser.next().line
    parser.expect_op("(")
    arguments = [parser.constant("string", "number")]
    for _ in range(2):
        parser.expect_op(",")
        arguments.append(parser.constant("number", signed=True))
    while parser.take_op(","):
        arguments.append(parser.constant("string", "number", "binary", signed=True))
    parser.expect_op(")")
    options: list[str] = []
    if parser.take_word("WITH"):
        options.append(parser.expect_word("LOG", "NOWAIT", "SETERROR").value)
        while parser.take_op(","):
            options.append(parser.expect_word("LOG", "NOWAIT", "SETERROR").value)
    return nodes.RaiseError(line, tuple(arguments), tuple(options))


def parse_waitfor(parser: Parser) -> Statement:
    """WAITFOR DELAY and WAITFOR TIME."""
    line = parser.next().line
    if not parser.at_word("DELAY", "TIME"):
        raise unsupported(f"WAITFOR {parser.token.text}", line=line)
    kind = parser.next().value
    return nodes.WaitFor(line, parser.constant("string"), until=kind == "TIME")


def parse_use(parser: Parser) -> Statement:
    """USE."""
    line = parser.next().line
    return nodes.Use(line, parser.identifier())
