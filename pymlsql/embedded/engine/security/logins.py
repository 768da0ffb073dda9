"""Who may log in, and into which database."""

from __future__ import annotations

import hmac

from pymlsql.embedded.engine.catalog import Catalog
from pymlsql.embedded.engine.databases_value import Databases
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.context import SecurityContext, identify, may_connect
from pymlsql.embedded.engine.security.rights import SERVER_SECURABLE
from pymlsql.embedded.tsql.messages import sql_error


def authenticate(catalog: Catalog, name: str, password: str, sa_password: str) -> p.Login:
    """The login of this name and password; sa's is the server's own. Raises 18456, which does not say why."""
    if name.lower() == "sa":
        if hmac.compare_digest(password.encode(), sa_password.encode()):
            return p.SA_LOGIN
        raise sql_error(18456, name)
    login = catalog.entry(p.Login, name)
    if not p.password_matches(login, password) or login is None or login.disabled:
        raise sql_error(18456, name)
    who = identify(catalog, SecurityContext(login.name, login.sid))
    if not who.rights.holds("CONNECT SQL", SERVER_SECURABLE):
        raise sql_error(18456, name)
    return login


def initial_database(databases: Databases, login: p.Login, wanted: str, user_database: str) -> str:
    """The database that a session begins in; sa's default is the user database. Raises 4060, 4064."""
    default = user_database if login.principal_id == p.SA else login.default_database
    found = databases.find(wanted or default)
    if found is not None and may_connect(identify(found, SecurityContext(login.name, login.sid))):
        return found.database.name
    raise sql_error(4060, wanted) if wanted else sql_error(4064)
