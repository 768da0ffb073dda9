"""What can be known of docker/mssql without a Docker engine: linters, compose.yaml, and what must not be there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docker" / "mssql"
SCRIPTS = sorted(FOLDER.glob("*.sh"))


def linter(name: str) -> str:
    """The linter of this environment, which pip puts beside the interpreter."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        pytest.skip(f"{name} is not installed; it is one of the dev extras")
    return found


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run([linter("hadolint"), str(FOLDER / "Dockerfile")], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("", 0)


def test_shellcheck_has_nothing_to_say() -> None:
    assert [script.name for script in SCRIPTS] == ["configure.sh", "entrypoint.sh", "healthcheck.sh"]
    command = [linter("shellcheck"), *map(str, SCRIPTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("", 0)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_can_be_executed(script: Path) -> None:
    assert os.access(script, os.X_OK)


def test_compose_asks_for_every_licence_and_the_password() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    assert asked == {"ACCEPT_EULA", "ACCEPT_EULA_ML", "MSSQL_SA_PASSWORD"}
    for name in asked:
        assert f"{name}: ${{{name}:?" in text


def test_compose_parses_and_listens_on_the_loopback_only() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed, so compose.yaml is not parsed")
    (service,) = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"].values()
    assert service["platform"] == "linux/amd64"
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert set(service["build"]["args"]) == {"ACCEPT_EULA", "ACCEPT_EULA_ML"}
    assert {"ACCEPT_EULA", "ACCEPT_EULA_ML", "MSSQL_SA_PASSWORD"} <= set(service["environment"])


def test_no_licence_is_accepted_and_no_password_is_written_down() -> None:
    example = (FOLDER / ".env.example").read_text().splitlines()
    assert [line for line in example if not line.startswith("#")] == [
        *("ACCEPT_EULA=", "ACCEPT_EULA_ML=", "MSSQL_SA_PASSWORD="),
    ]
    dockerfile = (FOLDER / "Dockerfile").read_text()
    assert re.search(r"^(ARG|ENV) .*(EULA\w*=|PASSWORD)", dockerfile, re.MULTILINE) is None
    assert (FOLDER / ".gitignore").read_text().split() == [".env"]


def test_every_file_that_the_image_copies_is_there_and_in_the_build_context() -> None:
    kept = {line[1:] for line in (FOLDER / ".dockerignore").read_text().split() if line.startswith("!")}
    for names in re.findall(r"^COPY (?:--\S+ )*(.+) \S+$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE):
        for name in names.split():
            assert (FOLDER / name).is_file(), name
            assert name in kept or f"*{Path(name).suffix}" in kept, name


REFUSALS = [
    ({}, "ACCEPT_EULA=Y"),
    ({"ACCEPT_EULA": "y", "ACCEPT_EULA_ML": "Y"}, "ACCEPT_EULA=Y"),
    ({"ACCEPT_EULA": "Y"}, "ACCEPT_EULA_ML=Y"),
    ({"ACCEPT_EULA": "Y", "ACCEPT_EULA_ML": "Y"}, "MSSQL_SA_PASSWORD"),
]


@pytest.mark.parametrize(("environment", "words"), REFUSALS, ids=[words for _, words in REFUSALS])
def test_the_container_refuses_to_start_without(environment: dict[str, str], words: str) -> None:
    command = ["bash", str(FOLDER / "entrypoint.sh")]
    done = subprocess.run(command, env={"PATH": os.defpath, **environment}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 64
    assert words in done.stderr


def test_the_readme_says_that_it_was_not_run() -> None:
    assert "Not yet run on a Docker engine" in (FOLDER / "README.md").read_text()
