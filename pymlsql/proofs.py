"""Proof of origin: Ed25519 seals over what makes a model, and the keys they are made with.

A sha256 that lies beside the bytes shows that nothing was damaged; whoever can change the bytes can change it too. A
seal shows who vouched: it is made with a secret that is on no server, and verified with a public key that a procedure's
text pins.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pymlsql import settings
from pymlsql.errors import SettingsError

STATEMENT = "pymlsql model 1"
"""First line of a version's statement; the number counts its forms."""

_FILE_STATEMENT = b"pymlsql model file 1\n"


@dataclass(frozen=True, slots=True)
class Seal:
    """A public key (32 bytes) and the signature (64 bytes) made with its secret."""

    key: bytes
    signature: bytes

    @property
    def key_text(self) -> str:
        """The key as people and procedures write it."""
        return self.key.hex()


@dataclass(frozen=True, slots=True)
class Statement:
    """What the seal of a version is made over; the texts are those of the database, to the character.

    Version numbers are not in it: they are given out by the database, after the seal. So an older sealed version can
    be put in place of a newer one by whoever may move aliases.
    """

    model: str
    sha256: bytes
    format: str
    python_version: str
    packages: str
    signature: str
    sample: str = ""

    def to_bytes(self) -> bytes:
        """One line for each part: its name and the SHA-256 of its text in UTF-16-LE, as HASHBYTES has it of nvarchar.

        Hashes have no quotes, line ends or lengths to be confused by, and T-SQL puts the same text together.
        """
        lines = [STATEMENT, f"bytes {self.sha256.hex().upper()}"]
        for name in ("model", "format", "python_version", "packages", "signature", "sample"):
            lines.append(f"{name} {_hash(getattr(self, name))}")
        return "".join(line + "\n" for line in lines).encode("ascii")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-16-le")).hexdigest().upper()


def create_key() -> bytes:
    """Make this account's key; its public part. Raises SettingsError where there is one already."""
    return _public(settings.create_signing_key())


def own_key() -> bytes | None:
    """The public part of this account's key, or None where it has none yet."""
    secret = settings.signing_key(create=False)
    return None if secret is None else _public(secret)


def seal(statement: Statement) -> Seal | None:
    """The statement sealed with this account's key, or None where it has none."""
    secret = settings.signing_key(create=False)
    return None if secret is None else _sign(secret, statement.to_bytes())


def is_valid(statement: Statement, seal: Seal, trusted: Iterable[bytes]) -> bool:
    """Whether the seal is a trusted key's, over this very statement."""
    return seal.key in set(trusted) and _verify(seal, statement.to_bytes())


def seal_description(values: dict[str, Any]) -> dict[str, str]:
    """The seal of a model file's description, made with this account's key; the key is made on first use."""
    secret = settings.signing_key(create=True)
    assert secret is not None
    made = _sign(secret, _description(values))
    return {"key": made.key.hex(), "signature": made.signature.hex()}


def is_own_description(values: dict[str, Any], sealed: Any) -> bool:
    """Whether a description was sealed with this account's key, or with one that the project's settings trust."""
    try:
        found = Seal(bytes.fromhex(sealed["key"]), bytes.fromhex(sealed["signature"]))
    except (KeyError, TypeError, ValueError):
        return False
    own = own_key()
    trusted = {*settings.trusted_keys(), *([own] if own is not None else [])}
    return found.key in trusted and _verify(found, _description(values))


def parse_key(text: str) -> bytes:
    """A public key of 64 hex digits. Raises SettingsError where the text is none, or is no point of the curve."""
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", text.strip()):
        raise SettingsError(f"{text!r} is not a public key: it has 64 hex digits, as pymlsql keys show prints them.")
    return bytes.fromhex(text.strip())


def _description(values: dict[str, Any]) -> bytes:
    text = json.dumps({key: value for key, value in values.items() if key != "seal"}, sort_keys=True)
    return _FILE_STATEMENT + text.encode("utf-8")


def _public(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def _sign(secret: bytes, message: bytes) -> Seal:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(secret)
    return Seal(key.public_key().public_bytes_raw(), key.sign(message))


def _verify(seal: Seal, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(seal.key).verify(seal.signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
