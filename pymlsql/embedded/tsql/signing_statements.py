"""Certificates, signatures, master keys, EXECUTE AS and REVERT.

Source: "CREATE CERTIFICATE", "ALTER CERTIFICATE", "ADD SIGNATURE", "CREATE MASTER KEY", "EXECUTE AS" and "REVERT" of
sql-docs. Passwords are string constants there, never variables, and so they are here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import signing_nodes as nodes
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.nodes import Statement
from pymlsql.embedded.tsql.security_nodes import Secret
from pymlsql.embedded.tsql.slices import Name, Text

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser


# Pieces -----------------------------------------------------------------------------------------------------------


def _string(parser: Parser) -> str:
    """A string constant's value."""
    if parser.token.kind != "string":
        parser.fail()
    return parser.next().value


def _set_secret(parser: Parser) -> Secret:
    parser.expect_op("=")
    return Secret(_string(parser))


def _string_text(parser: Parser) -> Text:
    """``= 'constant'`` as a slice of the batch."""
    parser.expect_op("=")
    start = parser.index
    _string(parser)
    return parser.slice(start, parser.index)


def _binary(parser: Parser) -> bytes:
    """``= 0x...``; an odd number of digits has a zero in front, as everywhere in T-SQL."""
    parser.expect_op("=")
    if parser.token.kind != "binary":
        parser.fail()
    digits = parser.next().text[2:]
    return bytes.fromhex("0" * (len(digits) % 2) + digits)


def _by_password(parser: Parser) -> Secret:
    """``BY PASSWORD = '...'``, behind ENCRYPTION or DECRYPTION."""
    parser.expect_word("BY")
    parser.expect_word("PASSWORD")
    return _set_secret(parser)


def _private_key(parser: Parser) -> nodes.PrivateKeyClause:
    """``(BINARY = 0x..., DECRYPTION BY PASSWORD = '...', ENCRYPTION BY PASSWORD = '...')``."""
    parser.expect_op("(")
    binary, decryption, encryption = None, None, None
    while True:
        if parser.take_word("BINARY"):
            binary = _binary(parser)
        elif parser.take_word("DECRYPTION"):
            decryption = _by_password(parser)
        elif parser.take_word("ENCRYPTION"):
            encryption = _by_password(parser)
        elif parser.at_word("FILE"):
            raise unsupported("WITH PRIVATE KEY (FILE = ...)", line=parser.token.line)
        else:
            parser.fail()
        if not parser.take_op(","):
            parser.expect_op(")")
            return nodes.PrivateKeyClause(binary, decryption, encryption)


def _dialog(parser: Parser) -> bool:
    """``ACTIVE FOR BEGIN_DIALOG = ON | OFF``, the first word taken."""
    parser.expect_word("FOR")
    parser.expect_word("BEGIN_DIALOG")
    parser.expect_op("=")
    return parser.expect_word("ON", "OFF").value == "ON"


# Certificates -----------------------------------------------------------------------------------------------------


def parse_create_certificate(parser: Parser, line: int) -> nodes.CreateCertificate:
    """CREATE CERTIFICATE, its two first words taken."""
    name = parser.identifier()
    owner = parser.identifier() if parser.take_word("AUTHORIZATION") else ""
    made = _existing(parser, line, name, owner) if parser.take_word("FROM") else _generated(parser, line, name, owner)
    if parser.take_word("ACTIVE") and not _dialog(parser):
        raise unsupported("ACTIVE FOR BEGIN_DIALOG = OFF", line=line)
    return made


def _existing(parser: Parser, line: int, name: str, owner: str) -> nodes.CreateCertificate:
    if not parser.take_word("BINARY"):
        if parser.at_word("FILE", "EXECUTABLE", "ASSEMBLY"):
            raise unsupported(f"CREATE CERTIFICATE ... FROM {parser.token.value}", line=line)
        parser.fail()
    binary, key = _binary(parser), None
    if parser.take_word("WITH"):
        if not parser.take_words("PRIVATE", "KEY"):
            parser.fail()
        key = _private_key(parser)
    return nodes.CreateCertificate(line, name, owner, binary=binary, private_key=key)


def _generated(parser: Parser, line: int, name: str, owner: str) -> nodes.CreateCertificate:
    password = _by_password(parser) if parser.take_word("ENCRYPTION") else None
    parser.expect_word("WITH")
    found: dict[str, Text] = {}
    while True:
        option = parser.expect_word("SUBJECT", "START_DATE", "EXPIRY_DATE")
        if option.value in found:
            parser.fail(option)
        found[option.value] = _string_text(parser)
        if not parser.take_op(","):
            break
    if "SUBJECT" not in found:
        parser.fail()
    return nodes.CreateCertificate(line, name, owner, password, found["SUBJECT"], found.get("START_DATE"),
                                   found.get("EXPIRY_DATE"))  # fmt: skip


def parse_alter_certificate(parser: Parser, line: int) -> nodes.AlterCertificate:
    """ALTER CERTIFICATE, its two first words taken."""
    name = parser.identifier()
    if parser.take_words("REMOVE", "PRIVATE", "KEY"):
        return nodes.AlterCertificate(line, name, "remove_key")
    parser.expect_word("WITH")
    if parser.take_words("PRIVATE", "KEY"):
        return nodes.AlterCertificate(line, name, "private_key", _private_key(parser))
    parser.expect_word("ACTIVE")
    return nodes.AlterCertificate(line, name, "dialog", active_for_dialog=_dialog(parser))


def parse_drop_certificate(parser: Parser, line: int) -> nodes.DropCertificate:
    """DROP CERTIFICATE, its two first words taken; SQL Server has no IF EXISTS for it."""
    return nodes.DropCertificate(line, parser.identifier())


