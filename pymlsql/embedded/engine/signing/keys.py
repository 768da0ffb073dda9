"""RSA keys, X.509 certificates and their signatures: bytes in, bytes out; nothing here knows a catalog.

Keys are 2048 bits and certificates are signed with SHA-256, as SQL Server makes them from 2016 and 2017 on. A private
key leaves this module only encrypted with AES-256-GCM: by a password (PBKDF2) or by a key.
"""

from __future__ import annotations

import datetime as dt
import os
import struct
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.x509.oid import NameOID

KEY_BITS = 2048
LONGEST_SUBJECT = 64
"""What X.509 allows a common name, and SQL Server on Linux a subject."""

_ROUNDS = 100_000
_SALT_BYTES = 16
_NONCE_BYTES = 12
_SID_HEAD = bytes.fromhex("010600000000000901000000")
"""S-1-9-1 and five more numbers: a principal that is a certificate. The thumbprint makes the five."""


class WrongPassword(Exception):
    """A key does not decrypt: the password or key is another one."""


class InvalidData(Exception):
    """Bytes that are no certificate or no RSA private key."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of itself; times are UTC without a zone."""

    subject: str
    issuer: str
    serial_number: str
    start: dt.datetime
    expiry: dt.datetime
    thumbprint: bytes

    @property
    def sid(self) -> bytes:
        """The security identifier of the certificate and of the principals made from it."""
        return _SID_HEAD + self.thumbprint


def make_certificate(subject: str, start: dt.datetime, expiry: dt.datetime) -> tuple[bytes, rsa.RSAPrivateKey]:
    """A self-signed certificate (DER) and its key; ``expiry`` is not before ``start``."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(expiry)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.DER), key


def read_certificate(data: bytes) -> CertificateFacts:
    """The facts of a DER certificate over an RSA key. Raises InvalidData."""
    certificate = _load_certificate(data)
    number = f"{certificate.serial_number:x}"
    digits = ("0" * (len(number) % 2) + number)[:32]
    return CertificateFacts(
        subject=_name(certificate.subject), issuer=_name(certificate.issuer),
        serial_number=" ".join(digits[at : at + 2] for at in range(0, len(digits), 2)),
        start=certificate.not_valid_before_utc.replace(tzinfo=None),
        expiry=certificate.not_valid_after_utc.replace(tzinfo=None),
        thumbprint=certificate.fingerprint(hashes.SHA1()),
    )  # fmt: skip


def _load_certificate(data: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(data)
        if not isinstance(certificate.public_key(), rsa.RSAPublicKey):
            raise InvalidData("not an RSA key")
    except ValueError as error:
        raise InvalidData(str(error)) from None
    return certificate


def _name(name: x509.Name) -> str:
    """A common name alone as it is, else the whole name in its usual form."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(found) == 1 and len(list(name)) == 1:
        return str(found[0].value)
    return name.rfc4514_string()


def string_sid(sid: bytes) -> str:
    """``S-1-9-1-...`` of a security identifier's bytes."""
    authority = int.from_bytes(sid[2:8], "big")
    numbers = struct.unpack(f"<{sid[1]}I", sid[8 : 8 + 4 * sid[1]])
    return "-".join(["S", str(sid[0]), str(authority), *map(str, numbers)])


# Private keys -----------------------------------------------------------------------------------------------------


def encrypt_by_password(key: rsa.RSAPrivateKey, password: str) -> bytes:
    """The private key encrypted by a password."""
    return seal_by_password(_plain(key), password)


def decrypt_by_password(data: bytes, password: str) -> rsa.RSAPrivateKey:
    """The key that encrypt_by_password made bytes of. Raises WrongPassword."""
    return _key(unseal_by_password(data, password))


def encrypt_by_key(key: rsa.RSAPrivateKey, secret: bytes) -> bytes:
    """The private key encrypted by a master key of 32 bytes."""
    return seal(_plain(key), secret)


def decrypt_by_key(data: bytes, secret: bytes) -> rsa.RSAPrivateKey:
    """The key that encrypt_by_key made bytes of. Raises WrongPassword."""
    return _key(unseal(data, secret))


def _plain(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _key(plain: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_der_private_key(plain, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def belongs_to(key: rsa.RSAPrivateKey, certificate: bytes) -> bool:
    """Whether a private key is that of a certificate."""
    return key.public_key() == _load_certificate(certificate).public_key()


# Secrets ----------------------------------------------------------------------------------------------------------


def seal(plain: bytes, secret: bytes) -> bytes:
    """``plain`` encrypted and authenticated by a key of 32 bytes."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(secret).encrypt(nonce, plain, None)


def unseal(data: bytes, secret: bytes) -> bytes:
    """What seal encrypted. Raises WrongPassword."""
    try:
        return AESGCM(secret).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None)
    except InvalidTag:
        raise WrongPassword from None


def seal_by_password(plain: bytes, password: str) -> bytes:
    """``plain`` encrypted by a password."""
    salt = os.urandom(_SALT_BYTES)
    return salt + seal(plain, _stretched(password, salt))


def unseal_by_password(data: bytes, password: str) -> bytes:
    """What seal_by_password encrypted. Raises WrongPassword."""
    return unseal(data[_SALT_BYTES:], _stretched(password, data[:_SALT_BYTES]))


def _stretched(password: str, salt: bytes) -> bytes:
    return PBKDF2HMAC(hashes.SHA256(), 32, salt, _ROUNDS).derive(password.encode("utf-8"))


# Signatures -------------------------------------------------------------------------------------------------------


def sign(key: rsa.RSAPrivateKey, message: bytes) -> bytes:
    """RSA PKCS #1 v1.5 over SHA-256: the same bytes for the same key and message."""
    return key.sign(message, padding.PKCS1v15(), hashes.SHA256())


@lru_cache(maxsize=256)
def verify(certificate: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` was made over ``message`` with the certificate's private key."""
    public = _load_certificate(certificate).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    try:
        public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
