"""DECLARE CURSOR, OPEN, FETCH, CLOSE and DEALLOCATE."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.cursor_nodes import DeclareCursor, FetchCursor, UseCursor
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Statement

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser

_REFUSED = ("KEYSET", "DYNAMIC", "SCROLL_LOCKS", "OPTIMISTIC")
_OPTIONS = ("LOCAL", "GLOBAL", "FORWARD_ONLY", "SCROLL", "STATIC", "FAST_FORWARD", "READ_ONLY", "TYPE_WARNING")
_CONFLICTS = (("LOCAL", "GLOBAL"), ("FORWARD_ONLY", "SCROLL"), ("STATIC", "FAST_FORWARD"), ("FAST_FORWARD", "SCROLL"))
_DIRECTIONS = ("NEXT", "PRIOR", "FIRST", "LAST", "ABSOLUTE", "RELATIVE")


def parse_declare_cursor(parser: Parser, line: int) -> Statement:
    """DECLARE name CURSOR, in Transact-SQL's or the standard's form. Raises 1048."""
    name = parser.identifier()
    standard = set()
    while parser.at_word("INSENSITIVE", "SCROLL"):
        standard.add(parser.next().value)
    parser.expect_word("CURSOR")
    options = _options(parser)
    for one, other in _CONFLICTS:
        if one in options and other in options:
            raise sql_error(1048, one, other, line=line)
    parser.expect_word("FOR")
    query = parser.query()
    if parser.take_word("FOR"):
        if parser.at_word("UPDATE"):
            raise unsupported("DECLARE CURSOR ... FOR UPDATE", line=line)
        parser.expect_word("READ")
        parser.expect_word("ONLY")
    local = True if "LOCAL" in options else False if "GLOBAL" in options else None
    static = "STATIC" in options or "INSENSITIVE" in standard
    scroll = "SCROLL" in options or "SCROLL" in standard
    if scroll and not static:
        raise unsupported("SCROLL without STATIC or INSENSITIVE", line=line)
    # STATIC alone scrolls: FORWARD_ONLY is the default only where no kind of cursor is named.
    scroll = static and "FORWARD_ONLY" not in options and not (standard and not scroll)
    return DeclareCursor(line, name, query, local, static, scroll)


def _options(parser: Parser) -> set[str]:
    found: set[str] = set()
    while not parser.at_word("FOR"):
        if parser.at_word(*_REFUSED):
            raise unsupported(f"cursor {parser.token.value}", line=parser.token.line)
        found.add(parser.expect_word(*_OPTIONS).value)
    return found


def _name(parser: Parser) -> tuple[str, bool]:
    if parser.token.kind == "variable":
        raise unsupported("a cursor variable", line=parser.token.line)
    after = parser.peek()
    is_global = parser.at_word("GLOBAL") and after.kind in ("word", "quoted") and not parser.begins(after)
    if is_global:
        parser.next()
    return parser.identifier(), is_global


def _use(parser: Parser) -> Statement:
    token = parser.next()
    name, is_global = _name(parser)
    return UseCursor(token.line, token.value.lower(), name, is_global)


def _open(parser: Parser) -> Statement:
    if parser.peek().is_word("MASTER", "SYMMETRIC"):
        raise unsupported(f"OPEN {parser.peek().value}", line=parser.token.line)
    return _use(parser)


def _close(parser: Parser) -> Statement:
    if parser.peek().is_word("MASTER", "SYMMETRIC", "ALL"):
        raise unsupported(f"CLOSE {parser.peek().value}", line=parser.token.line)
    return _use(parser)


def _fetch(parser: Parser) -> Statement:
    line = parser.next().line
    direction, place = "next", None
    if parser.at_word(*_DIRECTIONS) and not parser.peek().is_op(";"):
        direction = parser.next().value.lower()
        if direction in ("absolute", "relative"):
            start = parser.index
            parser.take_op("-")
            if parser.token.kind not in ("number", "variable"):
                parser.fail()
            parser.next()
            place = parser.slice(start, parser.index)
        parser.expect_word("FROM")
    else:
        parser.take_word("FROM")
    name, is_global = _name(parser)
    variables: list[str] = []
    if parser.take_word("INTO"):
        while True:
            if parser.token.kind != "variable":
                parser.fail()
            variables.append(parser.next().value)
            if not parser.take_op(","):
                break
    return FetchCursor(line, name, direction, place, tuple(variables), is_global)


CURSOR_STATEMENTS: dict[str, Callable[[Parser], Statement]] = {
    "OPEN": _open, "CLOSE": _close, "DEALLOCATE": _use, "FETCH": _fetch,
}  # fmt: skip
