"""CREATE, ALTER and DROP CERTIFICATE."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa

from pymlsql.embedded.engine.catalog import Catalog, Entry
from pymlsql.embedded.engine.evaluation import evaluate
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.permissions import CLASSES, Permission
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE
from pymlsql.embedded.engine.security.statements import future_owner, in_user_database
from pymlsql.embedded.engine.signing import keys, pvk
from pymlsql.embedded.engine.signing.entries import (
    Certificate,
    Signature,
    certificate_by_thumbprint,
    next_certificate_id,
)
from pymlsql.embedded.engine.signing.masterkey import master_secret, protect
from pymlsql.embedded.engine.signing.passwords import check_password
from pymlsql.embedded.engine.signing.privatekeys import certificate_for, private_key
from pymlsql.embedded.tsql import signing_nodes as nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.security_nodes import Secret
from pymlsql.embedded.tsql.slices import Text
from pymlsql.embedded.tsql.types import DATETIME, MAX, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


# CREATE -----------------------------------------------------------------------------------------------------------


def create_certificate(session: Session, statement: nodes.CreateCertificate) -> None:
    """CREATE CERTIFICATE. Raises 15118, 15151, 15212, 15232, 15247, 15297, 15345, 15474, 15581."""
    in_user_database(session, "CREATE CERTIFICATE")
    if not may(session, "CREATE CERTIFICATE", DATABASE_SECURABLE):
        raise sql_error(15247)
    owner = _owner(session, statement.owner)
    if session.catalog.entry(Certificate, statement.name) is not None:
        raise sql_error(15232, statement.name)
    made = _generate(session, statement) if statement.subject is not None else _import(session, statement)
    with session.store.statement():
        catalog = session.catalog
        known = certificate_by_thumbprint(catalog, made.facts.thumbprint)
        if known is not None or catalog.entry(Certificate, statement.name) is not None:
            raise sql_error(15232, statement.name)
        made = replace(made, certificate_id=next_certificate_id(catalog), owner=owner)
        session.set_catalog(catalog.with_entries(made), [made])
    _warn(session, made)


def _owner(session: Session, name: str) -> int:
    """AUTHORIZATION's user, else who creates it: dbo where that is a role's right."""
    if not name:
        return session.identity.user_id or p.DBO
    found = p.principal_by_id(session.catalog, future_owner(session, name))
    if not isinstance(found, p.User) or found.type == "C":
        raise sql_error(15345, "certificate")
    return found.principal_id


def _generate(session: Session, statement: nodes.CreateCertificate) -> Certificate:
    assert statement.subject is not None
    subject = str(evaluate(session, Frame(), statement.subject, nvarchar(MAX)))
    if not 1 <= len(subject) <= keys.LONGEST_SUBJECT:
        raise sql_error(15212, keys.LONGEST_SUBJECT)
    start = _date(session, statement.start) or dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    expiry = _date(session, statement.expiry) or _next_year(start)
    if expiry < start:
        raise unsupported("CREATE CERTIFICATE with an EXPIRY_DATE before its START_DATE", line=statement.line)
    secret = _checked_protection(session, statement.password)
    encoded, key = keys.make_certificate(subject, start, expiry)
    return _with_key(Certificate(0, statement.name, encoded.hex()), key, statement.password, secret)


def _date(session: Session, text: Text | None) -> dt.datetime | None:
    value = evaluate(session, Frame(), text, DATETIME) if text is not None else None
    return value.replace(microsecond=0) if isinstance(value, dt.datetime) else None


def _next_year(start: dt.datetime) -> dt.datetime:
    try:
        return start.replace(year=start.year + 1)
    except ValueError:  # 29 February, or the last year there is
        return start.replace(year=min(start.year + 1, dt.MAXYEAR), day=28)


def _import(session: Session, statement: nodes.CreateCertificate) -> Certificate:
    assert statement.binary is not None
    try:
        keys.read_certificate(statement.binary)
    except keys.InvalidData:
        raise sql_error(15297) from None
    made = Certificate(0, statement.name, statement.binary.hex())
    return _with_imported_key(session, made, statement.private_key) if statement.private_key is not None else made


def _with_imported_key(session: Session, found: Certificate, clause: nodes.PrivateKeyClause) -> Certificate:
    """The certificate with a private key in PVK format. Raises 15464, 15465, 15474."""
    assert clause.binary is not None
    secret = _checked_protection(session, clause.encryption)
    try:
        key = pvk.read_key(clause.binary, clause.decryption.text if clause.decryption is not None else None)
    except keys.WrongPassword:
        raise sql_error(15465) from None
    except keys.InvalidData:
        raise sql_error(15464) from None
    if not keys.belongs_to(key, found.der):
        raise sql_error(15474, "certificate")
    return _with_key(found, key, clause.encryption, secret)


def _checked_protection(session: Session, password: Secret | None) -> bytes:
    """The master key where no password protects a private key. Raises 15116, 15118, 15581."""
    if password is None:
        return master_secret(session)
    check_password(password.text)
    return b""


def _with_key(found: Certificate, key: rsa.RSAPrivateKey, password: Secret | None, secret: bytes) -> Certificate:
    protection, data = protect(key, password, secret)
    return replace(found, private_key=data.hex(), protection=protection)


def _warn(session: Session, made: Certificate) -> None:
    """Messages 15214 and 15215."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    if made.facts.expiry < now:
        session.send_error(sql_error(15214))
    elif made.facts.start > now + dt.timedelta(seconds=1):
        session.send_error(sql_error(15215))


