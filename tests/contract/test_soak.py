"""The long checks, each within its share of the budget: hostile bytes, money moved by many, kill -9, random sums."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyodbc
import pytest

from tests import servers

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[servers.Target]:
    """A server of the test's own, so that what it does to it harms no other."""
    target = servers.start(scratch=tmp_path)
    yield target
    if target.is_running():
        target.stop()


PRELOGIN = bytes.fromhex(
    "1201002f0000010000001a00060100200001020021000103002200040400260001ff" + "0900000000000000000000000000"
)
HEADERS = (0x01, 0x03, 0x04, 0x07, 0x0E, 0x10, 0x11, 0x12, 0x16, 0xFF)


def _hostile(rng: random.Random) -> bytes:
    """Bytes that are nearly TDS: a packet of some type with a wrong length, a cut PRELOGIN, or noise."""
    body = rng.randbytes(rng.choice([0, 1, 7, 40, 300, 5000]))
    kind = rng.randrange(4)
    if kind == 0:
        return body
    if kind == 1:
        length = rng.choice([0, 7, 8, len(body) + 8, 0xFFFF])
        return bytes([rng.choice(HEADERS), rng.choice([0, 1, 8, 9])]) + length.to_bytes(2, "big") + b"\0\0\1\0" + body
    if kind == 2:
        return PRELOGIN[: rng.randrange(len(PRELOGIN))]
    changed = bytearray(PRELOGIN)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed) + body


def test_hostile_bytes_never_end_the_server(own: servers.Target, soak_s: float) -> None:
    rng = random.Random(time.time_ns())
    until = time.monotonic() + soak_s
    n_sent = 0
    while time.monotonic() < until:
        with socket.create_connection((own.host, own.port), timeout=5) as client:
            client.settimeout(0.05)
            with contextlib.suppress(OSError):
                for _ in range(rng.randrange(1, 4)):
                    client.sendall(_hostile(rng))
                    client.recv(4096)
        n_sent += 1
        if n_sent % 100 == 0:
            assert own.is_running(), own.stderr()
            with pyodbc.connect(own.odbc, autocommit=True, timeout=20) as connection:
                assert connection.execute("SELECT 1").fetchval() == 1
    assert n_sent > 20
    assert "Traceback" not in own.stderr()


def _teller(target: servers.Target, until: float, seed: int, failures: list[str]) -> None:
    """Move money between accounts; now and then roll back, cancel or go away in the middle."""
    rng = random.Random(seed)
    try:
        while time.monotonic() < until:
            connection = pyodbc.connect(target.odbc, autocommit=False, timeout=30)
            for _ in range(rng.randrange(1, 20)):
                cursor = connection.cursor()
                source, goal, amount = rng.randrange(10), rng.randrange(10), rng.randrange(100)
                with contextlib.suppress(pyodbc.Error):
                    cursor.execute("UPDATE dbo.accounts SET money = money - ? WHERE id = ?", amount, source)
                    if rng.random() < 0.1:
                        cursor.execute("UPDATE dbo.accounts SET money = 1 / 0 WHERE id = ?", source)
                    cursor.execute("UPDATE dbo.accounts SET money = money + ? WHERE id = ?", amount, goal)
                    if rng.random() < 0.8:
                        connection.commit()
                        continue
                connection.rollback()
            if rng.random() < 0.5:
                connection.close()
    except Exception as error:
        failures.append(f"{type(error).__name__}: {error}")


