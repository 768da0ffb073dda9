"""sys.certificates, sys.crypt_properties and their kin.

Columns are those of SQL Server 2019, from "Security catalog views" of sql-docs, without the uniqueidentifier ones of
sys.symmetric_keys. Times of certificates are UTC, as SQL Server shows them.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE
from pymlsql.embedded.engine.signing.entries import (
    MASTER_KEY_ID,
    MASTER_KEY_NAME,
    Certificate,
    MasterKey,
    Signature,
    certificate_securable,
)
from pymlsql.embedded.engine.signing.keys import string_sid
from pymlsql.embedded.engine.signing.verification import signature_is_valid
from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, empty, view
from pymlsql.embedded.engine.system_views.objects import TYPES, time_of
from pymlsql.embedded.engine.system_views.state import SystemState

CERTIFICATES = columns("""
    name sysname, certificate_id int, principal_id int?, pvt_key_encryption_type char(2),
    pvt_key_encryption_type_desc nvarchar(60)?, is_active_for_begin_dialog bit?=1, issuer_name nvarchar(442)?,
    cert_serial_number nvarchar(64)?, sid varbinary(85)?, string_sid nvarchar(128)?, subject nvarchar(4000)?,
    expiry_date datetime?, start_date datetime?, thumbprint varbinary(32), attested_by nvarchar(260)?,
    pvt_key_last_backup_date datetime?""")

CRYPT_PROPERTIES = columns("""
    class tinyint=1, class_desc nvarchar(60)?=OBJECT_OR_COLUMN, major_id int, thumbprint varbinary(32),
    crypt_type char(4), crypt_type_desc nvarchar(60)?, crypt_property varbinary(max)""")

SIGNATURE_STATES = columns("major_id int, thumbprint varbinary(32), is_valid int")

ENCODED_CERTIFICATES = columns("certificate_id int, encoded varbinary(8000)")

SIGNABLE = columns("""
    type nvarchar(120)?, entity_id int, thumbprint varbinary(32), is_signed int, is_signature_valid int""")

KEY_ENCRYPTIONS = columns("""
    key_id int, thumbprint varbinary(32)?, crypt_type char(4), crypt_type_desc nvarchar(60)?,
    crypt_property varbinary(max)?""")

SYMMETRIC_KEYS = columns("""
    name sysname, principal_id int?, symmetric_key_id int, key_length int, key_algorithm char(2),
    algorithm_desc nvarchar(60)?, create_date datetime, modify_date datetime, key_thumbprint sql_variant?,
    provider_type nvarchar(120)?, cryptographic_provider_algid sql_variant?""")

ASYMMETRIC_KEYS = columns("""
    name sysname, principal_id int?, asymmetric_key_id int, pvt_key_encryption_type char(2),
    pvt_key_encryption_type_desc nvarchar(60)?, thumbprint varbinary(32), algorithm char(2)?,
    algorithm_desc nvarchar(60)?, key_length int?, sid varbinary(85)?, string_sid nvarchar(128)?,
    public_key varbinary(max), attested_by nvarchar(260)?, provider_type nvarchar(120)?,
    cryptographic_provider_algid sql_variant?""")

_PROTECTIONS = {"NA": "NO_PRIVATE_KEY", "MK": "ENCRYPTED_BY_MASTER_KEY", "PW": "ENCRYPTED_BY_PASSWORD"}


def _seen(state: SystemState) -> list[Certificate]:
    """The certificates that the context sees."""
    found = sorted(state.catalog.entries(Certificate), key=lambda certificate: certificate.certificate_id)
    return [certificate for certificate in found if state.sight.securable(certificate_securable(certificate))]


def _certificates(state: SystemState) -> Iterator[Fact]:
    for found in _seen(state):
        facts = found.facts
        yield {
            "name": found.name, "certificate_id": found.certificate_id, "principal_id": found.owner,
            "pvt_key_encryption_type": found.protection, "pvt_key_encryption_type_desc": _PROTECTIONS[found.protection],
            "issuer_name": facts.issuer, "cert_serial_number": facts.serial_number, "sid": facts.sid,
            "string_sid": string_sid(facts.sid), "subject": facts.subject, "expiry_date": facts.expiry,
            "start_date": facts.start, "thumbprint": facts.thumbprint,
        }  # fmt: skip


def _encoded_certificates(state: SystemState) -> Iterator[Fact]:
    """CERTENCODED is for everybody: what is public in a certificate."""
    for found in state.catalog.entries(Certificate):
        yield {"certificate_id": found.certificate_id, "encoded": found.der}


def _signatures(state: SystemState) -> Iterator[Signature]:
    """The signatures over the modules that the context sees."""
    return (found for found in state.catalog.entries(Signature) if state.catalog.by_id(found.object_id) is not None)


def _crypt_properties(state: SystemState) -> Iterator[Fact]:
    for found in _signatures(state):
        kind = "COUNTER SIGNATURE BY CERTIFICATE" if found.counter else "SIGNATURE BY CERTIFICATE"
        yield {
            "major_id": found.object_id, "thumbprint": bytes.fromhex(found.thumbprint),
            "crypt_type": "CPVC" if found.counter else "SPVC", "crypt_type_desc": kind,
            "crypt_property": bytes.fromhex(found.bits),
        }  # fmt: skip


def _checked(state: SystemState) -> Iterator[tuple[Signature, bool]]:
    """Plain signatures by certificates whose definition the context may see, and whether they are valid."""
    allowed = {certificate.facts.thumbprint.hex() for certificate in state.catalog.entries(Certificate)
               if state.sight.definition(certificate_securable(certificate))}  # fmt: skip
    for found in _signatures(state):
        if not found.counter and found.thumbprint in allowed:
            yield found, signature_is_valid(state.all_catalog, found)


def _signature_states(state: SystemState) -> Iterator[Fact]:
    """What IS_OBJECTSIGNED looks up."""
    for found, valid in _checked(state):
        yield {"major_id": found.object_id, "thumbprint": bytes.fromhex(found.thumbprint), "is_valid": int(valid)}


def _signable(state: SystemState) -> Iterator[Fact]:
    """What sys.fn_check_object_signatures selects from: every procedure with every certificate."""
    valid = {(found.object_id, found.thumbprint): is_valid for found, is_valid in _checked(state)}
    certificates = [found for found in _seen(state) if state.sight.definition(certificate_securable(found))]
    for module in state.catalog.modules():
        for certificate in certificates if module.kind == "P" else ():
            thumbprint = certificate.facts.thumbprint
            found = valid.get((module.object_id, thumbprint.hex()))
            yield {"type": TYPES[f"{module.kind:<2}"], "entity_id": module.object_id, "thumbprint": thumbprint,
                   "is_signed": int(found is not None), "is_signature_valid": int(bool(found))}  # fmt: skip


def _master_keys(state: SystemState) -> list[MasterKey]:
    """The master key, for who may see the database's definition."""
    return state.catalog.entries(MasterKey) if state.sight.definition(DATABASE_SECURABLE) else []


