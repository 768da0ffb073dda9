"""Writing, reading and printing at the same time, with a partner that does them in the worst order."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pytest

from pymlsql.embedded.satellite import wire
from pymlsql.embedded.satellite.calls import SatelliteDied, ScriptCancelled
from pymlsql.embedded.satellite.channel import Channel, Limits
from pymlsql.embedded.satellite.launchpad import Satellite


@dataclass
class Partner:
    """The far ends of a channel."""

    channel: Channel
    socket: socket.socket
    stdout: int
    stderr: int
    cancelled: threading.Event
    printed: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def partner() -> Iterator[Partner]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    os.set_blocking(out, False)
    os.set_blocking(err, False)
    printed: list[tuple[str, str]] = []
    cancelled = threading.Event()
    back, back_end = socket.socketpair()
    satellite = Satellite(0, ours, out, err, back, os.open(os.devnull, os.O_RDONLY))
    channel = Channel(satellite, lambda stream, text: printed.append((stream, text)), Limits(cancelled, None))
    yield Partner(channel, theirs, out_end, err_end, cancelled, printed)
    satellite.close()
    theirs.close()
    back_end.close()
    os.close(out_end)
    os.close(err_end)


def test_output_is_forwarded_while_writing_has_to_wait(partner: Partner) -> None:
    payload = os.urandom(5_000_000)
    received = bytearray()

    def print_first_and_read_then() -> None:
        for _ in range(20):
            os.write(partner.stdout, b"x" * 65536)
            os.write(partner.stderr, b"y" * 65536)
        while len(received) < len(payload):
            received.extend(partner.socket.recv(1 << 16))

    thread = threading.Thread(target=print_first_and_read_then)
    thread.start()
    writer = io.BufferedWriter(partner.channel, 1 << 16)
    writer.write(payload)
    writer.flush()
    thread.join()
    writer.detach()
    partner.channel.drain()
    assert received == payload
    for stream in ("stdout", "stderr"):
        assert sum(len(text) for name, text in partner.printed if name == stream) == 20 * 65536


def test_characters_split_between_pieces_of_output_stay_whole(partner: Partner) -> None:
    euro = "€".encode()
    os.write(partner.stdout, b"a" + euro[:1])
    partner.channel.drain()
    os.write(partner.stdout, euro[1:])
    partner.channel.drain()
    assert "".join(text for _, text in partner.printed) == "a€"


def test_the_end_of_the_connection_is_the_end_of_the_file(partner: Partner) -> None:
    partner.socket.sendall(b"abc")
    partner.socket.close()
    assert io.BufferedReader(partner.channel, 16).read(10) == b"abc"


def test_writing_to_a_closed_connection_is_a_hangup(partner: Partner) -> None:
    partner.socket.close()
    with pytest.raises(wire.Hangup):
        partner.channel.write(b"x")


def test_an_abandoned_channel_takes_what_is_left_in_buffers(partner: Partner) -> None:
    partner.socket.close()
    partner.channel.abandon()
    assert partner.channel.write(b"xyz") == 3


def test_waiting_ends_when_the_call_is_cancelled(partner: Partner) -> None:
    threading.Timer(0.1, partner.cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(ScriptCancelled):
        partner.channel.readinto(bytearray(1))
    assert 0.05 < time.monotonic() - started < 0.3


@pytest.mark.parametrize("then", ["cancelled", "closed"])
def test_a_table_that_breaks_off_says_why(partner: Partner, then: str) -> None:
    table = pa.table({"x": np.zeros(100)})
    file = io.BytesIO()
    wire.write_table(file, table.schema, table.to_batches())
    partner.socket.sendall(file.getvalue()[:-200])
    if then == "closed":
        partner.socket.close()
    reader = io.BufferedReader(partner.channel, 1 << 16)
    wire.read_header(reader)
    threading.Timer(0.1, partner.cancelled.set).start()
    with pytest.raises(ScriptCancelled if then == "cancelled" else wire.Hangup):
        wire.read_table(reader)


def test_a_time_limit_passes() -> None:
    limits = Limits(threading.Event(), 0.05)
    limits.check()
    time.sleep(0.06)
    with pytest.raises(SatelliteDied, match=r"0\.05 s"):
        limits.check()