# ALTER and DROP ---------------------------------------------------------------------------------------------------


def alter_certificate(session: Session, statement: nodes.AlterCertificate) -> None:
    """ALTER CERTIFICATE. Raises 15147, 15151, 15332, 15334, 15397, 15466, 15563, 15581."""
    certificate_for(session, statement.name, "ALTER", "alter")
    if statement.action == "dialog" and not statement.active_for_dialog:
        raise unsupported("ALTER CERTIFICATE ... WITH ACTIVE FOR BEGIN_DIALOG = OFF", line=statement.line)
    with session.store.statement():
        found = certificate_for(session, statement.name, "ALTER", "alter")
        changed = found
        if statement.action == "remove_key":
            if found.protection == "NA":
                raise sql_error(15563, "certificate")
            changed = replace(found, private_key="", protection="NA")
        elif statement.private_key is not None:
            changed = _rekeyed(session, found, statement.private_key)
        session.set_catalog(session.catalog.with_entries(changed), [changed])


def _rekeyed(session: Session, found: Certificate, clause: nodes.PrivateKeyClause) -> Certificate:
    """Another protection of the private key, or a private key where there was none."""
    if clause.binary is not None:
        if found.protection != "NA":
            raise sql_error(15332)
        return _with_imported_key(session, found, clause)
    if found.protection == "NA":
        raise sql_error(15563, "certificate")
    if found.protection == "MK" and clause.decryption is not None:
        raise sql_error(15397, "certificate")
    secret = _checked_protection(session, clause.encryption)
    return _with_key(found, private_key(session, found, clause.decryption), clause.encryption, secret)


def drop_certificate(session: Session, statement: nodes.DropCertificate) -> None:
    """DROP CERTIFICATE. Raises 15151, 15352 while it signs something, 15559 while a user is made from it."""
    certificate_for(session, statement.name, "CONTROL", "drop")
    with session.store.statement():
        found = certificate_for(session, statement.name, "CONTROL", "drop")
        _check_unused(session.catalog, found)
        gone: list[Entry] = [found, *permissions_on(session.catalog, found)]
        session.set_catalog(session.catalog.without_entries(*gone), [], gone=gone)


def _check_unused(catalog: Catalog, found: Certificate) -> None:
    sid, thumbprint = found.facts.sid.hex(), found.facts.thumbprint.hex()
    if any(user.type == "C" and user.sid == sid for user in catalog.entries(p.User)):
        raise sql_error(15559, "certificate", found.name, "user")
    if any(signature.thumbprint == thumbprint for signature in catalog.entries(Signature)):
        raise sql_error(15352, "certificate")


def permissions_on(catalog: Catalog, found: Certificate) -> list[Permission]:
    """What has been granted or denied on a certificate."""
    number = CLASSES["CERTIFICATE"].number
    return [e for e in catalog.entries(Permission) if (e.securable, e.major) == (number, found.certificate_id)]
