"""The other containers of models: skops' archives, ONNX files, and what joblib compresses. Read, never loaded."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import zipfile
import zlib
from typing import Any

from pymlsql.pickles import Malformed

MAX_SCHEMA_BYTES = 256 << 20
MAX_EXPANDED_BYTES = 4 << 30
_PIECE = 1 << 20
_ONNX_DOMAINS = frozenset(["", "ai.onnx", "ai.onnx.ml", "com.microsoft"])

_COMPRESSED: tuple[tuple[bytes, Any], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(31)), (b"BZh", bz2.BZ2Decompressor), (b"\xfd7zXZ", lzma.LZMADecompressor),
    (b"\x5d\x00", lzma.LZMADecompressor), (b"\x78", zlib.decompressobj),
)  # fmt: skip


def uncompressed(data: memoryview) -> tuple[memoryview, list[str]]:
    """What joblib has compressed, and dangers; data that is not compressed as it is."""
    make = next((make for magic, make in _COMPRESSED if bytes(data[: len(magic)]) == magic), None)
    if make is None:
        return data, []
    found = bytearray()
    reader = make()
    limit = min(MAX_EXPANDED_BYTES, max(1 << 28, 200 * len(data)))
    try:
        for start in range(0, len(data), _PIECE):
            piece = bytes(data[start : start + _PIECE])
            while piece:
                found += reader.decompress(piece, _PIECE * 16)
                if len(found) > limit:
                    return data, [f"it expands to more than {limit:,} bytes"]
                piece = getattr(reader, "unconsumed_tail", b"")
            while not _is_hungry(reader):
                found += reader.decompress(b"", _PIECE * 16)
                if len(found) > limit:
                    return data, [f"it expands to more than {limit:,} bytes"]
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise Malformed(f"what was compressed is damaged ({error})") from None
    if not reader.eof:
        raise Malformed("what was compressed breaks off")
    return memoryview(bytes(found)), []


def _is_hungry(reader: Any) -> bool:
    return bool(reader.eof) or bool(getattr(reader, "needs_input", True))


def read_archive(data: bytes | memoryview) -> dict[tuple[str, str], bool]:
    """The classes that an archive of skops names. Raises Malformed where it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sizes = [one.file_size for one in archive.infolist()]
            if sum(sizes) > max(1 << 28, 200 * len(data)):
                raise Malformed(f"the archive expands to {sum(sizes):,} bytes")
            if archive.getinfo("schema.json").file_size > MAX_SCHEMA_BYTES:
                raise Malformed("its schema.json is too large to be read")
            broken = archive.testzip()
            if broken is not None:
                raise Malformed(f"its part {broken} is damaged")
            schema = json.loads(archive.read("schema.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, RecursionError, zlib.error) as error:
        raise Malformed(f"it is no archive of skops ({error})") from None
    found: dict[tuple[str, str], bool] = {}
    waiting: list[Any] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("__module__"), str) and isinstance(node.get("__class__"), str):
                found[node["__module__"], node["__class__"]] = True
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return found


def read_onnx(data: memoryview) -> list[str]:
    """What is odd about an ONNX file. Raises Malformed where the bytes are none."""
    remarks: list[str] = []
    has_graph = False
    for number, value in _fields(data):
        if number == 7 and isinstance(value, memoryview):
            has_graph = True
            for inner, tensor in _fields(value):
                if inner == 5 and isinstance(tensor, memoryview) and any(n == 13 for n, _ in _fields(tensor)):
                    remarks.append("its numbers lie in another file, which is not stored with it")
        if number == 8 and isinstance(value, memoryview):
            domain = next((bytes(text).decode("utf-8", "replace") for n, text in _fields(value)
                           if n == 1 and isinstance(text, memoryview)), "")  # fmt: skip
            if domain not in _ONNX_DOMAINS:
                remarks.append(f"it needs the operators of {domain}, which the server's onnxruntime may not have")
    if not has_graph:
        raise Malformed("they hold no graph of ONNX")
    return remarks


def _fields(data: memoryview) -> list[tuple[int, int | memoryview]]:
    """The fields of one protobuf message. Raises Malformed where it is none."""
    found: list[tuple[int, int | memoryview]] = []
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            found.append((key >> 3, value))
            continue
        if kind not in (1, 2, 5):
            raise Malformed(f"byte {at:,} is no field of an ONNX file")
        length = 8 if kind == 1 else 4
        if kind == 2:
            length, at = _varint(data, at)
        if at + length > len(data):
            raise Malformed("they break off")
        found.append((key >> 3, data[at : at + length]))
        at += length
    return found


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 128:
            return value, at
    raise Malformed("they break off")
