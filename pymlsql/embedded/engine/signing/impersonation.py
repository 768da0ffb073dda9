"""EXECUTE AS, REVERT, and in whose name a module runs.

Laws. A context lasts until its REVERT, or until the procedure or string ends in which it was set; one that a batch of
the client's sets outlives the batch. REVERT takes back what its own procedure, string or session set, nothing of
others. A context of a user ends at the database's border. What a signature adds belongs to the module's own context:
EXECUTE AS inside puts another one upon it, without that.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Catalog, Module
from pymlsql.embedded.engine.evaluation import evaluate
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.context import SecurityContext
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE, SERVER_SECURABLE, Securable
from pymlsql.embedded.engine.signing.keys import string_sid
from pymlsql.embedded.engine.signing.switches import Switch
from pymlsql.embedded.engine.signing.verification import EXECUTE_AS_OWNER, added_users
from pymlsql.embedded.tsql import signing_nodes as nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import CreateModule
from pymlsql.embedded.tsql.slices import Text
from pymlsql.embedded.tsql.types import MAX, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_COOKIE_BYTES = 100
"""SQL Server's cookies are varbinary(100)."""


def user_securable(user: p.User) -> Securable:
    """A user, as permissions are given on it."""
    return Securable("USER", user.principal_id, p.DBO, DATABASE_SECURABLE)


def login_securable(login: p.Login) -> Securable:
    """A login, as permissions are given on it."""
    return Securable("LOGIN", login.principal_id, -1, SERVER_SECURABLE)


# Statements -------------------------------------------------------------------------------------------------------


def execute_as(session: Session, frame: Frame, statement: nodes.ExecuteAs) -> None:
    """EXECUTE AS. Raises 15406, 15517, 15533, 15590."""
    adhoc = session.nest_level == 0
    if (statement.no_revert or statement.cookie) and not adhoc:
        raise sql_error(15590, line=statement.line)
    if session.switches and session.switches[-1].no_revert:
        raise unsupported("EXECUTE AS after EXECUTE AS ... WITH NO REVERT", line=statement.line)
    if statement.kind == "caller":
        _execute_as_caller(session, frame, statement)
        return
    if statement.cookie and not frame.get(statement.cookie, statement.line).type.is_binary:
        raise sql_error(15533, "Execute As", line=statement.line)
    assert statement.principal is not None
    context = principal_context(session, frame, statement.kind, statement.principal)
    cookie = secrets.token_bytes(_COOKIE_BYTES) if statement.cookie else b""
    _push(session, context, statement.no_revert, cookie)
    if statement.cookie:
        target = frame.get(statement.cookie)
        target.value = cookie if target.type.length < 0 else cookie[: target.type.length]


def _push(session: Session, context: SecurityContext, no_revert: bool = False, cookie: bytes = b"") -> None:
    session.switches.append(Switch(len(session.contexts), session.database, no_revert, cookie))
    session.contexts.append(context)


def _execute_as_caller(session: Session, frame: Frame, statement: nodes.ExecuteAs) -> None:
    """The module's caller; outside of a module it does nothing."""
    if frame.in_dynamic:
        raise unsupported("EXECUTE AS CALLER in a string", line=statement.line)
    if frame.caller is not None:
        _push(session, replace(frame.caller, added=(), added_logins=()))


def revert(session: Session, frame: Frame, statement: nodes.Revert) -> None:
    """REVERT; without a context to take back it does nothing. Raises 15196, 15199, 15533, 15589, 15591."""
    given = frame.get(statement.cookie, statement.line) if statement.cookie else None
    if given is not None and not given.type.is_binary:
        raise sql_error(15533, "Revert", line=statement.line)
    if not session.switches or session.switches[-1].depth < frame.context_depth:
        if given is not None:
            raise sql_error(15591, line=statement.line)
        return
    switch = session.switches[-1]
    if switch.no_revert:
        raise sql_error(15196, line=statement.line)
    if bool(switch.cookie) != (given is not None):
        raise sql_error(15591, line=statement.line)
    if given is not None and given.value != switch.cookie:
        raise sql_error(15589, line=statement.line)
    if switch.database.lower() != session.database.lower():
        raise sql_error(15199, "Execute As", line=statement.line)
    session.switches.pop()
    del session.contexts[switch.depth :]


# Principals -------------------------------------------------------------------------------------------------------


def principal_context(session: Session, frame: Frame, kind: str, principal: Text) -> SecurityContext:
    """The context of USER = or LOGIN =. Raises 15406 or 15517 for one that is not there or may not be taken."""
    name = str(evaluate(session, frame, principal, nvarchar(MAX)) or "")
    if kind == "login":
        return _login_context(session, name)
    user = _impersonated(session, p.principal_named(session.catalog, name), name)
    return user_context(session.catalog, user)


