"""ALTER TABLE and ALTER INDEX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.grammar.definitions import skip_index_options
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.nodes import ColumnDefinition, Constraint, Name, TableDefinition
from pymlsql.embedded.tsql.table_definitions import CONSTRAINTS, parse_column, parse_constraint, skip_storage_options
from pymlsql.embedded.tsql.temporal_definitions import parse_period, parse_versioning
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser

_COLUMN_PROPERTIES = ("PERSISTED", "ROWGUIDCOL", "HIDDEN", "MASKED", "SPARSE")


def parse_alter_table(parser: Parser, line: int) -> nodes.Statement:
    """What follows ALTER TABLE."""
    name = parser.name()
    checking = ""
    if parser.take_word("WITH"):
        checking = parser.expect_word("CHECK", "NOCHECK").value
        if not parser.at_word("ADD", "CHECK", "NOCHECK"):
            parser.fail()
    if parser.take_word("ADD"):
        parser.defining = "ALTER TABLE"
        added = _added(parser, unchecked=checking == "NOCHECK")
        parser.defining = "CREATE TABLE"
        return nodes.AlterTable(line, name, "add", added)
    if parser.at_word("CHECK", "NOCHECK"):
        return _enforcement(parser, line, name, checking)
    if parser.take_word("DROP"):
        return _dropped(parser, line, name)
    if parser.take_words("ALTER", "COLUMN"):
        return _altered(parser, line, name)
    if parser.take_word("REBUILD"):
        skip_storage_options(parser)
        return nodes.AlterTable(line, name, "nothing")
    if parser.at_word("SET") and parser.peek().is_op("(") and parser.peek(2).is_word("SYSTEM_VERSIONING"):
        parser.index += 2
        versioning = parse_versioning(parser)
        parser.expect_op(")")
        return nodes.AlterTable(line, name, "versioning", versioning=versioning)
    if parser.at_word("SET") and parser.peek().is_op("(") and parser.peek(2).is_word("LOCK_ESCALATION"):
        parser.next()
        parser.skip_parentheses()
        return nodes.AlterTable(line, name, "nothing")
    if parser.at_word("SET", "SWITCH", "ENABLE", "DISABLE"):
        raise unsupported(f"ALTER TABLE ... {parser.token.value}", line=line)
    parser.fail()


def _added(parser: Parser, *, unchecked: bool) -> TableDefinition:
    columns: list[ColumnDefinition] = []
    constraints: list[Constraint] = []
    period: tuple[str, str] | None = None
    while True:
        if parser.at_words("PERIOD", "FOR"):
            period = parse_period(parser)
        elif parser.at_word(*CONSTRAINTS):
            constraints.append(parse_constraint(parser, column="", unchecked=unchecked))
        else:
            columns.append(parse_column(parser, unchecked=unchecked))
        if not parser.take_op(","):
            return TableDefinition(tuple(columns), tuple(constraints), (), period)


def _dropped(parser: Parser, line: int, name: Name) -> nodes.Statement:
    if parser.at_word("PERIOD") and parser.peek().is_word("FOR"):
        parser.index += 2
        parser.expect_word("SYSTEM_TIME")
        return nodes.AlterTable(line, name, "drop_period")
    parts: list[nodes.AlterTable] = []
    action, if_exists = "drop_constraint", False
    while True:
        if parser.at_word("COLUMN", "CONSTRAINT") or not parts:
            action = "drop_column" if parser.take_word("COLUMN") else "drop_constraint"
            parser.take_word("CONSTRAINT")
            if_exists = parser.take_words("IF", "EXISTS")
        parts.append(nodes.AlterTable(line, name, action, None, (parser.identifier(),), if_exists))
        if action == "drop_constraint":
            skip_storage_options(parser, "DROP")
        if not parser.take_op(","):
            break
    kinds = [part.action for part in parts]
    if len(set(kinds)) > 1 and kinds != sorted(kinds, reverse=True):
        raise unsupported("ALTER TABLE ... DROP of columns before constraints", line=line)
    if len({(part.action, part.if_exists) for part in parts}) == 1:
        return nodes.AlterTable(line, name, action, None, tuple(part.names[0] for part in parts), if_exists)
    return nodes.AlterTable(line, name, "drop_several", parts=tuple(parts))


def _altered(parser: Parser, line: int, name: Name) -> nodes.Statement:
    if parser.peek().is_word("ADD", "DROP") and parser.peek(2).is_word(*_COLUMN_PROPERTIES):
        column = ColumnDefinition(parser.identifier(), SqlType("null"))
        words = (parser.next().value, parser.next().value)
        return nodes.AlterTable(line, name, "alter_column", TableDefinition((column,)), words)
    start = parser.index
    column = parse_column(parser)
    nulls = [token for token in parser.tokens[start : parser.index] if token.is_word("NULL")]
    if len(nulls) > 1:
        parser.fail(nulls[1])
    if column.computed is not None or column.identity is not None or column.constraints:
        parser.fail()
    if parser.at_word("WITH") and parser.peek().is_op("("):
        skip_storage_options(parser)
    return nodes.AlterTable(line, name, "alter_column", TableDefinition((column,)))


def _enforcement(parser: Parser, line: int, name: Name, checking: str) -> nodes.Statement:
    action = parser.next().value.lower()
    parser.expect_word("CONSTRAINT")
    if action == "check" and checking == "CHECK":
        action = "check_trusted"
    if parser.take_word("ALL"):
        return nodes.AlterTable(line, name, action)
    names = [parser.identifier()]
    while parser.take_op(","):
        names.append(parser.identifier())
    return nodes.AlterTable(line, name, action, None, tuple(names))


def parse_alter_index(parser: Parser, line: int) -> nodes.Statement:
    """What follows ALTER INDEX: REBUILD, REORGANIZE, DISABLE, SET; storage options are of no meaning here."""
    index = "" if parser.take_word("ALL") else parser.identifier()
    parser.expect_word("ON")
    table = parser.name()
    action = parser.expect_word("REBUILD", "REORGANIZE", "DISABLE", "SET", "RESUME", "PAUSE", "ABORT").value
    if action in ("RESUME", "PAUSE", "ABORT"):
        raise unsupported(f"ALTER INDEX ... {action}", line=line)
    if action == "SET":
        _refuse_options(parser)
        skip_index_options(parser, "ALTER INDEX SET")
    elif action in ("REBUILD", "REORGANIZE"):
        if parser.take_word("PARTITION"):
            parser.expect_op("=")
            parser.expect_word("ALL")
        if parser.at_word("WITH") and parser.peek().is_op("("):
            parser.next()
            _refuse_options(parser)
            skip_index_options(parser, f"ALTER INDEX {action}")
    return nodes.AlterIndex(line, index, table, action.lower())


def _refuse_options(parser: Parser) -> None:
    """IGNORE_DUP_KEY changes what an INSERT does."""
    depth, ahead = 0, 0
    while True:
        token = parser.peek(ahead)
        depth += token.is_op("(") - token.is_op(")")
        if token.is_word("IGNORE_DUP_KEY") and parser.peek(ahead + 2).is_word("ON"):
            raise unsupported("IGNORE_DUP_KEY", line=token.line)
        if depth == 0 or token.kind == "end":
            return
        ahead += 1
