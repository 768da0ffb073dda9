"""Private keys in PVK format, in which CERTPRIVATEKEY gives them and WITH PRIVATE KEY (BINARY = ...) takes them.

A header, a salt, and a PRIVATEKEYBLOB whose part behind its first eight bytes is encrypted by RC4 with the beginning of
SHA-1(salt, password). The format is Microsoft's of the 1990s: such bytes are as safe as their password is long.
Source: "RSA/Schannel Key BLOBs" of Microsoft's documentation; the header is that of pvk.exe.
"""

from __future__ import annotations

import hashlib
import os
import struct

from cryptography.hazmat.primitives.asymmetric import rsa

from pymlsql.embedded.engine.signing.keys import InvalidData, WrongPassword

_MAGIC, _BLOB_MAGIC = 0xB0B5F11E, b"RSA2"
_HEADER = struct.Struct("<6I")
_BLOB_HEAD = struct.Struct("<BBHI")
_PRIVATE, _VERSION, _EXCHANGE_ALGORITHM, _EXCHANGE = 7, 2, 0xA400, 1
_SALT_BYTES = 16
_STRONG, _WEAK = 16, 5
_BIT_LENGTHS = range(384, 4097, 64)


def read_key(data: bytes, password: str | None) -> rsa.RSAPrivateKey:
    """The key in ``data``. Raises InvalidData, WrongPassword (also where a password is needed and none is given)."""
    if len(data) < _HEADER.size:
        raise InvalidData("too short")
    magic, _, _, encrypted, n_salt, n_key = _HEADER.unpack_from(data)
    salt, blob = data[_HEADER.size : _HEADER.size + n_salt], data[_HEADER.size + n_salt :]
    if magic != _MAGIC or len(blob) != n_key or n_key < _BLOB_HEAD.size + 12:
        raise InvalidData("no PVK header")
    head, body = blob[: _BLOB_HEAD.size], blob[_BLOB_HEAD.size :]
    if _BLOB_HEAD.unpack(head)[:2] != (_PRIVATE, _VERSION):
        raise InvalidData("no private key")
    if encrypted:
        body = _decrypted(body, salt, password)
    if not body.startswith(_BLOB_MAGIC):
        raise InvalidData("no RSA key")
    return _read_body(body)


def _decrypted(body: bytes, salt: bytes, password: str | None) -> bytes:
    if password is None:
        raise WrongPassword
    for strength in (_STRONG, _WEAK):
        plain = _rc4(_secret(salt, password, strength), body)
        if plain.startswith(_BLOB_MAGIC):
            return plain
    raise WrongPassword


def _read_body(body: bytes) -> rsa.RSAPrivateKey:
    _, n_bits, exponent = struct.unpack_from("<4sII", body)
    if n_bits not in _BIT_LENGTHS:
        raise InvalidData(f"{n_bits} bits")
    full, half, at = n_bits // 8, (n_bits + 15) // 16, 12
    if len(body) < at + 2 * full + 5 * half:
        raise InvalidData("too short")
    numbers = []
    for size in (full, half, half, half, half, half, full):
        numbers.append(int.from_bytes(body[at : at + size], "little"))
        at += size
    modulus, prime1, prime2, exponent1, exponent2, coefficient, private = numbers
    public = rsa.RSAPublicNumbers(exponent, modulus)
    try:
        return rsa.RSAPrivateNumbers(prime1, prime2, private, exponent1, exponent2, coefficient, public).private_key()
    except ValueError as error:
        raise InvalidData(str(error)) from None


def write_key(key: rsa.RSAPrivateKey, password: str) -> bytes:
    """The key, encrypted by a password."""
    found = key.private_numbers()
    full, half = key.key_size // 8, (key.key_size + 15) // 16
    parts = [(found.public_numbers.n, full), (found.p, half), (found.q, half), (found.dmp1, half), (found.dmq1, half),
             (found.iqmp, half), (found.d, full)]  # fmt: skip
    body = struct.pack("<4sII", _BLOB_MAGIC, key.key_size, found.public_numbers.e)
    body += b"".join(number.to_bytes(size, "little") for number, size in parts)
    salt = os.urandom(_SALT_BYTES)
    blob = _BLOB_HEAD.pack(_PRIVATE, _VERSION, 0, _EXCHANGE_ALGORITHM) + _rc4(_secret(salt, password, _STRONG), body)
    return _HEADER.pack(_MAGIC, 0, _EXCHANGE, 1, _SALT_BYTES, len(blob)) + salt + blob


def _secret(salt: bytes, password: str, strength: int) -> bytes:
    try:
        digest = hashlib.sha1(salt + password.encode("ascii")).digest()
    except UnicodeEncodeError:
        raise WrongPassword from None
    return digest[:strength] + bytes(_STRONG - strength)


def _rc4(secret: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + secret[i % len(secret)]) % 256
        state[i], state[j] = state[j], state[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
