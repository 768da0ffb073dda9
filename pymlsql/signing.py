"""Signing procedures, so that whoever may execute one needs no right to run Python himself.

SQL Server's ownership chains do not reach into sp_execute_external_script. So a certificate signs the procedure, and
the certificate's user holds what is missing; those rights count while the signed procedure runs, and nowhere else. The
signature goes with every ALTER: `pymlsql apply` makes certificate, user and signature anew each time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pymlsql import quoting, templates
from pymlsql.database import fetch

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from pymlsql.database import Database

TEMPLATE = "signing/procedure.sql.j2"
REMOVAL = "signing/removal.sql.j2"
SUBJECT = "pymlsql: rights of a signed prediction procedure"
"""At most 64 characters: SQL Server on Linux takes no more."""

State = Literal["signed", "unsigned", "invalid", "open", "powerless"]
"""Signed; not signed (or not to be seen); signed, but over another text; signed, but the certificate's private key is
still there; signed, but the certificate's user may not run external scripts."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What a procedure needs that its callers do not have, besides EXECUTE ANY EXTERNAL SCRIPT.

    ``looked_up`` are objects whose definition the procedure asks for, ``read`` those that the query of its
    @input_data_1 reads: that query is dynamic SQL. What its other statements read comes with ownership.
    """

    procedure: str
    looked_up: tuple[str, ...] = ()
    read: tuple[str, ...] = ()

    @property
    def certificate(self) -> str:
        """The name of the certificate and of its user, made from the procedure's."""
        name = "pymlsql signs " + ".".join(quoting.parse_name(self.procedure))
        if len(name.encode("utf-16-le")) <= 2 * quoting.MAX_IDENTIFIER:
            return name
        return f"{name[:40]}... {hashlib.sha256(name.encode()).hexdigest()[:40]}"

    @property
    def subject(self) -> str:
        """What the certificate says that it is for."""
        return SUBJECT


def render(signing: Signing) -> str:
    """The batch that signs the procedure, for a transaction. It holds no password: the server makes one."""
    return templates.render(TEMPLATE, signing=signing)


def sign(connection: Connection, signing: Signing) -> None:
    """Sign the procedure in the caller's transaction, with a certificate that replaces the last one.

    Needs what a member of db_owner has; raises DatabaseError, 15247 for one, where that is missing.
    """
    fetch(connection, render(signing))


def remove(connection: Connection, signing: Signing) -> None:
    """Drop the signature, the certificate and its user in the caller's transaction, as far as they are there."""
    fetch(connection, templates.render(REMOVAL, signing=signing))


_STATES = """\
SELECT w.[procedure], c.pvt_key_encryption_type,
    IS_OBJECTSIGNED('OBJECT', OBJECT_ID(w.[procedure]), 'certificate', c.thumbprint) AS is_valid,
    (SELECT COUNT(*) FROM sys.database_principals AS u
        JOIN sys.database_permissions AS p ON p.grantee_principal_id = u.principal_id
        WHERE u.sid = c.sid AND p.permission_name = N'EXECUTE ANY EXTERNAL SCRIPT' AND p.state IN ('G', 'W'))
        AS n_grants
FROM OPENJSON(CAST(? AS nvarchar(max))) WITH ([procedure] nvarchar(300) '$[0]', certificate nvarchar(128) '$[1]') AS w
JOIN sys.certificates AS c ON c.name = w.certificate"""


def read_states(connection: Connection, signings: Iterable[Signing]) -> dict[str, State]:
    """How it stands with the signatures of procedures, by their names as given, as this login may see it."""
    wanted = [(signing.procedure, signing.certificate) for signing in signings]
    if not wanted:
        return {}
    found: dict[str, State] = {procedure: "unsigned" for procedure, _ in wanted}
    for row in fetch(connection, _STATES, (json.dumps(wanted),)).rows:
        found[row.procedure] = _state(row)
    return found


def _state(row: Any) -> State:
    if row.is_valid is None:
        return "unsigned"
    if not row.is_valid:
        return "invalid"
    if row.pvt_key_encryption_type.strip() != "NA":
        return "open"
    return "signed" if row.n_grants else "powerless"


def read_state(database: Database, signing: Signing) -> State:
    """How it stands with one procedure's signature, as this login may see it."""
    with database.connect(autocommit=True) as connection:
        return read_states(connection, [signing])[signing.procedure]
