"""CREATE TYPE and DROP TYPE."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.nodes import Statement
from pymlsql.embedded.tsql.table_definitions import parse_unnamed_definition
from pymlsql.embedded.tsql.type_nodes import CreateType, DropType

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser


def _create(parser: Parser, line: int) -> Statement:
    name = parser.own_name("CREATE TYPE")
    if parser.take_word("FROM"):
        base = parser.data_type()
        nullable = True
        if parser.take_word("NOT"):
            parser.expect_word("NULL")
            nullable = False
        else:
            parser.take_word("NULL")
        return CreateType(line, name, base, nullable)
    if parser.at_word("EXTERNAL"):
        raise unsupported("CREATE TYPE ... EXTERNAL NAME", line=line)
    parser.expect_word("AS")
    parser.expect_word("TABLE")
    parser.expect_op("(")
    definition = parse_unnamed_definition(parser)
    parser.expect_op(")")
    if parser.at_word("WITH"):
        raise unsupported("CREATE TYPE ... WITH", line=line)
    return CreateType(line, name, definition=definition)


def _drop(parser: Parser, line: int) -> Statement:
    if_exists = parser.take_words("IF", "EXISTS")
    return DropType(line, parser.name(), if_exists)


TYPE_CREATE: dict[str, Callable[[Parser, int], Statement]] = {"TYPE": _create}
TYPE_DROP: dict[str, Callable[[Parser, int], Statement]] = {"TYPE": _drop}
