"""The command line as a user meets it: every command has help, an example, and a place in docs/cli.md."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import reference

from tests.meta.sources import ROOT
from tests.servers import command

PROMISED = {
    "server start", "server status", "server stop", "db upgrade", "db downgrade", "db current", "db sql", "data load",
    "train", "model push", "model list", "model show", "model promote", "apply", "render", "predict", "demo", "doctor",
    "model rollback", "model alias set", "model alias remove", "model archive", "model delete", "model purge",
    "model tag", "model describe", "model audit", "model pull", "model policy",
    "runs list", "runs show", "runs end", "runs artifact", "runs compare",
    "model compare",
}  # fmt: skip


@cache
def _commands() -> dict[str, Any]:
    return {name.removeprefix("pymlsql "): found for name, found in reference.commands(reference.root())}


def test_all_promised_commands_are_there() -> None:
    assert set(_commands()) >= PROMISED


def test_reference_page_is_what_the_commands_say() -> None:
    assert (ROOT / "docs/cli.md").read_text(encoding="utf-8") == reference.render(), "run `make docs`"


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_help_has_an_example(name: str) -> None:
    found = _commands()[name]
    assert f"pymlsql {name}" in f"{found.help}\n{found.epilog}"


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_options_are_explained(name: str) -> None:
    bare = [p.name for p in _commands()[name].params if p.param_type_name == "option" and not (p.help or "").strip()]
    assert bare == []


LISTINGS = [
    "model list", "model show", "model audit", "model policy", "model compare", "doctor", "server status", "db current",
    "runs list", "runs show", "runs compare",
]  # fmt: skip


@pytest.mark.parametrize("name", LISTINGS)
def test_listing_can_be_json(name: str) -> None:
    assert any("--json" in p.opts for p in _commands()[name].params)


def test_help_of_the_installed_command_runs(tmp_path: Path) -> None:
    done = subprocess.run(command("--help"), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert all(name.split()[0] in done.stdout for name in PROMISED)


def test_wrong_command_is_a_usage_error(tmp_path: Path) -> None:
    done = subprocess.run(command("nonsense"), cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "nonsense" in done.stderr
    assert "Traceback" not in done.stderr
