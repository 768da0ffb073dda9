"""The command line: exit codes, one line of error, help with an example everywhere, quick."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer

from pymlsql import settings
from pymlsql.cli import main as cli
from pymlsql.cli import output, server
from pymlsql.errors import DatabaseError


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("PYMLSQL_URL", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("frobnicate", 2, "No such command 'frobnicate'"),
        ("--frobnicate", 2, "No such option"),
        ("data load", 2, "either --data DIR or --generate"),
        ("data load --data x --generate", 2, "either --data DIR or --generate"),
        ("data load --generate --machines many", 2, "--machines"),
        ("data load --generate --machines 0", 2, "--machines"),
        ("data load --data nowhere", 1, "There is no folder nowhere"),
        ("model", 2, ""),
        ("model show", 2, "Missing argument"),
        ("model show x 1 --alias y", 2, "either a version or an alias"),
        ("model push nowhere.pkl", 1, "there is no such file"),
        ("model promote x first", 2, "VERSION"),
        ("runs show five", 2, "RUN"),
        ("runs list --status over", 2, "--status"),
        ("runs end 1 --status running", 2, "--status"),
        ("runs compare", 2, "Missing argument"),
        ("runs compare 1 2", 3, "run pymlsql server start"),
        ("model compare x", 2, "Missing argument"),
        ("db downgrade", 2, "Missing argument"),
        ("db downgrade base", 2, "say --yes to do it"),
        ("render --example bank --out x --revision y", 2, "either --out or --revision"),
        ("db sql --to nowhere", 1, "nowhere"),
        ("db current", 3, "run pymlsql server start"),
        ("server status", 3, "run pymlsql server start"),
        ("server stop", 3, "No server runs"),
        ("server start --memory --data-dir x", 2, "one of --memory and --data-dir"),
        ("server start --compat 140", 2, "150 or 160"),
        ("server start --port 70000", 2, "--port"),
        ("server start --ready-file no/such/folder/x.json", 2, "no folder no/such/folder"),
        ("train", 3, "run pymlsql server start"),
        ("train --out no/such/folder/x.pkl", 2, "no folder no/such/folder"),
        ("train --test-from yesterday", 2, "--test-from"),
        ("train --url nonsense", 2, "neither a URL nor an environment of"),
        ("train --url postgresql://h/x", 2, "is not SQL Server"),
        ("train --url mssql+pyodbc://sa:s3cret@127.0.0.1:1/x", 3, "No server answers at 127.0.0.1:1"),
        ("predict --url SERVER=tcp:127.0.0.1,1;PWD=s3cret;UID=sa", 3, "No server answers at 127.0.0.1:1"),
        ("demo --data nowhere", 1, "There is no folder nowhere"),
        ("demo --days 3", 2, "--days"),
        ("predict --since 2015-13-01", 2, "'--since': '2015-13-01' does not match"),
    ],
)
def test_a_wrong_line_gives_one_line_and_its_code(
    line: str, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(line.split()) == code
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert "s3cret" not in captured.out + captured.err
    if sentence:
        assert captured.err.startswith("pymlsql: ")
        assert captured.err.count("\n") == 1
        assert captured.out == ""


def test_doctor_ends_with_3_where_no_server_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--url", "mssql+pyodbc://sa:s3cret@127.0.0.1:1/x"]) == 3
    assert "No server answers at 127.0.0.1:1" in capsys.readouterr().out


def walk(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found = [(path, command)]
    for name, child in getattr(command, "commands", {}).items():
        found += walk(child, (*path, name))
    return found


COMMANDS = walk(typer.main.get_command(cli.app))


def test_the_commands_are_those_that_were_promised() -> None:
    leaves = {" ".join(path) for path, command in COMMANDS if not hasattr(command, "commands")}
    assert leaves == {
        "init", "train", "plan", "apply", "undo", "render", "exec", "predict", "demo", "doctor", "server start",
        "server status", "server stop", "db upgrade", "db downgrade", "db current", "db sql", "data load",
        "features list", "features indexes", "features check", "job export", "job list",
        "job run", "job history", "job stop",
        "job enable", "job disable", "job remove", "pipeline run", "model check", "model seal", "model scan",
        "model push", "model list", "model show", "model promote", "model rollback", "model archive",
        "model delete", "model describe", "model tag", "model purge", "model pull", "model audit", "model policy",
        "model compare", "model alias set", "model alias remove", "runs list", "runs show", "runs end",
        "runs artifact", "runs compare", "keys create", "keys show", "route show", "route set", "route remove",
        "route of", "route report",
    }  # fmt: skip


@pytest.mark.parametrize("path", [path for path, _ in COMMANDS], ids=[" ".join(path) or "root" for path, _ in COMMANDS])
def test_every_help_has_an_example(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*path, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert " ".join(["Example: pymlsql", *path]) in text


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    import pymlsql

    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"pymlsql {pymlsql.__version__}\n"


def test_help_loads_nothing_heavy_and_is_quick() -> None:
    code = (
        "import sys; from pymlsql.cli.main import main; main(['--help']);"
        "heavy = {'pandas', 'numpy', 'sklearn', 'sqlalchemy', 'alembic', 'duckdb', 'pyodbc', 'pydantic_core'}"
        " & set(sys.modules); sys.exit(repr(sorted(heavy)) if heavy - {'pydantic_core'} else 0)"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    seconds = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    assert seconds < 3.0  # 0.2 s alone on a quiet machine


def test_debug_shows_the_traceback_anywhere_on_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["model", "push", "nowhere.pkl", "--debug"]) == 1
    captured = capsys.readouterr().err
    assert "Traceback" in captured
    assert captured.splitlines()[-1].startswith("pymlsql: nowhere.pkl")


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (DatabaseError("Nothing to score.", 51004), 1, "pymlsql: Msg 51004: Nothing to score.\n"),
        (DatabaseError("two\nlines"), 1, "pymlsql: two lines\n"),
        (KeyboardInterrupt(), 130, "pymlsql: interrupted\n"),
        (ZeroDivisionError("x"), 1, "pymlsql: defect in pymlsql, ZeroDivisionError: x (--debug shows where)\n"),
    ],
    ids=["server", "one line", "Ctrl-C", "defect"],
)
def test_what_a_command_raises_ends_as_one_line(
    error: BaseException, code: int, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(settings, "default_data_dir", fail)
    assert cli.main(["server", "status"]) == code
    assert capsys.readouterr().err == sentence


def test_a_server_file_left_by_a_dead_process_means_no_server(tmp_path: Path) -> None:
    facts = {"host": "127.0.0.1", "port": 1, "database": "x", "user": "sa", "odbc": "", "sqlalchemy_url": ""}
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for pid in (dead.pid, 1):
        (tmp_path / "server.json").write_text(output.json.dumps({**facts, "pid": pid}))
        assert server.find_running(tmp_path) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "True"), (1234567, "1,234,567"), (0.12345, "0.123"), ("x", "x")],
)
def test_cells_are_written_for_people(value: Any, text: str) -> None:
    assert output.render_value(value) == text
