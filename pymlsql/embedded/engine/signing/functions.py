"""CRYPT_GEN_RANDOM and CERTPRIVATEKEY: what the session answers when the statement runs."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.signing import pvk
from pymlsql.embedded.engine.signing.entries import Certificate, certificate_by_id, certificate_securable
from pymlsql.embedded.engine.signing.keys import WrongPassword
from pymlsql.embedded.engine.signing.privatekeys import private_key
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.security_nodes import Secret

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_MOST_BYTES = 8000


def _crypt_gen_random(session: Session, frame: Frame, args: list[str]) -> bytes | None:
    """So many random bytes; NULL for none, or for more than a varbinary holds."""
    number = int(float(args[0]))
    return secrets.token_bytes(number) if 1 <= number <= _MOST_BYTES else None


def _certprivatekey(session: Session, frame: Frame, args: list[str]) -> bytes | None:
    """The private key in PVK format; NULL for a certificate that is not there, or whose key is not one's own to see."""
    if args[0].startswith("name:"):
        found = session.catalog.entry(Certificate, args[0].removeprefix("name:"))
    else:
        found = certificate_by_id(session.catalog, int(float(args[0])))
    if found is None or found.protection == "NA" or not may(session, "CONTROL", certificate_securable(found)):
        return None
    key = private_key(session, found, Secret(args[2]) if len(args) > 2 else None)
    if not args[1]:
        raise sql_error(15116)
    try:
        return pvk.write_key(key, args[1])
    except WrongPassword:
        raise unsupported("CERTPRIVATEKEY with a password that is not ASCII") from None


SIGNING_VALUES: dict[str, Callable[[Session, Frame, list[str]], Any]] = {
    "CRYPT_GEN_RANDOM": _crypt_gen_random,
    "CERTPRIVATEKEY": _certprivatekey,
}
