"""A certificate by its name, if the session may use it, and its private key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa

from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.signing import keys
from pymlsql.embedded.engine.signing.entries import Certificate, certificate_securable
from pymlsql.embedded.engine.signing.masterkey import master_secret
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.security_nodes import Secret

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def certificate_for(session: Session, name: str, permission: str, verb: str = "find") -> Certificate:
    """The certificate of this name, on which ``permission`` is held. Raises 15151."""
    found = session.catalog.entry(Certificate, name)
    if found is None or not may(session, permission, certificate_securable(found)):
        raise sql_error(15151, verb, "certificate", name)
    return found


def private_key(session: Session, found: Certificate, password: Secret | None) -> rsa.RSAPrivateKey:
    """The certificate's private key. Raises 15147, 15334, 15466, 15507, 15556, 15581."""
    data = bytes.fromhex(found.private_key)
    if found.protection == "NA":
        raise sql_error(15556, "certificate")
    if found.protection == "MK":
        if password is not None:
            raise sql_error(15147, "certificate")
        try:
            return keys.decrypt_by_key(data, master_secret(session))
        except keys.WrongPassword:
            raise sql_error(15507) from None
    if password is None:
        raise sql_error(15334, "certificate")
    try:
        return keys.decrypt_by_password(data, password.text)
    except keys.WrongPassword:
        raise sql_error(15466) from None