# Master key -------------------------------------------------------------------------------------------------------


def parse_create_master_key(parser: Parser, line: int) -> nodes.CreateMasterKey:
    """CREATE MASTER KEY, the word MASTER taken."""
    parser.expect_word("KEY")
    parser.expect_word("ENCRYPTION")
    return nodes.CreateMasterKey(line, _by_password(parser))


def parse_drop_master_key(parser: Parser, line: int) -> nodes.DropMasterKey:
    """DROP MASTER KEY, the word MASTER taken."""
    parser.expect_word("KEY")
    return nodes.DropMasterKey(line)


# Signatures -------------------------------------------------------------------------------------------------------


def parse_add(parser: Parser) -> nodes.AddSignature:
    """ADD [COUNTER] SIGNATURE TO; no other statement begins with ADD."""
    line = parser.next().line
    counter = parser.take_word("COUNTER")
    if parser.at_word("SENSITIVITY"):
        raise unsupported("ADD SENSITIVITY CLASSIFICATION", line=line)
    parser.expect_word("SIGNATURE")
    parser.expect_word("TO")
    return nodes.AddSignature(line, _module(parser), _signers(parser, line, adding=True), counter)


def parse_drop_signature(parser: Parser, line: int, *, counter: bool) -> nodes.DropSignature:
    """DROP [COUNTER] SIGNATURE FROM, its two first words taken."""
    if counter:
        parser.expect_word("SIGNATURE")
    parser.expect_word("FROM")
    return nodes.DropSignature(line, _module(parser), _signers(parser, line, adding=False), counter)


def _module(parser: Parser) -> Name:
    """``[OBJECT::]name``; databases and assemblies are the other classes."""
    if parser.peek().is_op("::"):
        if not parser.at_word("OBJECT"):
            raise unsupported(f"signature of {parser.token.value}::", line=parser.token.line)
        parser.index += 2
    return parser.name()


def _signers(parser: Parser, line: int, *, adding: bool) -> tuple[nodes.Signer, ...]:
    parser.expect_word("BY")
    found = [_signer(parser, line, adding=adding)]
    while parser.take_op(","):
        found.append(_signer(parser, line, adding=adding))
    return tuple(found)


def _signer(parser: Parser, line: int, *, adding: bool) -> nodes.Signer:
    if parser.at_word("ASYMMETRIC"):
        raise unsupported("signature by an asymmetric key", line=line)
    parser.expect_word("CERTIFICATE")
    name = parser.identifier()
    if not adding or not parser.take_word("WITH"):
        return nodes.Signer(name)
    if parser.take_word("PASSWORD"):
        return nodes.Signer(name, password=_set_secret(parser))
    parser.expect_word("SIGNATURE")
    return nodes.Signer(name, signature=_binary(parser))


# Execution context ------------------------------------------------------------------------------------------------


def parse_execute_as(parser: Parser, line: int) -> nodes.ExecuteAs:
    """EXECUTE AS as a statement, the words EXECUTE AS taken."""
    if parser.take_word("CALLER"):
        return nodes.ExecuteAs(line, "caller")
    kind, principal = parse_principal(parser)
    if not parser.take_word("WITH"):
        return nodes.ExecuteAs(line, kind, principal)
    if parser.take_words("NO", "REVERT"):
        return nodes.ExecuteAs(line, kind, principal, no_revert=True)
    parser.expect_word("COOKIE")
    parser.expect_word("INTO")
    if parser.token.kind != "variable":
        parser.fail()
    return nodes.ExecuteAs(line, kind, principal, cookie=parser.next().value)


def parse_principal(parser: Parser) -> tuple[str, Text]:
    """``USER = 'name'`` or ``LOGIN = 'name'``; the name may be a variable."""
    kind = parser.expect_word("USER", "LOGIN").value.lower()
    parser.expect_op("=")
    if parser.token.kind in ("word", "quoted"):
        raise unsupported(f"{kind.upper()} = name without quotes", line=parser.token.line)
    return kind, parser.constant("string")


def parse_revert(parser: Parser) -> nodes.Revert:
    """REVERT [WITH COOKIE = @variable]."""
    line = parser.next().line
    if not parser.take_word("WITH"):
        return nodes.Revert(line)
    parser.expect_word("COOKIE")
    parser.expect_op("=")
    if parser.token.kind != "variable":
        parser.fail()
    return nodes.Revert(line, parser.next().value)


def parse_execute_as_clause(parser: Parser) -> str:
    """EXECUTE AS of a module, the words EXECUTE AS taken: CALLER, SELF, OWNER, or the user's name behind ``=``."""
    if parser.token.kind == "string":
        return "=" + parser.next().value
    return parser.expect_word("CALLER", "SELF", "OWNER").value


_Parse = Callable[["Parser", int], Statement]

SIGNING_CREATE: dict[str, _Parse] = {"CERTIFICATE": parse_create_certificate, "MASTER": parse_create_master_key}
SIGNING_ALTER: dict[str, _Parse] = {"CERTIFICATE": parse_alter_certificate}
SIGNING_DROP: dict[str, _Parse] = {
    "CERTIFICATE": parse_drop_certificate, "MASTER": parse_drop_master_key,
    "SIGNATURE": lambda parser, line: parse_drop_signature(parser, line, counter=False),
    "COUNTER": lambda parser, line: parse_drop_signature(parser, line, counter=True),
}  # fmt: skip
SIGNING_STATEMENTS: dict[str, Callable[[Parser], Statement]] = {"ADD": parse_add, "REVERT": parse_revert}
