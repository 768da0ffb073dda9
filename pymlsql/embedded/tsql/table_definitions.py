"""What stands in the brackets of CREATE TABLE and behind ALTER TABLE: columns, constraints, indexes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.data_statements import column_list
from pymlsql.embedded.tsql.grammar.definitions import skip_index_options
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import ColumnDefinition, Constraint, IndexDefinition, TableDefinition
from pymlsql.embedded.tsql.temporal_definitions import parse_generated, parse_period
from pymlsql.embedded.tsql.types import SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser

CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "DEFAULT", "REFERENCES")


def parse_table_definition(parser: Parser) -> TableDefinition:
    """What stands between the brackets of CREATE TABLE; the cursor is behind the opening one."""
    columns: list[ColumnDefinition] = []
    constraints: list[Constraint] = []
    indexes: list[IndexDefinition] = []
    period: tuple[str, str] | None = None
    while True:
        if parser.at_word("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK"):
            constraints.append(parse_constraint(parser, column=""))
        elif parser.at_word("INDEX"):
            indexes.append(_inline_index(parser))
        elif parser.at_words("PERIOD", "FOR"):
            period = parse_period(parser)
        else:
            columns.append(parse_column(parser))
        if not parser.take_op(","):
            return TableDefinition(tuple(columns), tuple(constraints), tuple(indexes), period)
        if parser.at_op(")"):
            return TableDefinition(tuple(columns), tuple(constraints), tuple(indexes), period)


def parse_unnamed_definition(parser: Parser) -> TableDefinition:
    """The same of a table variable or table type: no constraint has a name, and none is a foreign key. Raises 156."""
    start = parser.index
    definition = parse_table_definition(parser)
    for token in parser.tokens[start : parser.index]:
        if token.is_word("CONSTRAINT", "FOREIGN", "REFERENCES"):
            parser.fail(token)
    return definition


def _inline_index(parser: Parser) -> IndexDefinition:
    parser.next()
    name = parser.identifier()
    unique = parser.take_word("UNIQUE")
    clustered = parser.at_word("CLUSTERED")
    parser.take_word("CLUSTERED", "NONCLUSTERED")
    columnstore = parser.take_word("COLUMNSTORE")
    columns = () if columnstore and clustered else parse_key_columns(parser)
    included = column_list(parser) if parser.take_word("INCLUDE") else ()
    where = parser.filter(name, "") if parser.take_word("WHERE") else None
    skip_storage_options(parser)
    return IndexDefinition(name, columns, unique, clustered, included, where, columnstore)


def parse_column(parser: Parser, *, unchecked: bool = False) -> ColumnDefinition:
    """name type [options], or name AS expression."""
    name = parser.identifier()
    if parser.take_word("AS"):
        return _computed_column(parser, name)
    if name.lower() == "timestamp" and parser.at_op(",", ")"):
        raise unsupported("a timestamp column without a name", line=parser.token.line)
    data_type = parser.data_type(users=True)
    nullable: bool | None = None
    identity: tuple[int, int] | None = None
    collation, generated, hidden = "", "", False
    constraints: list[Constraint] = []
    while True:
        if parser.take_word("GENERATED"):
            generated, hidden = parse_generated(parser)
        elif parser.take_word("NULL"):
            nullable = True
        elif parser.at_words("NOT", "NULL"):
            parser.index += 2
            nullable = False
        elif parser.take_word("IDENTITY"):
            if identity is not None:
                raise sql_error(8148, "IDENTITY", name, "", line=parser.token.line)
            identity = _identity(parser)
            _skip_replication(parser)
        elif parser.at_word("COLLATE") and not collation:
            parser.next()
            collation = parser.identifier()
        elif parser.at_word("SPARSE", "ROWGUIDCOL", "FILESTREAM", "MASKED", "ENCRYPTED", "HIDDEN"):
            raise unsupported(f"column option {parser.token.value}", line=parser.token.line)
        elif parser.at_word(*CONSTRAINTS):
            constraints.append(parse_constraint(parser, column=name, unchecked=unchecked))
        elif parser.at_word("INDEX"):
            raise unsupported("INDEX behind a column", line=parser.token.line)
        else:
            if generated and nullable is None:
                nullable = False
            return ColumnDefinition(name, data_type, nullable, identity, None, False, tuple(constraints), collation,
                                    generated, hidden)  # fmt: skip


def _computed_column(parser: Parser, name: str) -> ColumnDefinition:
    """What follows AS: the expression, PERSISTED [NOT NULL], constraints."""
    expression = parser.expression()
    persisted = parser.take_word("PERSISTED")
    nullable: bool | None = None
    if persisted and parser.take_word("NOT"):
        parser.expect_word("NULL")
        nullable = False
    constraints: list[Constraint] = []
    while parser.at_word("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "REFERENCES"):
        constraints.append(parse_constraint(parser, column=name))
    return ColumnDefinition(name, SqlType("null"), nullable, computed=expression, persisted=persisted,
                            constraints=tuple(constraints))  # fmt: skip


def _identity(parser: Parser) -> tuple[int, int]:
    if not parser.take_op("("):
        return 1, 1
    if parser.token.kind == "number" and not parser.token.text.isdigit():
        raise unsupported(f"IDENTITY({parser.token.text} ...)", line=parser.token.line)
    seed = parser.integer()
    parser.expect_op(",")
    step = parser.integer()
    parser.expect_op(")")
    return seed, step


def parse_constraint(parser: Parser, *, column: str, unchecked: bool = False) -> Constraint:
    """[CONSTRAINT name] and what it is; ``column`` is the one it stands at, "" for one of the table."""
    name = parser.identifier() if parser.take_word("CONSTRAINT") else ""
    if name and parser.at_word("NOT", "NULL"):
        raise unsupported("a name for NOT NULL", line=parser.token.line)
    token = parser.next()
    own: tuple[tuple[str, bool], ...] = ((column, False),) if column else ()
    if token.is_word("DEFAULT"):
        expression = parser.expression()
        if parser.take_word("FOR"):
            own = ((parser.identifier(), False),)
        elif not column:
            raise sql_error(142, line=token.line)
        with_values = parser.take_words("WITH", "VALUES")
        return Constraint("default", name, own, expression=expression, with_values=with_values)
    if token.is_word("CHECK"):
        _skip_replication(parser)
        start = parser.index
        parser.expect_op("(")
        parser.skip_condition()
        parser.expect_op(")")
        return Constraint("check", name, own, expression=parser.slice(start, parser.index), unchecked=unchecked)
    if token.is_word("PRIMARY", "UNIQUE"):
        if token.value == "PRIMARY":
            parser.expect_word("KEY")
        return _key(parser, "pk" if token.value == "PRIMARY" else "unique", name, own)
    if token.is_word("FOREIGN", "REFERENCES"):
        if token.value == "FOREIGN":
            parser.expect_word("KEY")
            if parser.at_op("("):
                own = tuple((c, False) for c in column_list(parser))
            parser.expect_word("REFERENCES")
        return replace(_foreign_key(parser, name, own), unchecked=unchecked)
    parser.index -= 1
    parser.fail()


def _key(parser: Parser, kind: str, name: str, own: tuple[tuple[str, bool], ...]) -> Constraint:
    clustered: bool | None = None
    if parser.at_word("CLUSTERED", "NONCLUSTERED"):
        clustered = parser.next().value == "CLUSTERED"
    if not own and not parser.at_op("("):
        parser.fail()
    columns = parse_key_columns(parser) if parser.at_op("(") else own
    skip_storage_options(parser, parser.defining)
    return Constraint(kind, name, columns, clustered)


def parse_key_columns(parser: Parser) -> tuple[tuple[str, bool], ...]:
    """``(a, b DESC)`` as (name, descending)."""
    parser.expect_op("(")
    columns = []
    while True:
        name = parser.identifier()
        descending = parser.at_word("DESC")
        parser.take_word("ASC", "DESC")
        columns.append((name, descending))
        if not parser.take_op(","):
            break
    parser.expect_op(")")
    return tuple(columns)


def _foreign_key(parser: Parser, name: str, own: tuple[tuple[str, bool], ...]) -> Constraint:
    references = parser.name()
    referenced = column_list(parser) if parser.at_op("(") else ()
    told: set[str] = set()
    actions = {"DELETE": "NO ACTION", "UPDATE": "NO ACTION"}
    while parser.take_word("ON"):
        event = parser.expect_word("DELETE", "UPDATE").value
        if event in told:
            parser.fail(parser.tokens[parser.index - 1])
        told.add(event)
        if parser.take_word("NO"):
            parser.expect_word("ACTION")
        elif parser.take_word("SET"):
            actions[event] = "SET " + parser.expect_word("NULL", "DEFAULT").value
        else:
            actions[event] = parser.expect_word("CASCADE").value
    _skip_replication(parser)
    return Constraint("fk", name, own, None, None, references, referenced, actions["DELETE"], actions["UPDATE"])


def _skip_replication(parser: Parser) -> None:
    """NOT FOR REPLICATION, which nothing here is."""
    parser.take_words("NOT", "FOR", "REPLICATION")


def at_option(parser: Parser, word: str) -> bool:
    """Whether WITH (...) stands here and has ``word`` = ON."""
    if not (parser.at_word("WITH") and parser.peek().is_op("(")):
        return False
    depth, ahead = 0, 1
    while True:
        token = parser.peek(ahead)
        depth += token.is_op("(") - token.is_op(")")
        if token.is_word(word) and parser.peek(ahead + 1).is_op("=") and parser.peek(ahead + 2).is_word("ON"):
            return True
        if depth == 0 or token.kind == "end":
            return False
        ahead += 1


def skip_storage_options(parser: Parser, statement: str = "CREATE INDEX") -> None:
    """WITH (PAD_INDEX = OFF ...) and ON [PRIMARY]: where SQL Server stores it, of no meaning here. ``statement`` says
    which options there are. Raises 155."""
    if at_option(parser, "IGNORE_DUP_KEY"):
        raise unsupported("IGNORE_DUP_KEY", line=parser.token.line)
    if parser.at_word("WITH") and parser.peek().is_op("("):
        parser.next()
        skip_index_options(parser, statement)
    elif parser.at_words("WITH", "FILLFACTOR"):
        parser.index += 2
        parser.expect_op("=")
        parser.integer()
    if parser.at_word("ON") and not parser.peek().is_word("DELETE", "UPDATE"):
        parser.next()
        parser.identifier()
        if parser.at_op("("):
            raise unsupported("partition scheme", line=parser.token.line)
