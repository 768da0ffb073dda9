"""The database master key, which protects private keys that no password does.

It is kept twice: encrypted by its password, and by the server's own key, with which it opens by itself. That key lies
beside the database and not in it, as SQL Server's service master key does.
"""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa

from pymlsql.embedded.engine.catalog import now_text
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE
from pymlsql.embedded.engine.security.statements import in_user_database
from pymlsql.embedded.engine.signing import keys
from pymlsql.embedded.engine.signing.entries import Certificate, MasterKey
from pymlsql.embedded.engine.signing.passwords import check_password
from pymlsql.embedded.tsql import signing_nodes as nodes
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.security_nodes import Secret

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def create_master_key(session: Session, statement: nodes.CreateMasterKey) -> None:
    """CREATE MASTER KEY. Raises 15116, 15118, 15247, 15578."""
    _check_control(session, "CREATE MASTER KEY")
    check_password(statement.password.text)
    with session.store.statement():
        if session.catalog.entries(MasterKey):
            raise sql_error(15578)
        secret = secrets.token_bytes(32)
        made = MasterKey(
            keys.seal_by_password(secret, statement.password.text).hex(),
            keys.seal(secret, session.engine.service_key).hex(),
            str(uuid.uuid4()), created=now_text(),
        )  # fmt: skip
        session.set_catalog(session.catalog.with_entries(made), [made])


def drop_master_key(session: Session, statement: nodes.DropMasterKey) -> None:
    """DROP MASTER KEY. Raises 15151, 15247, 15580 while a certificate's key is encrypted by it."""
    _check_control(session, "DROP MASTER KEY")
    with session.store.statement():
        found = session.catalog.entries(MasterKey)
        if not found:
            raise sql_error(15151, "drop", "symmetric key", "master key")
        for certificate in session.catalog.entries(Certificate):
            if certificate.protection == "MK":
                raise sql_error(15580, "master key", "certificate", certificate.name)
        session.set_catalog(session.catalog.without_entries(*found), [], gone=found)


def _check_control(session: Session, construct: str) -> None:
    in_user_database(session, construct)
    if not may(session, "CONTROL", DATABASE_SECURABLE):
        raise sql_error(15247)


def master_secret(session: Session) -> bytes:
    """The master key itself. Raises 15581 where there is none, or none that this server can open."""
    for found in session.catalog.entries(MasterKey):
        try:
            return keys.unseal(bytes.fromhex(found.by_server), session.engine.service_key)
        except keys.WrongPassword:
            break
    raise sql_error(15581)


def protect(key: rsa.RSAPrivateKey, password: Secret | None, secret: bytes) -> tuple[str, bytes]:
    """A private key encrypted by a password (PW), or without one by the master key ``secret`` (MK)."""
    if password is None:
        return "MK", keys.encrypt_by_key(key, secret)
    return "PW", keys.encrypt_by_password(key, password.text)
