"""References: what a varbinary(max) column holds in DuckDB for a value that lies in a file of its own.

Laws. A cell of a varbinary(max) column of a table is a reference exactly when it is REFERENCE_BYTES long and begins
with MAGIC. So a user's value that begins with MAGIC is never kept inline, whatever its size. An expression's DuckDB
text gives the bytes themselves; only a column whose Typed says ``by_reference`` may hold references, and ``readable``
makes an expression of it.
"""

from __future__ import annotations

from dataclasses import replace

from pymlsql.embedded.tsql.typed import Typed
from pymlsql.embedded.tsql.types import MAX, SqlType

MAGIC = bytes.fromhex("94443f1b7dd6f2cce7d4b2912d4139d5")
"""Random, and part of the format of data directories for ever."""
REFERENCE_BYTES = 56
"""MAGIC, the SHA-256 of the value (32), its length (8, big-endian)."""
INLINE_BYTES = 256 << 10
"""Values of at least so many bytes lie in files. A data directory may hold larger ones inline, from before."""

READ = "pymlsql_read"
"""The DuckDB function (BLOB) -> BLOB that reads the value of a reference."""
DIGEST = "pymlsql_digest"
"""The DuckDB function (BLOB, VARCHAR) -> BLOB: the digest of a reference's value by an algorithm of hashlib."""

SLICE = "pymlsql_slice"
"""The DuckDB function (BLOB, BIGINT, BIGINT) -> BLOB: of a reference's value so many bytes from a position, the first
of which is 1."""


def keeps_references(type_: SqlType) -> bool:
    """Whether columns and variables of this type may hold large values: varbinary(max), and image, which is another
    name of it among parameters."""
    return type_.length == MAX and type_.is_binary


def encode_reference(sha256: str, length: int) -> bytes:
    """The reference to a value of ``length`` bytes whose SHA-256 is ``sha256`` in hexadecimal."""
    return MAGIC + bytes.fromhex(sha256) + length.to_bytes(8, "big")


def decode_reference(cell: bytes) -> tuple[str, int]:
    """The SHA-256 and the length in a reference."""
    return cell[16:48].hex(), int.from_bytes(cell[48:], "big")


def is_reference(cell: bytes) -> bool:
    """Whether a column's cell is a reference."""
    return len(cell) == REFERENCE_BYTES and cell.startswith(MAGIC)


def lies_outside(value: bytes | memoryview) -> bool:
    """Whether a value goes into a file when a varbinary(max) column takes it."""
    return len(value) >= INLINE_BYTES or value[:16] == MAGIC


# In DuckDB's SQL --------------------------------------------------------------------------------------------------


def _blob(data: bytes) -> str:
    return "'" + "".join(f"\\x{byte:02X}" for byte in data) + "'::BLOB"


_FIRST, _BEYOND = _blob(MAGIC), _blob(MAGIC[:-1] + bytes([MAGIC[-1] + 1]))


def marked_sql(sql: str) -> str:
    """Whether a BLOB begins with MAGIC."""
    return f"({sql} >= {_FIRST} AND {sql} < {_BEYOND})"


def is_reference_sql(sql: str) -> str:
    """Whether a column's cell is a reference."""
    return f"(octet_length({sql}) = {REFERENCE_BYTES} AND {marked_sql(sql)})"


def lies_outside_sql(sql: str) -> str:
    """Whether a BLOB that is no reference goes into a file."""
    return f"(octet_length({sql}) >= {INLINE_BYTES} OR {marked_sql(sql)})"


def bytes_sql(sql: str) -> str:
    """A cell's value. Only references go through Python."""
    return f"CASE WHEN {is_reference_sql(sql)} THEN {READ}({sql}) ELSE {sql} END"


def length_sql(sql: str) -> str:
    """How many bytes a cell's value has, read from nowhere else."""
    length = f"CAST('0x' || substr(hex({sql}), {2 * 48 + 1}) AS BIGINT)"
    return f"CASE WHEN {is_reference_sql(sql)} THEN {length} ELSE octet_length({sql}) END"


def digest_sql(algorithm: str, sql: str) -> str:
    """The digest of a cell's value: ``algorithm`` is sha256, sha1 or md5."""
    return (f"CASE WHEN {is_reference_sql(sql)} THEN {DIGEST}({sql}, '{algorithm}') "
            f"ELSE unhex({algorithm}({sql})) END")  # fmt: skip


def identity_sql(sql: str) -> str:
    """What two cells have in common exactly when their values are equal: a large value kept inline becomes its
    reference."""
    made = f"{_FIRST} || unhex(sha256({sql})) || unhex(lpad(hex(octet_length({sql})), 16, '0'))"
    return f"CASE WHEN octet_length({sql}) >= {INLINE_BYTES} THEN {made} ELSE {sql} END"


def readable(value: Typed) -> Typed:
    """A column's value as any expression may use it."""
    if not value.by_reference:
        return value
    return replace(value, sql=bytes_sql(value.sql), by_reference=False)
