"""SET, PRINT, THROW, RAISERROR, WAITFOR and USE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.nodes import Statement, Text
from pymlsql.embedded.tsql.words import SET_OPTIONS

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser


def parse_set(parser: Parser) -> Statement:
    """SET of a variable or of an option."""
    line = parser.next().line
    if parser.token.kind == "variable":
        name = parser.next().value
        if not parser.at_op("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="):
            parser.fail()
        return nodes.SetVariable(line, name, parser.next().text, parser.expression())
    if parser.take_word("CONTEXT_INFO"):
        return nodes.SetContextInfo(line, parser.expression())
    options = [parser.expect_word(*SET_OPTIONS).value] if parser.at_word(*SET_OPTIONS) else _unknown_option(parser)
    if options == ["TRANSACTION"]:
        parser.expect_word("ISOLATION")
        parser.expect_word("LEVEL")
        words = [parser.next().value]
        while parser.at_word("READ", "UNCOMMITTED", "COMMITTED"):
            words.append(parser.next().value)
        return nodes.SetOption(line, ("TRANSACTION ISOLATION LEVEL",), " ".join(words))
    while parser.take_op(","):
        options.append(parser.expect_word(*SET_OPTIONS).value)
    target = parser.name() if options == ["IDENTITY_INSERT"] else None
    sign = "-" if parser.take_op("-") else ""
    if parser.token.kind not in ("word", "number", "variable", "string"):
        parser.fail()
    return nodes.SetOption(line, tuple(options), sign + parser.next().value, target)


def _unknown_option(parser: Parser) -> list[str]:
    if parser.at_word("STATISTICS", "SHOWPLAN_ALL", "SHOWPLAN_TEXT", "SHOWPLAN_XML", "OFFSETS"):
        raise unsupported(f"SET {parser.token.value}", line=parser.token.line)
    parser.fail()


def parse_print(parser: Parser) -> Statement:
    """PRINT."""
    return nodes.Print(parser.next().line, parser.expression())


def parse_throw(parser: Parser) -> Statement:
    """THROW, with three arguments or none."""
    line = parser.next().line
    if parser.token.kind not in ("number", "variable"):
        return nodes.Throw(line)
    arguments = [parse_plain(parser)]
    for _ in range(2):
        parser.expect_op(",")
        arguments.append(parse_plain(parser))
    return nodes.Throw(line, tuple(arguments))


def parse_plain(parser: Parser) -> Text:
    """A constant or a variable, where SQL Server takes no expression."""
    start = parser.index
    parser.take_op("-", "+")
    signed = parser.index > start
    plain = ("number",) if signed else ("number", "string", "variable", "binary")
    if parser.token.kind not in plain and (signed or not parser.at_word("NULL")):
        parser.fail()
    parser.next()
    return parser.slice(start, parser.index)


def parse_raiserror(parser: Parser) -> Statement:
    """RAISERROR with its options."""
    line = parser.next().line
    parser.expect_op("(")
    arguments = [parse_plain(parser)]
    while parser.take_op(","):
        arguments.append(parse_plain(parser))
    parser.expect_op(")")
    options: list[str] = []
    if parser.take_word("WITH"):
        options.append(parser.expect_word("LOG", "NOWAIT", "SETERROR").value)
        while parser.take_op(","):
            options.append(parser.expect_word("LOG", "NOWAIT", "SETERROR").value)
    if len(arguments) < 3:
        parser.fail()
    return nodes.RaiseError(line, tuple(arguments), tuple(options))


def parse_waitfor(parser: Parser) -> Statement:
    """WAITFOR DELAY and WAITFOR TIME."""
    line = parser.next().line
    if not parser.at_word("DELAY", "TIME"):
        raise unsupported(f"WAITFOR {parser.token.text}", line=line)
    kind = parser.next().value
    return nodes.WaitFor(line, parse_plain(parser), until=kind == "TIME")


def parse_use(parser: Parser) -> Statement:
    """USE."""
    line = parser.next().line
    return nodes.Use(line, parser.identifier())
