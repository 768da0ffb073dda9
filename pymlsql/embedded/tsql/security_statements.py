"""Logins, users, roles and permissions: text to nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.security_nodes import (
    AlterAuthorization,
    LoginStatement,
    PermissionItem,
    PermissionStatement,
    RoleStatement,
    Secret,
    UserStatement,
)

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser


# Logins -----------------------------------------------------------------------------------------------------------


def _secret(parser: Parser) -> Secret:
    """A password in quotes; one that was hashed before is refused."""
    token = parser.token
    if token.kind == "binary":
        raise unsupported("PASSWORD = ... HASHED", line=token.line)
    if token.kind != "string":
        parser.fail()
    secret = Secret(parser.next().value)
    if parser.at_word("HASHED", "MUST_CHANGE", "UNLOCK"):
        raise unsupported(f"PASSWORD = ... {parser.token.value}", line=token.line)
    return secret


def _switch(parser: Parser) -> bool:
    return parser.expect_word("ON", "OFF").value == "ON"


def _login_options(parser: Parser) -> dict[str, object]:
    """What stands behind WITH."""
    found: dict[str, object] = {}
    while True:
        word = parser.next()
        parser.expect_op("=")
        if word.is_word("PASSWORD"):
            found["password"] = _secret(parser)
            if parser.take_word("OLD_PASSWORD"):
                parser.expect_op("=")
                found["old_password"] = _secret(parser)
        elif word.is_word("SID"):
            if parser.token.kind != "binary":
                parser.fail()
            found["sid"] = bytes.fromhex(parser.next().text[2:])
        elif word.is_word("DEFAULT_DATABASE"):
            found["default_database"] = parser.identifier()
        elif word.is_word("NAME"):
            found["new_name"] = parser.identifier()
        elif word.is_word("CHECK_POLICY"):
            found["policy"] = _switch(parser)
        elif word.is_word("CHECK_EXPIRATION"):
            if _switch(parser):
                raise unsupported("CHECK_EXPIRATION = ON", line=word.line)
        elif word.is_word("DEFAULT_LANGUAGE", "CREDENTIAL"):
            raise unsupported(f"LOGIN ... {word.value}", line=word.line)
        else:
            parser.fail(word)
        if not parser.take_op(","):
            return found


def _create_login(parser: Parser, line: int) -> LoginStatement:
    name = parser.identifier()
    if parser.take_word("FROM"):
        raise unsupported(f"CREATE LOGIN FROM {parser.token.text.upper()}", line=line)
    parser.expect_word("WITH")
    if not parser.at_word("PASSWORD"):
        parser.fail()
    return LoginStatement(line, "create", name, **_login_options(parser))  # type: ignore[arg-type]


def _alter_login(parser: Parser, line: int) -> LoginStatement:
    name = parser.identifier()
    if parser.at_word("ENABLE", "DISABLE"):
        return LoginStatement(line, "alter", name, enable=parser.next().value == "ENABLE")
    if parser.at_word("ADD", "DROP"):
        raise unsupported("ALTER LOGIN ... CREDENTIAL", line=line)
    parser.expect_word("WITH")
    return LoginStatement(line, "alter", name, **_login_options(parser))  # type: ignore[arg-type]


def _drop_login(parser: Parser, line: int) -> LoginStatement:
    return LoginStatement(line, "drop", parser.identifier())


# Users ------------------------------------------------------------------------------------------------------------


def _create_user(parser: Parser, line: int) -> UserStatement:
    name = parser.identifier()
    source, source_name = "login", name
    if parser.take_words("WITHOUT", "LOGIN"):
        source, source_name = "none", ""
    elif parser.take_word("FOR", "FROM"):
        if parser.take_word("LOGIN"):
            source_name = parser.identifier()
        elif parser.take_word("CERTIFICATE"):
            source, source_name = "certificate", parser.identifier()
        else:
            raise unsupported(f"CREATE USER FROM {parser.token.text.upper()}", line=line)
    options = _user_options(parser) if parser.take_word("WITH") else {}
    if "new_name" in options or "login" in options:
        parser.fail()
    return UserStatement(line, "create", name, source, source_name, **options)  # type: ignore[arg-type]


def _user_options(parser: Parser) -> dict[str, object]:
    words = {"NAME": "new_name", "DEFAULT_SCHEMA": "default_schema", "LOGIN": "login"}
    found: dict[str, object] = {}
    while True:
        word = parser.next()
        if word.is_word("PASSWORD", "SID", "DEFAULT_LANGUAGE", "ALLOW_ENCRYPTED_VALUE_MODIFICATIONS"):
            raise unsupported(f"USER ... {word.value}", line=word.line)
        if not word.is_word(*words):
            parser.fail(word)
        parser.expect_op("=")
        found[words[word.value]] = "" if parser.take_word("NULL") else parser.identifier()
        if not parser.take_op(","):
            return found


def _alter_user(parser: Parser, line: int) -> UserStatement:
    name = parser.identifier()
    parser.expect_word("WITH")
    return UserStatement(line, "alter", name, **_user_options(parser))  # type: ignore[arg-type]


def _drop_user(parser: Parser, line: int) -> UserStatement:
    if_exists = parser.take_words("IF", "EXISTS")
    return UserStatement(line, "drop", parser.identifier(), if_exists=if_exists)


# Roles ------------------------------------------------------------------------------------------------------------


def _create_role(parser: Parser, line: int) -> RoleStatement:
    name = parser.identifier()
    owner = parser.identifier() if parser.take_word("AUTHORIZATION") else ""
    return RoleStatement(line, "create", name, owner)


def _role_name(parser: Parser) -> str:
    """A role's name; public is reserved elsewhere."""
    if parser.at_word("PUBLIC"):
        return parser.next().text
    return parser.identifier()


