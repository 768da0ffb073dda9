"""SET: a variable, or an option with the values that its grammar has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser

_ASSIGNMENTS = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=")
_SWITCHES = frozenset(
    """
    ANSI_DEFAULTS ANSI_NULLS ANSI_NULL_DFLT_ON ANSI_PADDING ANSI_WARNINGS ARITHABORT CONCAT_NULL_YIELDS_NULL
    CURSOR_CLOSE_ON_COMMIT FMTONLY IMPLICIT_TRANSACTIONS NOCOUNT NOEXEC NUMERIC_ROUNDABORT PARSEONLY QUOTED_IDENTIFIER
    XACT_ABORT
    """.split()
)
"""Options that are ON or OFF; one SET may name several."""
_VALUES: dict[str, tuple[str, ...]] = {
    "DATEFIRST": ("number", "string", "variable"), "DATEFORMAT": ("word", "string", "variable"),
    "DEADLOCK_PRIORITY": ("word", "number", "string", "variable"), "LANGUAGE": ("word", "quoted", "string", "variable"),
    "LOCK_TIMEOUT": ("number", "variable"), "ROWCOUNT": ("number", "variable"), "TEXTSIZE": ("number",),
}  # fmt: skip
"""Options with one value, and what it may be."""
_SIGNED = ("DEADLOCK_PRIORITY", "LOCK_TIMEOUT", "TEXTSIZE")
_REFUSED = frozenset(
    """
    ANSI_NULL_DFLT_OFF ARITHIGNORE ERRLVL FIPS_FLAGGER FORCEPLAN NO_BROWSETABLE OFFSETS
    QUERY_GOVERNOR_COST_LIMIT REMOTE_PROC_TRANSACTIONS SHOWPLAN_ALL SHOWPLAN_TEXT SHOWPLAN_XML STATISTICS
    """.split()
)
_ISOLATION = (("READ", "UNCOMMITTED"), ("READ", "COMMITTED"), ("REPEATABLE", "READ"), ("SERIALIZABLE",), ("SNAPSHOT",))


def parse_set(parser: Parser) -> nodes.Statement:
    """SET @variable = value, or SET option value."""
    line = parser.next().line
    token = parser.token
    if token.kind == "variable":
        return _variable(parser, line)
    if parser.at_word(*_SWITCHES):
        return _switches(parser, line)
    if parser.take_word("CONTEXT_INFO"):
        if parser.token.kind in ("string", "number") or parser.at_word("NULL"):
            raise unsupported(f"SET CONTEXT_INFO {parser.token.text}", line=line)
        return nodes.SetContextInfo(line, parser.constant("binary"))
    if parser.take_word("IDENTITY_INSERT"):
        target = parser.name()
        return nodes.SetOption(line, ("IDENTITY_INSERT",), parser.expect_word("ON", "OFF").value, target)
    if parser.take_word("TRANSACTION"):
        parser.expect_word("ISOLATION")
        parser.expect_word("LEVEL")
        for words in _ISOLATION:
            if parser.take_words(*words):
                return nodes.SetOption(line, ("TRANSACTION ISOLATION LEVEL",), " ".join(words))
        parser.fail()
    if parser.at_word(*_VALUES):
        return _value(parser, line, parser.next().value)
    if parser.at_word(*_REFUSED):
        raise unsupported(f"SET {token.value}", line=token.line)
    if token.kind == "word" and parser.peek().is_word("ON", "OFF"):
        raise sql_error(195, token.text, "SET option", line=token.line)
    parser.fail()


def _variable(parser: Parser, line: int) -> nodes.Statement:
    name = parser.next().value
    if parser.at_op(".", "::"):
        raise unsupported("a method of a type", line=line)
    if not parser.at_op(*_ASSIGNMENTS):
        parser.fail()
    operator = parser.next().text
    if parser.at_word("CURSOR"):
        raise unsupported("SET @variable = CURSOR", line=line)
    return nodes.SetVariable(line, name, operator, parser.expression())


def _switches(parser: Parser, line: int) -> nodes.SetOption:
    options = [parser.next().value]
    while parser.take_op(","):
        options.append(parser.expect_word(*_SWITCHES).value)
    return nodes.SetOption(line, tuple(options), parser.expect_word("ON", "OFF").value)


def _value(parser: Parser, line: int, option: str) -> nodes.SetOption:
    sign = "-" if option in _SIGNED and parser.take_op("-") else ""
    token = parser.token
    if token.kind not in (("number",) if sign else _VALUES[option]):
        parser.fail()
    if token.kind == "word":
        parser.identifier()
    else:
        parser.next()
    return nodes.SetOption(line, (option,), sign + token.value)
