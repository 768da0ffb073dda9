"""The parts of a table's definition that make it temporal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.slices import Name
from pymlsql.embedded.tsql.table_nodes import Versioning

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser


def parse_period(parser: Parser) -> tuple[str, str]:
    """PERIOD FOR SYSTEM_TIME (start, end)."""
    parser.expect_word("PERIOD")
    parser.expect_word("FOR")
    parser.expect_word("SYSTEM_TIME")
    parser.expect_op("(")
    start = parser.identifier()
    parser.expect_op(",")
    end = parser.identifier()
    parser.expect_op(")")
    return start, end


def parse_generated(parser: Parser) -> tuple[str, bool]:
    """ALWAYS AS ROW START or END [HIDDEN], behind GENERATED: start or end, and whether it is hidden."""
    parser.expect_word("ALWAYS")
    parser.expect_word("AS")
    if parser.at_word("TRANSACTION_ID", "SEQUENCE_NUMBER"):
        raise unsupported("ledger tables", line=parser.token.line)
    parser.expect_word("ROW")
    which = parser.expect_word("START", "END").value.lower()
    return which, parser.take_word("HIDDEN")


def parse_table_options(parser: Parser) -> Versioning | None:
    """WITH (...) of CREATE TABLE: SYSTEM_VERSIONING; how the table is stored is of no meaning here."""
    if not (parser.at_word("WITH") and parser.peek().is_op("(")):
        return None
    parser.next()
    parser.expect_op("(")
    found: Versioning | None = None
    while True:
        token = parser.token
        if parser.at_word("SYSTEM_VERSIONING"):
            found = parse_versioning(parser)
        elif parser.at_word("DATA_COMPRESSION", "XML_COMPRESSION"):
            parser.next()
            parser.expect_op("=")
            parser.next()
        elif token.kind == "word":
            raise unsupported(f"CREATE TABLE ... WITH ({token.value})", line=token.line)
        else:
            parser.fail()
        if not parser.take_op(","):
            break
    parser.expect_op(")")
    return found


def parse_versioning(parser: Parser) -> Versioning:
    """SYSTEM_VERSIONING = OFF, or ON [(HISTORY_TABLE = ..., DATA_CONSISTENCY_CHECK = ..., ...)]. Raises 13539."""
    parser.expect_word("SYSTEM_VERSIONING")
    parser.expect_op("=")
    if parser.expect_word("ON", "OFF").value == "OFF":
        return Versioning(on=False)
    history: Name | None = None
    check = True
    if parser.take_op("("):
        while True:
            option = parser.expect_word("HISTORY_TABLE", "DATA_CONSISTENCY_CHECK", "HISTORY_RETENTION_PERIOD")
            parser.expect_op("=")
            if option.value == "HISTORY_TABLE":
                history = parser.name()
                if len(history.parts) != 2:
                    raise sql_error(13539, history, line=option.line)
            elif option.value == "DATA_CONSISTENCY_CHECK":
                check = parser.expect_word("ON", "OFF").value == "ON"
            elif not parser.take_word("INFINITE"):
                raise unsupported("HISTORY_RETENTION_PERIOD", line=option.line)
            if not parser.take_op(","):
                break
        parser.expect_op(")")
    return Versioning(True, history, check)
