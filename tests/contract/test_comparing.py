"""`pymlsql runs` and `pymlsql model compare` as a user types them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import pymlsql
from pymlsql.cli import main as cli
from pymlsql.toolkit import Toolkit
from tests import servers

Command = Callable[..., "tuple[int, str, str]"]


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.under_test() as found:
        yield found


@pytest.fixture(scope="module")
def db(target: servers.Target) -> Iterator[Toolkit]:
    with pymlsql.connect(target.sqlalchemy_url) as found:
        found.downgrade("base")
        found.upgrade()
        yield found


@pytest.fixture(scope="module")
def runs(db: Toolkit) -> list[int]:
    """Two runs, the second better, and one that never ended."""
    numbers = []
    for depth, f1 in ((3, 0.5), (5, 0.75)):
        with db.start_run("compared", name=f"depth {depth}") as run:
            run.log_params({"depth": depth, "same": "x"})
            run.log_curve("f1", {0: 0.25, 1: f1})
            run.log_artifact(b'{"classes": ["a", "b"], "counts": [[3, 1], [0, 4]]}', "test_confusion_matrix.json")
        numbers.append(run.run_id)
    return [*numbers, db.start_run("other", name="gone").run_id]


@pytest.fixture
def command(
    target: servers.Target, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    monkeypatch.setenv("PYMLSQL_URL", target.sqlalchemy_url)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def run(line: str, *more: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main([*line.split(), *more])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_runs_are_listed_newest_first(runs: list[int], command: Command) -> None:
    code, out, _ = command("runs list")
    assert code == 0
    assert out.index("gone") < out.index("depth 5") < out.index("depth 3")
    assert "f1 0.75" in out
    listed = json.loads(command("runs list --experiment compared --json")[1])
    assert [(run["run_id"], run["params"]["depth"], run["metrics"]["f1"]) for run in listed] == [
        (runs[1], "5", 0.75), (runs[0], "3", 0.5),
    ]  # fmt: skip
    assert [run["name"] for run in json.loads(command("runs list --status running --json")[1])] == ["gone"]
    assert command("runs list --experiment nothing")[0] == 1


def test_a_run_is_shown_with_everything(runs: list[int], command: Command) -> None:
    code, out, _ = command(f"runs show {runs[0]}")
    assert code == 0
    assert all(word in out for word in ("depth 3", "compared", "finished", "f1", "0.5", "test_confusion_matrix.json"))
    shown = json.loads(command(f"runs show {runs[0]} --json")[1])
    assert [point["value"] for point in shown["history"]] == [0.25, 0.5]
    assert command("runs show 999999")[0] == 1


def test_a_run_whose_program_is_gone_can_be_ended(runs: list[int], db: Toolkit, command: Command) -> None:
    number = db.start_run("abandoned").run_id
    assert "running" in command("runs list --experiment abandoned")[1]
    code, out, _ = command(f"runs end {number} --status killed")
    assert (code, out) == (0, f"ended: run {number} is killed\n")
    code, _, err = command(f"runs end {number}")
    assert code == 1
    assert "Msg 51023" in err


def test_an_artifact_is_written_but_over_nothing(runs: list[int], command: Command, tmp_path: Path) -> None:
    code, out, _ = command(f"runs artifact {runs[0]} test_confusion_matrix.json")
    assert (code, "51 bytes" in out) == (0, True)
    assert json.loads((tmp_path / "test_confusion_matrix.json").read_text())["classes"] == ["a", "b"]
    code, _, err = command(f"runs artifact {runs[0]} test_confusion_matrix.json")
    assert (code, "exists already" in err) == (2, True)
    assert command(f"runs artifact {runs[0]} nothing --out x")[0] == 1
    assert not (tmp_path / "x").exists()


def test_runs_are_compared(runs: list[int], command: Command, tmp_path: Path) -> None:
    code, out, _ = command(f"runs compare {runs[0]} {runs[1]} --changed --html report.html")
    assert code == 0
    assert "depth" in out
    assert "same" not in out
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 2
    assert page.count("true \\ predicted") == 2
    found = json.loads(command(f"runs compare {runs[0]} {runs[1]} --json")[1])
    values = {(row["section"], row["name"]): row["values"] for row in found["values"]}
    assert values["metrics", "f1"] == [0.5, 0.75]
    assert found["curves"]["f1"] == [[[0, 0.25], [1, 0.5]], [[0, 0.25], [1, 0.75]]]
    assert command(f"runs compare {runs[0]} {runs[0]}")[0] == 1
    assert command(f"runs compare {runs[0]} 999999")[0] == 1


SIGNATURE = {
    "version": 1,
    "inputs": [{"name": "volt", "sql_type": "float", "dtype": "float64"}],
    "output": {"kind": "classification", "classes": ["a", "b"]},
}


def register(db: Toolkit, version: int, run_id: int | None, **changes: Any) -> None:
    """A version as rows, without asking the server's Python."""
    data = f"version {version}".encode()
    sha256 = hashlib.sha256(data).digest()
    db.execute("INSERT INTO ml.blobs (sha256, data, size_bytes) VALUES (?, ?, ?)", (sha256, data, len(data)))
    metrics = {"macro_f1": 0.5 + version / 10, "classes": [{"name": "a"}, {"name": "b"}], "confusion": [[1, 0], [0, 1]]}
    packages = json.dumps({"numpy": f"2.{version}"})
    values = (version, sha256, json.dumps(SIGNATURE | changes), packages, json.dumps(metrics), run_id or 0)
    db.execute(
        "INSERT INTO ml.model_versions (model_id, version, sha256, format, signature, python_version, packages,"
        " metrics, run_id) SELECT model_id, ?, ?, N'pickle', ?, N'3.11.7', ?, ?, NULLIF(?, 0)"
        " FROM ml.models WHERE name = N'm'",
        values,
    )


def test_versions_are_compared_with_the_runs_that_made_them(
    runs: list[int], db: Toolkit, command: Command, tmp_path: Path
) -> None:
    db.execute("INSERT INTO ml.models (name) VALUES (N'm')")
    register(db, 1, runs[0])
    register(db, 2, runs[1], inputs=[{"name": "volt", "sql_type": "int", "dtype": "float64"}])
    register(db, 3, None)
    found = json.loads(command("model compare m 1 2 3 --json")[1])
    values = {(row["section"], row["name"]): row["values"] for row in found["values"]}
    assert values["metrics", "macro_f1"] == [0.6, 0.7, 0.8]
    assert values["parameters", "depth"] == ["3", "5", None]
    assert values["environment", "numpy"] == ["2.1", "2.2", "2.3"]
    volt = values["signature", "input volt"]
    assert volt[0] == volt[2] != volt[1]
    code, out, _ = command("model compare m 1 2 --html page.html")
    assert code == 0
    assert "run 1 (depth 3)" in out
    assert (tmp_path / "page.html").read_text().count("true \\ predicted") == 2
    assert "run metrics" in db.compare("m", 1, 2)._repr_html_()
    assert command("model compare m 1 9")[0] == 1
    assert command("model compare m 1")[0] == 1
    assert command("model compare nothing 1 2")[0] == 1
