"""CREATE, ALTER and DROP DATABASE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.nodes import Statement
from pymlsql.embedded.tsql.words import RESERVED

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser


@dataclass(frozen=True, slots=True)
class CreateDatabase(Statement):
    """CREATE DATABASE."""

    name: str


@dataclass(frozen=True, slots=True)
class AlterDatabase(Statement):
    """ALTER DATABASE ... SET ``option`` ``value``; the name "" is CURRENT."""

    name: str
    option: str
    value: str


@dataclass(frozen=True, slots=True)
class DropDatabase(Statement):
    """DROP DATABASE."""

    names: tuple[str, ...]
    if_exists: bool = False


_COLLATION = "SQL_LATIN1_GENERAL_CP1_CI_AS"


def parse_create_database(parser: Parser, line: int) -> Statement:
    """What follows CREATE DATABASE: where its files lie is refused, as is another collation than the server's."""
    for words in (("AUDIT", "SPECIFICATION"), ("SCOPED", "CREDENTIAL"), ("ENCRYPTION", "KEY")):
        if parser.at_words(*words):
            raise unsupported(f"CREATE DATABASE {' '.join(words)}", line=line)
    name = parser.identifier()
    if parser.take_word("CONTAINMENT"):
        parser.expect_op("=")
        if parser.expect_word("NONE", "PARTIAL").value == "PARTIAL":
            raise unsupported("CREATE DATABASE ... CONTAINMENT = PARTIAL", line=line)
    if parser.at_word("ON", "LOG", "AS", "FOR"):
        raise unsupported(f"CREATE DATABASE ... {parser.token.value}", line=line)
    if parser.take_word("COLLATE"):
        collation = parser.identifier()
        if collation.upper() != _COLLATION:
            raise unsupported(f"CREATE DATABASE ... COLLATE {collation}", line=line)
    if parser.at_word("WITH"):
        raise unsupported("CREATE DATABASE ... WITH", line=line)
    return CreateDatabase(line, name)


def parse_alter_database(parser: Parser, line: int) -> Statement:
    """What follows ALTER DATABASE."""
    if parser.at_word("SCOPED", "AUDIT", "ENCRYPTION"):
        raise unsupported(f"ALTER DATABASE {parser.token.value}", line=line)
    name = "" if parser.take_word("CURRENT") else parser.identifier()
    if not parser.take_word("SET"):
        if parser.at_word("MODIFY", "COLLATE", "ADD", "REMOVE"):
            raise unsupported(f"ALTER DATABASE ... {parser.token.value}", line=line)
        parser.fail()
    option = parser.next()
    if option.kind != "word" or option.value in RESERVED:
        parser.fail(option)
    level = option.value == "COMPATIBILITY_LEVEL"
    if not parser.take_op("=") and level:
        parser.fail()
    token = parser.next()
    if token.kind not in (("number",) if level else ("word", "number")) or token.value in RESERVED - {"ON", "OFF"}:
        parser.fail(token)
    if parser.take_word("WITH"):
        if parser.take_word("ROLLBACK"):
            if parser.take_word("AFTER"):
                parser.integer()
                parser.take_word("SECONDS")
            else:
                parser.expect_word("IMMEDIATE")
        else:
            parser.expect_word("NO_WAIT")
    return AlterDatabase(line, name, option.value, token.value if token.kind == "word" else token.text)


def parse_drop_database(parser: Parser, line: int) -> Statement:
    """What follows DROP DATABASE."""
    if_exists = parser.take_words("IF", "EXISTS")
    names = [parser.identifier()]
    while parser.take_op(","):
        names.append(parser.identifier())
    return DropDatabase(line, tuple(names), if_exists)
