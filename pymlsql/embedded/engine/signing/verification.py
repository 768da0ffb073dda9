"""What a signature is made over, whether it holds, and whose rights it adds while a module runs."""

from __future__ import annotations

from pymlsql.embedded.engine.catalog import Catalog, Module
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.signing.entries import Signature, certificate_by_thumbprint, signatures_of
from pymlsql.embedded.engine.signing.keys import verify

EXECUTE_AS_OWNER = -2
"""What sys.sql_modules.execute_as_principal_id says of EXECUTE AS OWNER."""


def signed_bytes(catalog: Catalog, module: Module) -> bytes:
    """Every character of the stored definition, and the identifier of the principal that it executes as."""
    return module.text.encode("utf-16-le") + _executes_as(catalog, module)


def _executes_as(catalog: Catalog, module: Module) -> bytes:
    if module.execute_as is None:
        return b""
    number = module.execute_as
    if number == EXECUTE_AS_OWNER:
        number = p.owner_of(catalog, module.object_id, module.schema)
    principal = p.principal_by_id(catalog, number)
    sid = getattr(principal, "sid", "") if principal is not None else ""
    return bytes.fromhex(sid) if sid else str(number).encode()


def signature_is_valid(catalog: Catalog, signature: Signature) -> bool:
    """Whether a signature was made over its module as it is now, by a certificate that the database has."""
    certificate = certificate_by_thumbprint(catalog, bytes.fromhex(signature.thumbprint))
    module = catalog.by_id(signature.object_id)
    if certificate is None or not isinstance(module, Module):
        return False
    return verify(certificate.der, bytes.fromhex(signature.bits), signed_bytes(catalog, module))


def added_users(catalog: Catalog, module: Module, before: tuple[int, ...]) -> tuple[int, ...]:
    """The ids of the users whose rights count while the module runs, ``before`` being those that counted at its call.

    A valid signature adds the users made from its certificate; a valid countersignature keeps those that the call
    brought along. Without either what was added before is lost.
    """
    found: list[int] = []
    for signature in signatures_of(catalog, module.object_id):
        users = _users_of(catalog, signature)
        if signature.counter:
            users = [user for user in users if user in before]
        if users and signature_is_valid(catalog, signature):
            found += users
    return tuple(sorted(set(found)))


def _users_of(catalog: Catalog, signature: Signature) -> list[int]:
    certificate = certificate_by_thumbprint(catalog, bytes.fromhex(signature.thumbprint))
    if certificate is None:
        return []
    sid = certificate.facts.sid.hex()
    return [user.principal_id for user in catalog.entries(p.User) if user.type == "C" and user.sid == sid]
