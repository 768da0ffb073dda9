"""CREATE and ALTER SEQUENCE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import sequence_nodes as nodes
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser

_NAMES = {"start": "START WITH", "restart": "RESTART WITH", "increment": "INCREMENT BY", "minimum": "MINVALUE",
          "maximum": "MAXVALUE", "cycle": "CYCLE", "cache": "CACHE"}  # fmt: skip


def parse_sequence(parser: Parser, line: int, action: str) -> nodes.SequenceStatement:
    """What follows CREATE SEQUENCE or ALTER SEQUENCE. Raises 11709 to 11715."""
    name = parser.own_name(f"{action} SEQUENCE")
    data_type: SqlType | None = None
    options: dict[str, int | bool | None] = {}
    while True:
        if parser.at_word("AS"):
            if action == "ALTER":
                raise sql_error(11711, line=line)
            parser.next()
            data_type = parser.data_type()
            continue
        found = _option(parser)
        if found is None:
            break
        option, value = found
        if option in options:
            raise sql_error(11712, _NAMES[option], line=line)
        if option == "restart" and action == "CREATE":
            raise sql_error(11709, line=line)
        if option == "start" and action == "ALTER":
            raise sql_error(11710, line=line)
        options[option] = value
    if action == "ALTER":
        if not options:
            raise sql_error(11715, line=line)
        return nodes.AlterSequence(line, name, None, options)
    return nodes.CreateSequence(line, name, data_type, options)


def _option(parser: Parser) -> tuple[str, int | bool | None] | None:
    """The next option and its value; None where there is no further one."""
    if parser.at_word("START") and parser.peek().is_word("WITH"):
        parser.index += 2
        return "start", parser.integer()
    if parser.take_word("RESTART"):
        return "restart", parser.integer() if parser.take_word("WITH") else None
    if parser.at_word("INCREMENT") and parser.peek().is_word("BY"):
        parser.index += 2
        return "increment", parser.integer()
    if parser.at_word("MINVALUE", "MAXVALUE"):
        option = "minimum" if parser.next().value == "MINVALUE" else "maximum"
        return option, parser.integer()
    if parser.at_word("NO") and parser.peek().is_word("MINVALUE", "MAXVALUE", "CYCLE", "CACHE"):
        parser.next()
        word = parser.next().value
        no: dict[str, tuple[str, int | bool | None]] = {
            "MINVALUE": ("minimum", None), "MAXVALUE": ("maximum", None), "CYCLE": ("cycle", False),
            "CACHE": ("cache", False)}  # fmt: skip
        return no[word]
    if parser.take_word("CYCLE"):
        return "cycle", True
    if parser.take_word("CACHE"):
        has_size = parser.token.kind == "number" or parser.at_op("-")
        return "cache", parser.integer() if has_size else None
    return None
