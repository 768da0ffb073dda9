"""The server's own certificate: self-signed, for localhost, made once per data directory."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

FILE_NAME = "server.pem"
_VALID_DAYS = 3650


def create_certificate() -> bytes:
    """A new RSA key and a certificate for localhost and 127.0.0.1, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_VALID_DAYS))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def certificate_file(data_dir: Path) -> Path:
    """The PEM file of ``data_dir`` (mode 0600), written if it is not there."""
    path = data_dir / FILE_NAME
    if not path.exists():
        handle, temporary = tempfile.mkstemp(dir=data_dir, prefix=FILE_NAME)  # mkstemp makes it 0600
        with os.fdopen(handle, "wb") as file:
            file.write(create_certificate())
        os.replace(temporary, path)
    return path


def tls_context(data_dir: Path | None = None, *, strict: bool = False) -> ssl.SSLContext:
    """A server's TLS context with the certificate of ``data_dir``, or with a new one that is not kept.

    TLS inside TDS packets is held to 1.2: its handshake ends with the server's word, so that the login packet cannot
    arrive among handshake records. ``strict`` (TDS 8.0) allows 1.3 and speaks ALPN ``tds/8.0``.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_3 if strict else ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET
    if strict:
        context.set_alpn_protocols(["tds/8.0"])
    if data_dir is not None:
        context.load_cert_chain(certificate_file(data_dir))
        return context
    with tempfile.TemporaryDirectory(prefix="pymlsql-tls-") as scratch:
        context.load_cert_chain(certificate_file(Path(scratch)))
    return context
