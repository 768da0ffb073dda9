"""ADD and DROP SIGNATURE, and what becomes of signatures when their module changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Catalog, Module
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.engine.security.enforcement import may_object
from pymlsql.embedded.engine.signing import keys
from pymlsql.embedded.engine.signing.entries import Signature, signatures_of
from pymlsql.embedded.engine.signing.privatekeys import certificate_for, private_key
from pymlsql.embedded.engine.signing.verification import EXECUTE_AS_OWNER, signed_bytes
from pymlsql.embedded.tsql import signing_nodes as nodes
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.slices import Name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def add_signature(session: Session, statement: nodes.AddSignature) -> None:
    """ADD [COUNTER] SIGNATURE. Raises 15151, 15557, 15560, and what private_key raises; 15299 for bits of elsewhere."""
    _module(session, statement.module)
    with session.store.statement():
        module = _module(session, statement.module)
        made = [_sign(session, module, signer, counter=statement.counter) for signer in statement.signers]
        session.set_catalog(session.catalog.with_entries(*made), made)
    if module.execute_as == EXECUTE_AS_OWNER:
        session.send_error(sql_error(15583))


def _sign(session: Session, module: Module, signer: nodes.Signer, *, counter: bool) -> Signature:
    certificate = certificate_for(session, signer.certificate, "CONTROL")
    message = signed_bytes(session.catalog, module)
    made = Signature(module.object_id, certificate.facts.thumbprint.hex(), "", counter)
    if session.catalog.entry(Signature, made.key) is not None:
        raise sql_error(15557, _kind(counter), "certificate", certificate.name)
    bits = signer.signature
    if bits is None:
        bits = keys.sign(private_key(session, certificate, signer.password), message)
    elif not keys.verify(certificate.der, bits, message):
        raise sql_error(15299)
    return Signature(made.object_id, made.thumbprint, bits.hex(), counter)


def drop_signature(session: Session, statement: nodes.DropSignature) -> None:
    """DROP [COUNTER] SIGNATURE. Raises 15151, 15558, 15560."""
    _module(session, statement.module)
    with session.store.statement():
        module = _module(session, statement.module)
        gone = []
        for signer in statement.signers:
            certificate = certificate_for(session, signer.certificate, "CONTROL")
            wanted = Signature(module.object_id, certificate.facts.thumbprint.hex(), "", statement.counter)
            found = session.catalog.entry(Signature, wanted.key)
            if found is None:
                raise sql_error(15558, _kind(statement.counter), "certificate", certificate.name)
            gone.append(found)
        session.set_catalog(session.catalog.without_entries(*gone), [], gone=gone)


def _kind(counter: bool) -> str:
    return "counter signature" if counter else "signature"


def _module(session: Session, name: Name) -> Module:
    """The procedure to be signed, which the session may alter. Raises 15151, 15560 for what cannot be signed."""
    found = names(session).find(name)
    if found is None or not may_object(session, "ALTER", found):
        raise sql_error(15151, "find", "object", name.object)
    if not isinstance(found, Module) or found.kind != "P":
        raise sql_error(15560, name.object)
    return found


def without_signatures(catalog: Catalog, object_id: int) -> tuple[Catalog, list[Signature]]:
    """The catalog without the signatures over a module that changes or goes, and those."""
    gone = signatures_of(catalog, object_id)
    return (catalog.without_entries(*gone), gone) if gone else (catalog, [])
