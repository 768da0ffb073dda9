"""What an Arrow IPC message says of itself before its body is believed, read from its flatbuffer.

pyarrow unpacks a compressed body on its own, whatever it unpacks to, and does not say that it was compressed. Source of
the layout: Message.fbs and Schema.fbs of the Arrow columnar format, and the FlatBuffers internals.
"""

from __future__ import annotations

import struct

_HEADER_TYPE, _HEADER = 1, 2
"""Fields of the table Message."""
_COMPRESSION = 3
"""A field of the table RecordBatch."""
RECORD_BATCH = 3
"""The header type of a record batch."""


def is_plain_batch(metadata: bytes) -> bool:
    """Whether the message is a record batch whose buffers are as they are; struct.error where it is no message."""
    message = _offset(metadata, 0)
    header_type = _field(metadata, message, _HEADER_TYPE)
    header = _field(metadata, message, _HEADER)
    if not (header_type and header and metadata[header_type : header_type + 1] == bytes([RECORD_BATCH])):
        return False
    return not _field(metadata, _offset(metadata, header), _COMPRESSION)


def _offset(data: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", data, at)[0])


def _field(data: bytes, table: int, number: int) -> int:
    """Where a field of a table lies, 0 where it is left out."""
    layout = table - struct.unpack_from("<i", data, table)[0]
    if layout < 0:
        raise struct.error("a table's layout lies before the message")
    at = 4 + 2 * number
    if at >= struct.unpack_from("<H", data, layout)[0]:
        return 0
    offset = struct.unpack_from("<H", data, layout + at)[0]
    return table + offset if offset else 0