def _login_context(session: Session, name: str) -> SecurityContext:
    login = p.login_named(session.catalog, name)
    who = session.identity
    if login is None or login.disabled or who.context.user is not None:
        raise sql_error(15406, name)
    if login.principal_id != who.login_id and not may(session, "IMPERSONATE", login_securable(login)):
        raise sql_error(15406, name)
    return SecurityContext(login.name, login.sid)


def _impersonated(session: Session, found: p.Principal | None, name: str) -> p.User:
    """The user, if the session may take its place. Raises 15517."""
    if not isinstance(found, p.User) or not can_be_impersonated(session.catalog, found):
        raise sql_error(15517, name)
    who = session.identity
    if found.principal_id != who.user_id and not may(session, "IMPERSONATE", user_securable(found)):
        raise sql_error(15517, name)
    return found


def can_be_impersonated(catalog: Catalog, user: p.User) -> bool:
    """Not a certificate's user, not sys or INFORMATION_SCHEMA, and not one whose login is gone."""
    if user.type == "C" or user.principal_id in (p.INFORMATION_SCHEMA, p.SYS):
        return False
    return not user.login or p.login_by_sid(catalog, user.sid) is not None


def user_context(catalog: Catalog, user: p.User) -> SecurityContext:
    """A user of the database alone: the login's name without its rights on the server."""
    login = p.login_by_sid(catalog, user.sid) if user.login else None
    if login is not None:
        name = login.name
    else:
        sid = bytes.fromhex(user.sid)
        name = string_sid(sid) if len(sid) > 8 else user.name
    return SecurityContext(name, "", user.principal_id, database_id=catalog.database.database_id)


# Modules ----------------------------------------------------------------------------------------------------------


def declared_context(session: Session, statement: CreateModule) -> int | None:
    """sys.sql_modules.execute_as_principal_id of a module that is being created. Raises 15151."""
    clause = next((option for option in statement.options if option.startswith("EXECUTE AS ")), "EXECUTE AS CALLER")
    wanted = clause.removeprefix("EXECUTE AS ")
    if wanted == "CALLER":
        return None
    if wanted == "OWNER":
        return EXECUTE_AS_OWNER
    if wanted == "SELF":
        return session.identity.user_id or p.DBO
    name = wanted.removeprefix("=")
    found = p.principal_named(session.catalog, name)
    if not isinstance(found, p.User) or not can_be_impersonated(session.catalog, found):
        raise sql_error(15151, "execute as", "user", name, line=statement.line)
    who = session.identity
    if found.principal_id != who.user_id and not may(session, "IMPERSONATE", user_securable(found)):
        raise sql_error(15151, "execute as", "user", name, line=statement.line)
    return found.principal_id


def module_context(session: Session, module: Module) -> SecurityContext:
    """In whose name a module runs that is called now. Raises 15517."""
    caller, catalog = session.context, session.catalog
    number = module.database_id
    before = caller.added if caller.database_id == number else ()
    key = ("added", catalog.version, module.object_id, before)
    added = session.engine.plans.get(key, lambda: added_users(catalog, module, before))
    if module.execute_as is None:
        if caller.user is not None and caller.database_id != number:
            raise sql_error(916, caller.login, catalog.database.name)
        same = added == caller.added and (not added or caller.database_id == number)
        return caller if same else replace(caller, added=added, database_id=number)
    return replace(_executing_user(catalog, module), added=added)


def _executing_user(catalog: Catalog, module: Module) -> SecurityContext:
    number = module.execute_as
    if number == EXECUTE_AS_OWNER:
        number = p.owner_of(catalog, module.object_id, module.schema)
    found = p.principal_by_id(catalog, number) if number is not None else None
    if not isinstance(found, p.User) or not can_be_impersonated(catalog, found):
        raise sql_error(15517, found.name if found is not None else "")
    return user_context(catalog, found)


@contextmanager
def scope(session: Session, frame: Frame, context: SecurityContext | None = None) -> Iterator[None]:
    """A module or string runs in ``frame``, in ``context`` if one is given; what EXECUTE AS set in it ends with it."""
    n_contexts, n_switches = len(session.contexts), len(session.switches)
    if context is not None and context is not session.context:
        session.contexts.append(context)
    frame.context_depth = len(session.contexts)
    try:
        yield
    finally:
        del session.contexts[n_contexts:]
        del session.switches[n_switches:]
