"""Certificates, signatures over modules and the master key, as the catalog keeps them; bytes are in hexadecimal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from pymlsql.embedded.engine.catalog import Catalog, stored
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE, Securable
from pymlsql.embedded.engine.signing.keys import CertificateFacts, read_certificate

FIRST_CERTIFICATE = 256
MASTER_KEY_ID = 101
MASTER_KEY_NAME = "##MS_DatabaseMasterKey##"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate: ``encoded`` is its DER form, ``private_key`` the key encrypted as ``protection`` says: NA there
    is none, PW by a password, MK by the master key. ``owner`` is a principal's id."""

    kind: ClassVar[str] = "certificate"
    certificate_id: int
    name: str
    encoded: str
    owner: int = 1
    private_key: str = ""
    protection: str = "NA"

    @property
    def key(self) -> str:
        return self.name

    @property
    def der(self) -> bytes:
        """The certificate's bytes."""
        return bytes.fromhex(self.encoded)

    @property
    def facts(self) -> CertificateFacts:
        """What the certificate says of itself."""
        return _facts(self.encoded)


@lru_cache(maxsize=256)
def _facts(encoded: str) -> CertificateFacts:
    return read_certificate(bytes.fromhex(encoded))


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature (or ``counter`` signature) over a module by the certificate with this thumbprint."""

    kind: ClassVar[str] = "signature"
    object_id: int
    thumbprint: str
    bits: str
    counter: bool = False

    @property
    def key(self) -> str:
        return f"{self.object_id}:{'counter' if self.counter else 'plain'}:{self.thumbprint}"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """The database master key, encrypted by its password and by the server's own key."""

    kind: ClassVar[str] = "master_key"
    by_password: str
    by_server: str
    guid: str
    owner: int = 1
    created: str = ""

    @property
    def key(self) -> str:
        return "database"


for _class in (Certificate, Signature, MasterKey):
    stored(_class)


def certificate_securable(found: Certificate) -> Securable:
    """A certificate, as permissions are given on it."""
    return Securable("CERTIFICATE", found.certificate_id, found.owner, DATABASE_SECURABLE)


def certificate_by_id(catalog: Catalog, certificate_id: int) -> Certificate | None:
    """The certificate with this id."""
    return next((c for c in catalog.entries(Certificate) if c.certificate_id == certificate_id), None)


def certificate_by_thumbprint(catalog: Catalog, thumbprint: bytes) -> Certificate | None:
    """The certificate with this thumbprint."""
    return next((c for c in catalog.entries(Certificate) if c.facts.thumbprint == thumbprint), None)


def certificate_of_sid(catalog: Catalog, sid: str) -> Certificate | None:
    """The certificate that a principal with this security identifier was made from."""
    return next((c for c in catalog.entries(Certificate) if c.facts.sid.hex() == sid.lower()), None)


def next_certificate_id(catalog: Catalog) -> int:
    return max([FIRST_CERTIFICATE - 1, *(c.certificate_id for c in catalog.entries(Certificate))]) + 1


def signatures_of(catalog: Catalog, object_id: int) -> list[Signature]:
    """The signatures over one module."""
    return [signature for signature in catalog.entries(Signature) if signature.object_id == object_id]
