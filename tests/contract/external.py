"""How tests write a call of sp_execute_external_script, and listen to what it says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pymssql import _mssql

from tests.servers import Target

SAME = "OutputDataSet = InputDataSet"
PANDAS = "import datetime, decimal, numpy as np, pandas as pd\n"


def call(script: str, rest: str = "") -> str:
    """EXEC sp_execute_external_script with ``script`` as its text and ``rest`` after it."""
    quoted = script.replace("'", "''")
    return f"EXEC sp_execute_external_script @language = N'Python', @script = N'{quoted}'{rest}"


def query(text: str) -> str:
    """``text`` as @input_data_1, to come after ``call``'s script."""
    quoted = text.replace("'", "''")
    return f", @input_data_1 = N'{quoted}'"


def frame(columns: str) -> str:
    """A script that leaves a frame of ``columns``, the inside of a dict."""
    return f"{PANDAS}OutputDataSet = pd.DataFrame({{{columns}}})"


@dataclass(frozen=True)
class Heard:
    """A message as DB-Lib hands it on; ``number`` is what its text tells, 0 for an unknown one."""

    number: int
    severity: int
    state: int
    line: int
    text: str


def dblib(server: Target) -> Any:
    """A DB-Lib connection, which shows every message with its severity and line as it comes."""
    return _mssql.connect(
        server=server.host, port=str(server.port), user=server.user, password=server.password, database=server.database
    )


def listen(server: Target, sql: str, on_message: Callable[[Heard], object] | None = None) -> list[Heard]:
    """Everything that a batch says, errors included, in order; ``on_message`` hears each when it comes."""
    heard: list[Heard] = []

    def hear(state: int, severity: int, _: bytes, procedure: bytes, line: int, text: bytes) -> None:
        words = text.decode()
        number = next((number for start, number in _STARTS.items() if words.startswith(start)), 0)
        heard.append(Heard(number, severity, state, line, words))
        if on_message is not None:
            on_message(heard[-1])

    connection = dblib(server)
    connection.set_msghandler(hear)
    step = lambda: connection.execute_query(sql) or True  # noqa: E731
    for _ in range(20):
        with contextlib.suppress(_mssql.MSSQLDatabaseException):  # its message has been heard
            if not step():
                break
        step = connection.nextresult
    connection.close()
    return heard


_STARTS = {
    "STDOUT message(s) from external script": 39005,
    "STDERR message(s) from external script": 39022,
    "A 'Python' script error occurred": 39004,
    "Unable to communicate with the runtime": 39012,
    "An external script error occurred": 39019,
}
