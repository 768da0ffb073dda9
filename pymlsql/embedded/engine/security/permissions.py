"""Permissions: which there are on what, what implies them, and the grants and denials that the catalog keeps.

A permission that is not in these tables is not enforced here, and to grant it is refused. Source of the tables:
sys.fn_builtin_permissions of sql-docs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pymlsql.embedded.engine.catalog import stored
from pymlsql.embedded.engine.security import principals as p


@dataclass(frozen=True, slots=True)
class PermissionKind:
    """A permission of one class: ``covering`` is the one of the same class that implies it, ``above`` the one of the
    class that contains it."""

    name: str
    code: str
    covering: str
    above: str


@dataclass(frozen=True, slots=True)
class SecurableClass:
    """What permissions are given on; ``number`` and ``description`` as in sys.database_permissions."""

    name: str
    number: int
    description: str
    container: str
    permissions: dict[str, PermissionKind]


def _class(name: str, number: int, description: str, container: str, text: str) -> SecurableClass:
    """Lines of ``PERMISSION | code | covering | permission of the container``."""
    kinds = {}
    for line in text.strip().splitlines():
        permission, code, covering, above = (part.strip() for part in line.split("|"))
        kinds[permission] = PermissionKind(permission, f"{code:<4}", covering, above)
    return SecurableClass(name, number, description, container, kinds)


_DATA = """
    DELETE | DL | CONTROL | DELETE
    EXECUTE | EX | CONTROL | EXECUTE
    INSERT | IN | CONTROL | INSERT
    REFERENCES | RF | CONTROL | REFERENCES
    SELECT | SL | CONTROL | SELECT
    TAKE OWNERSHIP | TO | CONTROL | CONTROL
    UPDATE | UP | CONTROL | UPDATE
    VIEW DEFINITION | VW | CONTROL | VIEW DEFINITION"""

CLASSES: dict[str, SecurableClass] = {}
"""Every class by name; who brings another class of securables adds it here and its look-up in grants.SECURABLES."""

CLASSES["OBJECT"] = _class(
    "OBJECT",
    1,
    "OBJECT_OR_COLUMN",
    "SCHEMA",
    f"""
    CONTROL | CL | | CONTROL
    ALTER | AL | CONTROL | ALTER {_DATA}""",
)

CLASSES["SCHEMA"] = _class(
    "SCHEMA",
    3,
    "SCHEMA",
    "DATABASE",
    f"""
    CONTROL | CL | | CONTROL
    ALTER | AL | CONTROL | ALTER ANY SCHEMA
    CREATE SEQUENCE | CRSO | ALTER | ALTER ANY SCHEMA {_DATA}""",
)

CLASSES["DATABASE"] = _class(
    "DATABASE",
    0,
    "DATABASE",
    "SERVER",
    """
    CONTROL | CL | | CONTROL SERVER
    ALTER | AL | CONTROL | ALTER ANY DATABASE
    ALTER ANY CERTIFICATE | ALCF | ALTER | CONTROL SERVER
    ALTER ANY EXTERNAL LANGUAGE | ALLA | ALTER | CONTROL SERVER
    ALTER ANY EXTERNAL LIBRARY | ALEL | ALTER | CONTROL SERVER
    ALTER ANY ROLE | ALRL | ALTER | CONTROL SERVER
    ALTER ANY SCHEMA | ALSM | ALTER | CONTROL SERVER
    ALTER ANY USER | ALUS | ALTER | CONTROL SERVER
    CONNECT | CO | CONTROL | CONTROL SERVER
    CREATE CERTIFICATE | CRCF | ALTER ANY CERTIFICATE | CONTROL SERVER
    CREATE EXTERNAL LANGUAGE | CRLA | ALTER ANY EXTERNAL LANGUAGE | CONTROL SERVER
    CREATE EXTERNAL LIBRARY | CREL | ALTER ANY EXTERNAL LIBRARY | CONTROL SERVER
    CREATE FUNCTION | CRFN | ALTER | CONTROL SERVER
    CREATE PROCEDURE | CRPR | ALTER | CONTROL SERVER
    CREATE ROLE | CRRL | ALTER ANY ROLE | CONTROL SERVER
    CREATE SCHEMA | CRSM | ALTER ANY SCHEMA | CONTROL SERVER
    CREATE TABLE | CRTB | ALTER | CONTROL SERVER
    CREATE TYPE | CRTY | ALTER | CONTROL SERVER
    CREATE VIEW | CRVW | ALTER | CONTROL SERVER
    DELETE | DL | CONTROL | CONTROL SERVER
    EXECUTE | EX | CONTROL | CONTROL SERVER
    EXECUTE ANY EXTERNAL SCRIPT | EAES | CONTROL | CONTROL SERVER
    INSERT | IN | CONTROL | CONTROL SERVER
    REFERENCES | RF | CONTROL | CONTROL SERVER
    SELECT | SL | CONTROL | CONTROL SERVER
    TAKE OWNERSHIP | TO | CONTROL | CONTROL SERVER
    UPDATE | UP | CONTROL | CONTROL SERVER
    VIEW DATABASE STATE | VWDS | CONTROL | VIEW SERVER STATE
    VIEW DEFINITION | VW | CONTROL | VIEW ANY DEFINITION""",
)

CLASSES["SERVER"] = _class(
    "SERVER",
    100,
    "SERVER",
    "",
    """
    CONTROL SERVER | CL | |
    ADMINISTER BULK OPERATIONS | ADBO | CONTROL SERVER |
    ALTER ANY DATABASE | ALDB | CONTROL SERVER |
    ALTER ANY LOGIN | ALLG | CONTROL SERVER |
    ALTER RESOURCES | ALRS | CONTROL SERVER |
    ALTER SERVER STATE | ALSS | CONTROL SERVER |
    ALTER SETTINGS | ALST | CONTROL SERVER |
    CONNECT SQL | COSQ | CONTROL SERVER |
    CREATE ANY DATABASE | CRDB | ALTER ANY DATABASE |
    IMPERSONATE ANY LOGIN | IAL | CONTROL SERVER |
    VIEW ANY DEFINITION | VWAD | CONTROL SERVER |
    VIEW SERVER PERFORMANCE STATE | VSPS | VIEW SERVER STATE |
    VIEW SERVER STATE | VWSS | ALTER SERVER STATE |""",
)

CLASSES["CERTIFICATE"] = _class("CERTIFICATE", 25, "CERTIFICATE", "DATABASE", """
    CONTROL | CL | | CONTROL
    ALTER | AL | CONTROL | ALTER ANY CERTIFICATE
    REFERENCES | RF | CONTROL | REFERENCES
    TAKE OWNERSHIP | TO | CONTROL | CONTROL
    VIEW DEFINITION | VW | CONTROL | VIEW DEFINITION""")

CLASSES["TYPE"] = _class("TYPE", 6, "TYPE", "SCHEMA", """
    CONTROL | CL | | CONTROL
    EXECUTE | EX | CONTROL | EXECUTE
    REFERENCES | RF | CONTROL | REFERENCES
    TAKE OWNERSHIP | TO | CONTROL | CONTROL
    VIEW DEFINITION | VW | CONTROL | VIEW DEFINITION""")

CLASSES["USER"] = _class("USER", 4, "DATABASE_PRINCIPAL", "DATABASE", """
    CONTROL | CL | | CONTROL
    ALTER | AL | CONTROL | ALTER ANY USER
    IMPERSONATE | IM | CONTROL | CONTROL
    VIEW DEFINITION | VW | CONTROL | VIEW DEFINITION""")

CLASSES["LOGIN"] = _class("LOGIN", 101, "SERVER_PRINCIPAL", "SERVER", """
    CONTROL | CL | | CONTROL SERVER
    ALTER | AL | CONTROL | ALTER ANY LOGIN
    IMPERSONATE | IM | CONTROL | IMPERSONATE ANY LOGIN
    VIEW DEFINITION | VW | CONTROL | VIEW ANY DEFINITION""")

BY_NUMBER = {found.number: found for found in CLASSES.values()}
SERVER, DATABASE, OBJECT, SCHEMA, PRINCIPAL, LOGIN = 100, 0, 1, 3, 4, 101
SERVER_CLASSES = frozenset({100, 101})
"""Classes whose grantees are logins and server roles; those of all others are users and database roles."""
GRANTED, DENIED, GRANTABLE = "G", "D", "W"
SINCE = {"VIEW SERVER PERFORMANCE STATE": 160}
"""The compatibility level from which a permission is known, where it is not known to all."""
COLUMN_PERMISSIONS = frozenset({"SELECT", "UPDATE", "REFERENCES"})


@dataclass(frozen=True, slots=True)
class Permission:
    """A grant (G), a grant with the right to grant (W) or a denial (D).

    ``securable`` is a class's number, ``major`` the id of the thing and ``minor`` that of its column or 0; ``grantee``
    and ``grantor`` are principals' ids.
    """

    kind: ClassVar[str] = "permission"
    securable: int
    major: int
    minor: int
    grantee: int
    grantor: int
    name: str
    state: str

    @property
    def key(self) -> str:
        return f"{self.securable}:{self.major}:{self.minor}:{self.grantee}:{self.grantor}:{self.name}"

    @property
    def of_server(self) -> bool:
        """Whether its grantee is a login or server role."""
        return self.securable in SERVER_CLASSES


stored(Permission)

ROLE_GRANTS: dict[int, tuple[str, ...]] = {
    p.DB_OWNER: ("CONTROL",),
    p.DB_ACCESSADMIN: ("ALTER ANY USER", "CREATE SCHEMA", "CONNECT"),
    p.DB_SECURITYADMIN: ("ALTER ANY ROLE", "CREATE SCHEMA", "VIEW DEFINITION"),
    p.DB_DDLADMIN: (
        "ALTER ANY CERTIFICATE", "ALTER ANY SCHEMA", "CREATE FUNCTION", "CREATE PROCEDURE", "CREATE TABLE",
        "CREATE TYPE",
        "CREATE VIEW", "REFERENCES",
    ),
    p.DB_DATAREADER: ("SELECT",),
    p.DB_DATAWRITER: ("INSERT", "UPDATE", "DELETE"),
}  # fmt: skip
"""What the fixed database roles may do, on the database."""

ROLE_DENIALS: dict[int, tuple[str, ...]] = {
    p.DB_DENYDATAREADER: ("SELECT",),
    p.DB_DENYDATAWRITER: ("INSERT", "UPDATE", "DELETE"),
}

SERVER_ROLE_GRANTS: dict[int, tuple[str, ...]] = {
    p.SECURITYADMIN: ("ALTER ANY LOGIN",),
    p.SERVERADMIN: ("ALTER RESOURCES", "ALTER SERVER STATE", "ALTER SETTINGS", "VIEW SERVER STATE"),
    p.PROCESSADMIN: ("ALTER SERVER STATE",),
    p.DBCREATOR: ("ALTER ANY DATABASE", "CREATE ANY DATABASE"),
}
"""What the fixed server roles may do; those that are missing would have no meaning here and take no members."""