def _alter_role(parser: Parser, line: int, *, server: bool = False) -> RoleStatement:
    name = _role_name(parser)
    if parser.at_word("ADD", "DROP"):
        change = parser.next().value.lower()
        parser.expect_word("MEMBER")
        return RoleStatement(line, "alter", name, change=change, member=_role_name(parser), server=server)
    parser.expect_word("WITH")
    parser.expect_word("NAME")
    parser.expect_op("=")
    return RoleStatement(line, "alter", name, change="rename", new_name=parser.identifier(), server=server)


def _drop_role(parser: Parser, line: int) -> RoleStatement:
    if_exists = parser.take_words("IF", "EXISTS")
    return RoleStatement(line, "drop", parser.identifier(), if_exists=if_exists)


def _server_role(parser: Parser, line: int, action: str) -> RoleStatement:
    if not parser.take_word("ROLE"):
        raise unsupported(f"{action.upper()} SERVER {parser.token.text.upper()}", line=line)
    if action != "alter":
        raise unsupported(f"{action.upper()} SERVER ROLE", line=line)
    return _alter_role(parser, line, server=True)


# Permissions ------------------------------------------------------------------------------------------------------

_END_OF_PERMISSION = ("ON", "TO", "FROM", "AS", "WITH")
_IN_PERMISSIONS = frozenset(
    """
    ALL ALTER ANY AUTHORIZATION BACKUP BULK CHECKPOINT CREATE DATABASE DEFAULT DELETE EXEC EXECUTE EXTERNAL FUNCTION
    INDEX INSERT KEY PROC PROCEDURE READ REFERENCES RULE SCHEMA SELECT SHUTDOWN TABLE TRIGGER UPDATE USER VIEW
    """.split()
)
"""Reserved keywords that may stand in the name of a permission; whether it is one is asked when it is granted."""
_SECURABLES = frozenset(
    {
        "APPLICATION ROLE", "ASSEMBLY", "ASYMMETRIC KEY", "AVAILABILITY GROUP", "CERTIFICATE", "CONTRACT", "DATABASE",
        "DATABASE SCOPED CREDENTIAL", "ENDPOINT", "EXTERNAL LANGUAGE", "EXTERNAL LIBRARY", "FULLTEXT CATALOG",
        "FULLTEXT STOPLIST", "LOGIN", "MESSAGE TYPE", "OBJECT", "REMOTE SERVICE BINDING", "ROLE", "ROUTE", "SCHEMA",
        "SEARCH PROPERTY LIST", "SERVER", "SERVER ROLE", "SERVICE", "SYMMETRIC KEY", "TYPE", "USER",
        "XML SCHEMA COLLECTION",
    }
)  # fmt: skip
"""Classes of what permissions are granted on, as they stand before ``::``."""


