"""COMPRESS and DECOMPRESS, and the digests that DuckDB has not."""

from __future__ import annotations

import hashlib
import zlib

from pymlsql.embedded.tsql.messages import unsupported

COMPRESS = "pymlsql_compress"
DECOMPRESS = "pymlsql_decompress"
SHA512 = "pymlsql_sha512"
_GZIP = 16 + zlib.MAX_WBITS
_MOST = 0x7FFFFFFF


def compress(data: bytes) -> bytes:
    """``data`` as a file of gzip, without name and time."""
    worker = zlib.compressobj(wbits=_GZIP)
    return worker.compress(data) + worker.flush()


def decompress(data: bytes) -> bytes:
    """What a file of gzip holds. Raises 40510 for what is none."""
    try:
        return zlib.decompressobj(wbits=_GZIP).decompress(data, _MOST)
    except zlib.error:
        raise unsupported("DECOMPRESS of what is no gzip") from None


def sha512(data: bytes) -> bytes:
    """The digest of SHA2_512."""
    return hashlib.sha512(data).digest()
