"""What a call of sp_execute_external_script gives to a satellite, gets back from it, and how it can fail."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import FileIO
from typing import Any, Literal, Protocol

import pyarrow as pa

Kind = Literal["int", "float", "bool", "str", "bytes", "datetime"]
"""What a parameter is in Python."""


class LargeBytes(Protocol):
    """A value of kind bytes that lies in a file: the script gets it without its being in the server's memory."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content, in hexadecimal; it has been verified."""

    @property
    def length(self) -> int:
        """How many bytes it has."""

    def open(self) -> FileIO:
        """The file at its beginning; whoever opens it closes it. It stays readable when it is unlinked."""


@dataclass(frozen=True)
class ScriptParameter:
    """One of @params: ``name`` without the @, ``value`` of the Python type ``kind`` or None for NULL; a LargeBytes may
    stand for bytes."""

    name: str
    kind: Kind
    value: Any | None
    output: bool = False


@dataclass(frozen=True)
class Rows:
    """Rows that are read while the script runs: nobody ever holds all of them."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class ScriptCall:
    """One call: ``input`` is None without @input_data_1; ``owner`` is the database user who calls; ``n_threads`` binds
    OpenMP, BLAS and Arrow in the script's process. ``environment`` is set there before the script begins; ``paths``
    come first where it looks for modules. ``memory_bytes`` is what its process may take beyond what it has at the
    beginning, on the processors ``cpus`` (None and (): as the server). ``began`` is told the process.

    With ``pieces`` the script runs once for each, in one process and one namespace, on the next so many rows of the
    input; they add up to its rows. With ``rows_per_run`` it runs once for each so many rows, as they come, until there
    are no more. Its outputs are appended, its OUTPUT parameters are those of the last run.
    ``request_id`` is what SQL Server calls the external script request id.

    ``loopback`` takes the socket at which a script that asks for a connection back listens, and answers as
    satellite.loopback says.
    """

    script: str
    input: Rows | pa.Table | None
    input_name: str = "InputDataSet"
    output_name: str = "OutputDataSet"
    parameters: tuple[ScriptParameter, ...] = ()
    owner: str = ""
    n_threads: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    memory_bytes: int | None = None
    cpus: tuple[int, ...] = ()
    began: Callable[[int], None] = lambda process: None
    pieces: tuple[int, ...] = ()
    rows_per_run: int = 0
    request_id: str = ""
    loopback: Callable[[socket.socket], dict[str, Any]] | None = None


@dataclass(frozen=True)
class ScriptResult:
    """``output`` is None when the script's output has no columns, as before it is assigned; ``parameters`` are the
    OUTPUT ones.

    The columns are bool, int8 to int64, uint8, float, double, utf8, binary (large_ where 2 GB is exceeded),
    timestamp[us], or null where every value is NULL; names may repeat or be empty.
    """

    output: pa.Table | None
    parameters: dict[str, Any] = field(default_factory=dict)


class SatelliteError(Exception):
    """A call that gave no result; the message is a sentence for the user."""


class ScriptFailed(SatelliteError):
    """The script raised; ``traceback`` is Python's, without the frames that ran the script ('<string>' is its file)."""

    def __init__(self, traceback: str) -> None:
        super().__init__(traceback)
        self.traceback = traceback


class SatelliteDied(SatelliteError):
    """The process ended before the script did: killed, out of memory or time, a crash in native code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ScriptCancelled(SatelliteError):
    """The caller asked to stop, and the process is gone."""


class UnusableInput(SatelliteError):
    """The input has a column that a script cannot be given, by its type or by a NULL in it."""


class UnusableResult(SatelliteError):
    """The script ended, but what it left cannot become a result set or an OUTPUT parameter."""


class RuntimeUnavailable(SatelliteError):
    """No satellite can be started: the interpreter, its packages or the platform do not allow it."""