def _columns(parser: Parser) -> tuple[str, ...]:
    if not parser.take_op("("):
        return ()
    found = [parser.identifier()]
    while parser.take_op(","):
        found.append(parser.identifier())
    parser.expect_op(")")
    return tuple(found)


def _permission(parser: Parser) -> PermissionItem:
    """Words up to a comma, a bracket or the next clause."""
    words: list[str] = []
    while parser.token.kind == "word" and not parser.at_word(*_END_OF_PERMISSION):
        if not (parser.at_name() or parser.at_word(*_IN_PERMISSIONS)):
            raise unsupported(f"permission with {parser.token.text}", line=parser.token.line)
        words.append(parser.next().value)
    if not words:
        parser.fail()
    name = " ".join({"EXEC": "EXECUTE", "PROC": "PROCEDURE"}.get(word, word) for word in words)
    return PermissionItem("ALL" if name == "ALL PRIVILEGES" else name, _columns(parser))


def _securable(parser: Parser) -> tuple[str, Name]:
    """``class::name``, or a bare name, which is an object's."""
    start = parser.index
    words: list[str] = []
    while parser.token.kind == "word" and not parser.peek().is_op(".", "("):
        words.append(parser.next().value)
        if parser.take_op("::"):
            if " ".join(words) not in _SECURABLES:
                parser.fail(parser.tokens[start])
            return " ".join(words), parser.name()
    parser.index = start
    return "OBJECT", parser.name()


def _grantee(parser: Parser) -> str:
    if parser.at_word("NULL"):
        raise unsupported("NULL as a principal", line=parser.token.line)
    return _role_name(parser)


def _permissions(parser: Parser) -> PermissionStatement:
    token = parser.next()
    line, action = token.line, token.value.lower()
    option = action == "revoke" and parser.take_words("GRANT", "OPTION", "FOR")
    items = [_permission(parser)]
    while parser.take_op(","):
        items.append(_permission(parser))
    securable, target = _securable(parser) if parser.take_word("ON") else ("", None)
    columns = _columns(parser)
    if columns:
        if any(item.columns for item in items):
            raise sql_error(1019, line=line)
        items = [PermissionItem(item.name, columns) for item in items]
    parser.expect_word(*(("TO", "FROM") if action == "revoke" else ("TO",)))
    grantees = [_grantee(parser)]
    while parser.take_op(","):
        grantees.append(_grantee(parser))
    if action == "grant" and parser.take_word("WITH"):
        parser.expect_word("GRANT")
        parser.expect_word("OPTION")
        option = True
    cascade = action != "grant" and parser.take_word("CASCADE")
    grantor = _grantee(parser) if parser.take_word("AS") else ""
    return PermissionStatement(
        line, action, tuple(items), tuple(grantees), securable, target, option, cascade, grantor
    )  # fmt: skip


def _authorization(parser: Parser, line: int) -> AlterAuthorization:
    parser.expect_word("ON")
    securable, target = _securable(parser)
    parser.expect_word("TO")
    owner = "" if parser.take_words("SCHEMA", "OWNER") else parser.identifier()
    return AlterAuthorization(line, securable, target, owner)


# Dispatch ---------------------------------------------------------------------------------------------------------

_Parse = Callable[["Parser", int], nodes.Statement]

SECURITY_CREATE: dict[str, _Parse] = {
    "LOGIN": _create_login, "USER": _create_user, "ROLE": _create_role,
    "SERVER": lambda parser, line: _server_role(parser, line, "create"),
}  # fmt: skip
SECURITY_ALTER: dict[str, _Parse] = {
    "LOGIN": _alter_login, "USER": _alter_user, "ROLE": _alter_role, "AUTHORIZATION": _authorization,
    "SERVER": lambda parser, line: _server_role(parser, line, "alter"),
}  # fmt: skip
SECURITY_DROP: dict[str, _Parse] = {
    "LOGIN": _drop_login, "USER": _drop_user, "ROLE": _drop_role,
    "SERVER": lambda parser, line: _server_role(parser, line, "drop"),
}  # fmt: skip
SECURITY_STATEMENTS: dict[str, Callable[[Parser], nodes.Statement]] = dict.fromkeys(
    ("GRANT", "DENY", "REVOKE"), _permissions
)
