"""The trees of certificates, signatures, master keys and of switching the execution context."""

from __future__ import annotations

from dataclasses import dataclass

from pymlsql.embedded.tsql.nodes import Statement
from pymlsql.embedded.tsql.security_nodes import Secret
from pymlsql.embedded.tsql.slices import Name, Text


@dataclass(frozen=True, slots=True)
class ExecuteAs(Statement):
    """EXECUTE AS: ``kind`` is caller, user or login, ``principal`` a string or a variable (None for CALLER).

    ``no_revert`` and ``cookie`` (the variable that takes the cookie, "" for none) exclude each other.
    """

    kind: str
    principal: Text | None = None
    no_revert: bool = False
    cookie: str = ""


@dataclass(frozen=True, slots=True)
class Revert(Statement):
    """REVERT; ``cookie`` is the variable of WITH COOKIE, "" without it."""

    cookie: str = ""


@dataclass(frozen=True, slots=True)
class PrivateKeyClause:
    """WITH PRIVATE KEY (...): the key's bytes, the password they are encrypted by, and the one they shall be."""

    binary: bytes | None = None
    decryption: Secret | None = None
    encryption: Secret | None = None


@dataclass(frozen=True, slots=True)
class CreateCertificate(Statement):
    """CREATE CERTIFICATE: a new key pair (``subject``), or FROM BINARY (``binary``, perhaps ``private_key``)."""

    name: str
    owner: str = ""
    password: Secret | None = None
    subject: Text | None = None
    start: Text | None = None
    expiry: Text | None = None
    binary: bytes | None = None
    private_key: PrivateKeyClause | None = None
    active_for_dialog: bool = True


@dataclass(frozen=True, slots=True)
class AlterCertificate(Statement):
    """ALTER CERTIFICATE: ``action`` is remove_key, private_key or dialog."""

    name: str
    action: str
    private_key: PrivateKeyClause | None = None
    active_for_dialog: bool = True


@dataclass(frozen=True, slots=True)
class DropCertificate(Statement):
    """DROP CERTIFICATE."""

    name: str


@dataclass(frozen=True, slots=True)
class CreateMasterKey(Statement):
    """CREATE MASTER KEY ENCRYPTION BY PASSWORD."""

    password: Secret


@dataclass(frozen=True, slots=True)
class DropMasterKey(Statement):
    """DROP MASTER KEY."""


@dataclass(frozen=True, slots=True)
class Signer:
    """BY CERTIFICATE: its name, the password of its private key, or the signature made elsewhere."""

    certificate: str
    password: Secret | None = None
    signature: bytes | None = None


@dataclass(frozen=True, slots=True)
class AddSignature(Statement):
    """ADD [COUNTER] SIGNATURE TO a module."""

    module: Name
    signers: tuple[Signer, ...]
    counter: bool = False


@dataclass(frozen=True, slots=True)
class DropSignature(Statement):
    """DROP [COUNTER] SIGNATURE FROM a module."""

    module: Name
    signers: tuple[Signer, ...]
    counter: bool = False