def test_money_moved_by_many_clients_stays_the_same_sum(own: servers.Target, soak_s: float) -> None:
    with pyodbc.connect(own.odbc, autocommit=True) as connection:
        connection.execute("CREATE TABLE dbo.accounts (id int NOT NULL PRIMARY KEY, money int NOT NULL)")
        ids = ", ".join(f"({number})" for number in range(10))
        connection.execute(f"INSERT dbo.accounts SELECT v, 1000 FROM (VALUES {ids}) AS t (v)")
    failures: list[str] = []
    until = time.monotonic() + soak_s
    threads = [threading.Thread(target=_teller, args=(own, until, seed, failures)) for seed in range(4)]
    before = servers.n_bytes_of(own.process.pid) if own.process else 0
    for thread in threads:
        thread.start()
    sums = set()
    with pyodbc.connect(own.odbc, autocommit=True) as connection:
        while time.monotonic() < until:
            sums.add(connection.execute("SELECT SUM(money) FROM dbo.accounts").fetchval())
            time.sleep(0.05)
        for thread in threads:
            thread.join(60)
        sums.add(connection.execute("SELECT SUM(money) FROM dbo.accounts").fetchval())
    assert sums == {10_000}
    assert failures == []
    after = servers.n_bytes_of(own.process.pid) if own.process else 0
    assert after - before < 300 * 2**20, "the server grew by 300 MB or more"


def test_counter_never_loses_a_commit_to_kill_9(tmp_path: Path, soak_s: float) -> None:
    rng = random.Random(time.time_ns())
    data_dir = tmp_path / "data"
    until = time.monotonic() + soak_s
    committed = 0
    n_kills = 0
    while time.monotonic() < until or n_kills < 2:
        target = servers.start(data_dir, scratch=tmp_path)
        connection = pyodbc.connect(target.odbc, autocommit=True, timeout=20)
        connection.execute("IF OBJECT_ID(N'dbo.counter') IS NULL CREATE TABLE dbo.counter (n int NOT NULL PRIMARY KEY)")
        found = connection.execute("SELECT ISNULL(MAX(n), 0), COUNT(*) FROM dbo.counter").fetchone()
        # The one that was under way when the server was killed may or may not be there.
        assert tuple(found) in {(committed, committed), (committed + 1, committed + 1)}, (found, committed)
        committed = found[0]
        killer = threading.Timer(rng.uniform(0.05, 1.0), target.process.kill if target.process else lambda: None)
        killer.start()
        with contextlib.suppress(pyodbc.Error):
            while True:
                connection.execute("INSERT dbo.counter VALUES (?)", committed + 1)
                committed += 1
        killer.join()
        target.stop(how=signal.SIGKILL)
        n_kills += 1


def _expression(rng: random.Random, depth: int) -> tuple[str, int | None]:
    """A random integer expression and its value by the rules of T-SQL int; None where it is an error."""
    if depth == 0 or rng.random() < 0.2:
        value = rng.randrange(-20, 21)
        return (f"({value})", value) if value < 0 else (str(value), value)
    sign = rng.choice("+-*/%&|^")
    left, a = _expression(rng, depth - 1)
    right, b = _expression(rng, depth - 1)
    text = f"({left} {sign} {right})"
    if a is None or b is None or (sign in "/%" and b == 0):
        return text, None
    operations: dict[str, Callable[[int, int], int]] = {
        "+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y,
        "&": lambda x, y: x & y, "|": lambda x, y: x | y, "^": lambda x, y: x ^ y,
        "/": lambda x, y: abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1),
        "%": lambda x, y: abs(x) % abs(y) * (-1 if x < 0 else 1),
    }  # fmt: skip
    value = operations[sign](a, b)
    return text, value if abs(value) < 2**31 else None


def test_random_integer_expressions_have_the_value_of_t_sql(connect: Callable[..., Any], soak_s: float) -> None:
    rng = random.Random(time.time_ns())
    connection = connect()
    until = time.monotonic() + soak_s
    n_tried = 0
    while time.monotonic() < until:
        text, value = _expression(rng, 3)
        if value is None:
            with pytest.raises(pyodbc.Error, match=r"8134|8115"):
                connection.execute(f"SELECT {text} AS x").fetchval()
        else:
            sql = f"SELECT {text} AS x, CASE WHEN {text} = ? THEN 1 ELSE 0 END AS y"
            got = connection.execute(sql, value).fetchone()
            assert tuple(got) == (value, 1), text
        n_tried += 1
    assert n_tried > 50
