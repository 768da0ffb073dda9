"""Frames between the server and a satellite: type (u8), length of the payload (u64, big-endian), payload.

Both ends use it: the server as part of the package, the satellite by path. So it must stay valid for Python 3.7.
It works on any pair of buffered binary files and knows nothing of sockets. pyarrow is imported where tables are, so
that a satellite can say that it has none.

A call is CALL, SCRIPT, VALUES with a VALUE for each str or bytes, TABLE where there is an input, and RUN. The answer
is RESULT, VALUES with theirs, TABLE where there is an output, and END; or FAILED alone. BEGUN comes before it from a
child that inherited a parameter, UNPICKLED from one that noticed what its script unpickled.

A CALL with ``hold`` is followed by VALUES with one parameter only, and answered with RESULT or FAILED.
"""

from __future__ import annotations

import contextlib
import json
import struct
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Iterable, Iterator, NoReturn

if TYPE_CHECKING:
    import pyarrow as pa

HEADER = struct.Struct("!BQ")
_PIECE_BYTES = 1 << 20
STREAMED = 2**64 - 1
"""The length of a payload that ends itself: an Arrow IPC stream."""

CALL, SCRIPT, VALUES, VALUE, TABLE, RUN, RESULT, END, FAILED, BEGUN, UNPICKLED = range(1, 12)
"""Types of frames. CALL, VALUES, RESULT and FAILED carry JSON, SCRIPT UTF-8, VALUE the bytes themselves."""

SETTINGS = struct.Struct("!I")
"""What the server first says to a zygote: the length of its settings, which follow as JSON."""

RECORD = struct.Struct("!cii")
"""What the zygote and the server tell each other: a letter, a process id, a number."""
FORK, KILL, FINISH = b"F", b"K", b"E"
"""To the zygote: fork one more, which may get ready ahead of its call if the number is not 0; kill this one now; this
one's call is over, so kill it unless it soon ends itself."""
READY, EXITED, BROKEN = b"R", b"X", b"B"
"""From the zygote: this one waits at these descriptors (sent along); this one ended with this status; no satellite can
be had, and the text of that many bytes that follows says why."""


class WireError(Exception):
    """The other side sent what the protocol does not allow here."""


class Hangup(Exception):
    """The other side closed the connection in the middle of a conversation."""


def write_frame(file: BinaryIO, kind: int, payload: Any = b"") -> None:
    """Write one frame; ``payload`` is anything with a buffer and is not copied when it is large."""
    view = memoryview(payload).cast("B")
    file.write(HEADER.pack(kind, view.nbytes))
    file.write(view)


def read_exactly(file: BinaryIO, n_bytes: int) -> bytes:
    """Read ``n_bytes`` or raise Hangup."""
    payload = file.read(n_bytes)
    if len(payload) != n_bytes:
        raise Hangup("the connection ended in the middle of a frame")
    return payload


def read_header(file: BinaryIO) -> tuple[int, int]:
    """The type and the length of the next frame."""
    kind, n_bytes = HEADER.unpack(read_exactly(file, HEADER.size))
    return kind, n_bytes


def read_frame(file: BinaryIO, expected: int, most: int = STREAMED) -> bytes:
    """The payload of the next frame, which must be of the type ``expected`` and at most so many bytes long."""
    kind, n_bytes = read_header(file)
    if kind != expected:
        refuse_frame(kind)
    if n_bytes > most:
        raise WireError(f"a frame of {n_bytes} bytes is too long")
    return read_exactly(file, n_bytes)


def refuse_frame(kind: int) -> NoReturn:
    """Raise WireError for a frame that may not come here."""
    raise WireError(f"a frame of type {kind} came where none may")


def write_json(file: BinaryIO, kind: int, value: Any) -> None:
    """Write ``value`` as JSON in a frame."""
    write_frame(file, kind, json.dumps(value).encode("ascii"))


def write_values(file: BinaryIO, values: Iterable[tuple[str, Any]]) -> None:
    """Write (kind, value) pairs: VALUES, then the bytes of every str and bytes value raw, so that they are not copied.

    A kind is one of int, float, bool, str, bytes, datetime; a value is of that type or None. An object
    with ``length`` and ``open`` stands for the bytes of a file.
    """
    plain = []
    raw = []
    for kind, value in values:
        if value is not None and kind in ("str", "bytes"):
            raw.append(value.encode("utf-8", "surrogatepass") if kind == "str" else value)
            value = True
        elif value is not None and kind == "datetime":
            value = value.isoformat()
        plain.append((kind, value))
    write_json(file, VALUES, plain)
    for payload in raw:
        if hasattr(payload, "open"):
            _write_file(file, payload)
        else:
            write_frame(file, VALUE, payload)


def _write_file(file: BinaryIO, value: Any) -> None:
    """A VALUE frame with the content of a file, a piece at a time."""
    file.write(HEADER.pack(VALUE, value.length))
    left = value.length
    with value.open() as content:
        while left:
            piece = content.read(min(left, _PIECE_BYTES))
            if not piece:
                raise OSError("the file of a parameter is shorter than it was")
            file.write(piece)
            left -= len(piece)


def read_values(file: BinaryIO, most: int = STREAMED, most_each: int = STREAMED) -> list[Any]:
    """The values that write_values wrote; no frame is longer than ``most``, no str or bytes than ``most_each``."""
    values: list[Any] = []
    for kind, value in json.loads(read_frame(file, VALUES, most).decode("ascii")):
        if value is not None and kind in ("str", "bytes"):
            payload = read_frame(file, VALUE, most_each)
            value = payload.decode("utf-8", "surrogatepass") if kind == "str" else payload
        elif value is not None and kind == "datetime":
            value = datetime.fromisoformat(value)
        values.append(value)
    return values


class _Borrowed:
    """A file as pyarrow wants one, whose end is not the end of the file beneath it."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.read
        self.write = file.write

    def flush(self) -> None:
        """Leave the flushing to the file's owner."""

    def close(self) -> None:
        """Leave the file open for the frames that follow."""


def write_table(file: BinaryIO, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write a TABLE frame: the batches as an Arrow IPC stream, as they come."""
    import pyarrow as pa

    file.write(HEADER.pack(TABLE, STREAMED))
    with pa.ipc.new_stream(pa.PythonFile(_Borrowed(file), mode="w"), schema) as stream:
        for batch in batches:
            stream.write_batch(batch)


def read_table(file: BinaryIO) -> pa.Table:
    """The table of a TABLE frame whose header has been read; raises Hangup when it breaks off. Starts no thread."""
    with broken_off():
        return open_table(file).read_all()


def open_table(file: BinaryIO) -> pa.RecordBatchReader:
    """The same batch by batch, within :func:`broken_off`; what follows the frame can be read after the last one."""
    import pyarrow as pa

    options = pa.ipc.IpcReadOptions(use_threads=False)
    return pa.ipc.open_stream(pa.PythonFile(_Borrowed(file), mode="r"), options=options)


def open_messages(file: BinaryIO) -> Any:
    """The same as pyarrow's MessageReader: each message as it is, before anything of it is unpacked."""
    import pyarrow as pa

    return pa.ipc.MessageReader.open_stream(pa.PythonFile(_Borrowed(file), mode="r"))


@contextlib.contextmanager
def broken_off() -> Iterator[None]:
    """What pyarrow says of a table that breaks off becomes Hangup."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowInvalid, OSError) as problem:
        raise Hangup("the connection ended in the middle of a table") from problem
