"""A script's way back to the server: it hands over a socket at which it listens, and the server accepts there.

So a script reaches the server, and nothing else, from a network of its own; there is no relay in between. Both ends use
this file, the satellite by path: it must stay valid for Python 3.7.

The script sends one byte, the listening socket going along. The answer is its length (u32, big-endian) and JSON: either
``port``, ``user`` and ``password``, or ``error``, a sentence. All answers of one call are the same.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
from typing import Any

_ASK = b"L"
_LENGTH = struct.Struct("!I")
_BACKLOG = 16
_ADDRESS = "127.0.0.1"
_MAX_BYTES, _MAX_DESCRIPTORS = 4096, 8


def make_listener() -> socket.socket:
    """A socket that listens on this network's loopback interface."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind((_ADDRESS, 0))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


class Guest:
    """The script's end. ``listener`` is None where the script may make one when it needs it."""

    def __init__(self, connection: socket.socket, listener: socket.socket | None) -> None:
        self._connection = connection
        self._listener = listener

    def ask(self) -> dict[str, Any]:
        """Where the server accepts, and as whom. Raises ConnectionError with a sentence where it does not."""
        if self._listener is None:
            self._listener = make_listener()
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [self._listener.fileno()]))
        self._connection.sendmsg([_ASK], [rights])
        length = _LENGTH.unpack(self._receive(_LENGTH.size))[0]
        answer: dict[str, Any] = json.loads(self._receive(length).decode("ascii"))
        if "error" in answer:
            raise ConnectionError(answer["error"])
        return answer

    def _receive(self, n_bytes: int) -> bytes:
        data = self._connection.recv(n_bytes, socket.MSG_WAITALL)
        if len(data) < n_bytes:
            raise ConnectionError("The server has ended the call that this script belongs to.")
        return data


def take_request(connection: socket.socket) -> socket.socket | None:
    """In the server: the socket of a request; None where there is none in it, or where it is no such socket.

    Raises EOFError when the script has closed its end, OSError as recvmsg does.
    """
    data, descriptors, _, _ = socket.recv_fds(connection, _MAX_BYTES, _MAX_DESCRIPTORS)
    if not data and not descriptors:
        raise EOFError
    sockets = []
    for descriptor in descriptors:
        try:
            sockets.append(socket.socket(fileno=descriptor))
        except OSError:  # it is no socket
            os.close(descriptor)
    fit = [one for one in sockets if _listens(one)]
    for other in sockets:
        if not fit or other is not fit[0]:
            other.close()
    return fit[0] if fit else None


def _listens(candidate: socket.socket) -> bool:
    try:
        return (
            candidate.family == socket.AF_INET
            and candidate.type == socket.SOCK_STREAM
            and bool(candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
            and candidate.getsockname()[0] == _ADDRESS
        )
    except OSError:
        return False


def send_answer(connection: socket.socket, answer: dict[str, Any]) -> None:
    """In the server. A script that does not read its answers loses them."""
    text = json.dumps(answer).encode("ascii")
    try:
        connection.send(_LENGTH.pack(len(text)) + text)
    except OSError:
        return