def _key_encryptions(state: SystemState) -> Iterator[Fact]:
    for key in _master_keys(state):
        yield {"key_id": MASTER_KEY_ID, "crypt_type": "ESKM", "crypt_type_desc": "ENCRYPTION BY MASTER KEY",
               "crypt_property": bytes.fromhex(key.by_server)}  # fmt: skip
        yield {"key_id": MASTER_KEY_ID, "crypt_type": "ESP2", "crypt_type_desc": "ENCRYPTION BY PASSWORD V2",
               "crypt_property": bytes.fromhex(key.by_password)}  # fmt: skip


def _symmetric_keys(state: SystemState) -> Iterator[Fact]:
    for key in _master_keys(state):
        made = time_of(key.created)
        yield {
            "name": MASTER_KEY_NAME, "principal_id": key.owner, "symmetric_key_id": MASTER_KEY_ID, "key_length": 256,
            "key_algorithm": "A3", "algorithm_desc": "AES_256", "create_date": made, "modify_date": made,
        }  # fmt: skip


CERTIFICATE_VIEWS: dict[str, SystemView] = {
    "certificates": view(CERTIFICATES, _certificates),
    "crypt_properties": view(CRYPT_PROPERTIES, _crypt_properties),
    "key_encryptions": view(KEY_ENCRYPTIONS, _key_encryptions),
    "symmetric_keys": view(SYMMETRIC_KEYS, _symmetric_keys),
    "asymmetric_keys": empty(ASYMMETRIC_KEYS),
    "$encoded_certificates": view(ENCODED_CERTIFICATES, _encoded_certificates),
    "$signature_states": view(SIGNATURE_STATES, _signature_states),
    "$signable": view(SIGNABLE, _signable),
}
"""Names that begin with $ are for functions of this server; no client can know them."""
