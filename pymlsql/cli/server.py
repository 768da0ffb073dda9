"""`pymlsql server`: the embedded server in the foreground, and how to find and stop it."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from pymlsql import settings
from pymlsql.cli import output
from pymlsql.cli.options import DataDirOption, JsonOption
from pymlsql.errors import PymlsqlError, ServerNotRunning, UsageError

if TYPE_CHECKING:
    from types import ModuleType

    from pymlsql.embedded.satellite.isolation import Mode

app = typer.Typer(
    help="The embedded server: a small SQL Server for laptops, CI and tests.",
    no_args_is_help=True,
    epilog="Example: pymlsql server start --port 14330",
)

COMPATIBILITY_LEVELS = (150, 160)
SANDBOX_MODES = ("auto", "required", "off")
STOP_TIMEOUT_S = 20.0


@app.command(epilog="Example: pymlsql server start --port 14330")
def start(
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1; 0 takes a free one.")] = 0,
    data_dir: DataDirOption = None,
    memory: Annotated[bool, typer.Option("--memory", help="Keep nothing on disk.")] = False,
    compat: Annotated[int, typer.Option(help="Database compatibility level: 150 or 160.")] = 150,
    ready_file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write the connection's facts here once logins are accepted.")
    ] = None,
    python: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="A Python that CREATE EXTERNAL LANGUAGE may name; may be repeated."),
    ] = None,
    allow_files: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="A folder whose files T-SQL may read (CONTENT = ...); may be repeated."),
    ] = None,
    bulk_folder: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR", help="A folder whose files OPENROWSET(BULK ...) and BULK INSERT may read; may be repeated."
        ),
    ] = None,
    sandbox: Annotated[
        str,
        typer.Option(
            metavar="MODE",
            help="Around external scripts: auto takes what the system has, required refuses to start with less than "
            "all of it, off leaves scripts all rights of this user.",
        ),
    ] = "auto",
    agent: Annotated[
        bool, typer.Option("--agent/--no-agent", help="Run the jobs of msdb, as SQL Server Agent does.")
    ] = True,
) -> None:
    """Run the embedded server in the foreground until Ctrl-C or SIGTERM."""
    if memory and data_dir is not None:
        raise UsageError("Choose one of --memory and --data-dir.")
    _check_options(compat, sandbox, ready_file, [*(python or ()), *(allow_files or ()), *(bulk_folder or ())])
    place = None if memory else (data_dir or settings.default_data_dir())
    if place is not None and (running := find_running(place)) is not None:
        raise PymlsqlError(f"A server runs over {place} already: port {running.port}, process {running.pid}.")
    from pymlsql import drivers

    service = _import_service()
    try:
        service.run(
            port=port,
            data_dir=place,
            compat=compat,
            ready_file=ready_file,
            describe=drivers.describe_server,
            allow_files=tuple(path.absolute() for path in allow_files or ()),
            bulk_folders=tuple(path.absolute() for path in bulk_folder or ()),
            pythons=tuple(path.absolute() for path in python or ()),
            sandbox=cast("Mode", sandbox),
            agent=agent,
        )
    except service.ServiceError as error:
        raise PymlsqlError(str(error)) from None


def _check_options(compat: int, sandbox: str, ready_file: Path | None, folders: list[Path]) -> None:
    """Raises UsageError for values that the server does not offer, and for folders that are not there."""
    if compat not in COMPATIBILITY_LEVELS:
        raise UsageError(f"--compat {compat} is not offered: it is 150 or 160.")
    if sandbox not in SANDBOX_MODES:
        raise UsageError(f"--sandbox {sandbox} is not offered: it is auto, required or off.")
    if ready_file is not None and not ready_file.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {ready_file.parent} to write the ready file into.")
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"There is no folder {folder}.")


def _import_service() -> ModuleType:
    """The server's module. Raises PymlsqlError where the extra `embedded` is not installed, or cannot be used."""
    try:
        from pymlsql.embedded import service
    except ImportError as error:
        if error.name == "sqlglotc":
            raise PymlsqlError("The embedded server cannot work with sqlglotc: pip uninstall sqlglotc.") from None
        if not isinstance(error, ModuleNotFoundError) or (error.name or "").startswith("pymlsql"):
            raise
        raise PymlsqlError(f"The embedded server needs {error.name}: pip install 'pymlsql[embedded]'.") from None
    return service


@app.command(epilog="Example: pymlsql server status --json")
def status(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Show where the server of a data directory listens. Exit code 3 where none runs."""
    place = data_dir or settings.default_data_dir()
    server = find_running(place)
    if server is None:
        at = "" if data_dir is None else f" --data-dir {data_dir}"
        raise ServerNotRunning(f"No server runs over {place}: run pymlsql server start{at}.")
    if as_json:
        output.print_json(server)
    else:
        output.print_line(
            f"running on {server.host},{server.port}: process {server.pid}, user {server.user}, database "
            f"{server.database}; the password is in {server.path}"
        )


@app.command(epilog="Example: pymlsql server stop")
def stop(data_dir: DataDirOption = None) -> None:
    """Stop the server of a data directory; what was committed stays."""
    place = data_dir or settings.default_data_dir()
    server = find_running(place)
    if server is None:
        raise ServerNotRunning(f"No server runs over {place}.")
    os.kill(server.pid, signal.SIGTERM)
    until = time.monotonic() + STOP_TIMEOUT_S
    while is_server(server.pid):
        if time.monotonic() > until:
            raise PymlsqlError(f"The server (process {server.pid}) has not stopped after {STOP_TIMEOUT_S:.0f} s.")
        time.sleep(0.05)
    output.print_line(f"stopped: process {server.pid}")


def find_running(data_dir: Path) -> settings.ServerFile | None:
    """The server of a data directory, if its process lives and its port answers; server.json may be left over."""
    server = settings.read_server_file(data_dir)
    if server is None or not is_server(server.pid):
        return None
    try:
        socket.create_connection((server.host, server.port), timeout=2.0).close()
    except OSError:
        return None
    return server


def is_server(pid: int) -> bool:
    """Whether a process lives and is a pymlsql server: a process id of a dead server may be another's by now."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return True  # no /proc on this system: the port decides
    return state != "Z" and b"server" in words and any(b"pymlsql" in word for word in words)
