"""The sandbox as the server knows it: which layers an interpreter's satellites get, why not the others, the level."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pymlsql.embedded.satellite.calls import RuntimeUnavailable
from pymlsql.embedded.satellite.enclosure import LIBRARIES

Mode = Literal["auto", "required", "off"]
"""What the administrator asks for: what there is; everything, or no scripts at all; nothing."""

Level = Literal["full", "limited", "none"]

OPTIONAL = frozenset({"own_user_id"})
"""Layers that the level does without: a server that is not root has no other user to give to a script."""

_PROBE = Path(__file__).with_name("probing.py")
_PROBE_S = 30.0
_LARGEST_WORK_BYTES = 1 << 30


@dataclass(frozen=True)
class Layer:
    """One layer: ``available`` on this system, ``active`` around scripts, ``reason`` where it is not active."""

    name: str
    available: bool
    active: bool
    reason: str


@dataclass(frozen=True)
class Sandbox:
    """What is laid around every script of one interpreter.

    No script sees ``secrets``, paths of files and folders; every script may read the folders ``readable``, and in the
    folder ``libraries`` ("" for none) what it knows the name of. A call may
    write ``work_bytes``, map ``memory_bytes`` of address space and have ``n_processes``.
    """

    layers: tuple[Layer, ...]
    secrets: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    libraries: str = ""
    work_bytes: int = 0
    memory_bytes: int = 0
    n_processes: int = 0

    @property
    def level(self) -> Level:
        """full: every layer, save OPTIONAL ones, is active; none: no layer is; limited: what lies between."""
        if all(layer.active for layer in self.layers if layer.name not in OPTIONAL):
            return "full"
        return "limited" if any(layer.active for layer in self.layers) else "none"

    @property
    def missing(self) -> str:
        """What is missing for the level full: ``layer: reason; ...``."""
        lacking = [layer for layer in self.layers if not layer.active and layer.name not in OPTIONAL]
        return "; ".join(f"{layer.name}: {layer.reason}" for layer in lacking)

    def shown(self, path: str) -> str:
        """Where a script finds a folder of ``libraries``. Raises RuntimeUnavailable where it cannot read it."""
        active = {layer.name for layer in self.layers if layer.active}
        if not self.libraries or not path.startswith(self.libraries + "/"):
            return path
        if "mount_namespace" in active:
            return LIBRARIES + path.removeprefix(self.libraries)
        if "own_user_id" in active and not all(parent.stat().st_mode & 0o001 for parent in Path(path).parents):
            raise RuntimeUnavailable(
                "External libraries cannot be read here: scripts run as another user, whom the data directory is "
                f"closed to, and {self.missing}."
            )
        return path

    def settings(self) -> dict[str, Any] | None:
        """What the zygote is told; None where there is no sandbox."""
        active = [layer.name for layer in self.layers if layer.active]
        return {"layers": active, **_settings(self)} if active else None

    def describe(self) -> str:
        """One line for the log."""
        return f"sandbox of external scripts: {self.level}" + (f" ({self.missing})" if self.missing else "")


def _settings(sandbox: Sandbox) -> dict[str, Any]:
    return {
        "secrets": sandbox.secrets,
        "readable": sandbox.readable,
        "libraries": sandbox.libraries,
        "work_bytes": sandbox.work_bytes,
        "memory_bytes": sandbox.memory_bytes,
        "n_processes": sandbox.n_processes,
    }


def total_memory() -> int:
    """The memory of this machine in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def detect(
    python: str = sys.executable,
    mode: Mode = "auto",
    *,
    secrets: tuple[str, ...] = (),
    readable: tuple[str, ...] = (),
    libraries: str = "",
    without: frozenset[str] = frozenset(),
) -> Sandbox:
    """Try the layers in throwaway processes of ``python``, and keep what holds; ``without`` leaves layers out.

    Raises RuntimeUnavailable where ``python`` cannot be started, and with the mode ``required`` below the level full.
    """
    memory = total_memory()
    wanted = Sandbox((), secrets, readable, libraries, min(_LARGEST_WORK_BYTES, memory // 16), memory // 2,
                     256 + 16 * (os.cpu_count() or 1))  # fmt: skip
    layers = []
    for name, reason in _probe(python, wanted, without):
        given_up = "" if mode != "off" else "switched off with --sandbox off"
        layers.append(Layer(name, not reason, not reason and not given_up, given_up or reason))
    found = replace(wanted, layers=tuple(layers))
    if mode == "required" and found.level != "full":
        raise RuntimeUnavailable(
            f"The sandbox of external scripts is {found.level} and --sandbox required asks for all of it. "
            f"Missing: {found.missing}."
        )
    return found


def _probe(python: str, sandbox: Sandbox, without: frozenset[str]) -> list[tuple[str, str]]:
    settings = json.dumps({**_settings(sandbox), "without": sorted(without)})
    try:
        done = subprocess.run([python, "-I", "-X", "utf8", str(_PROBE), settings], capture_output=True, text=True,
                              env={"LANG": "C.UTF-8"}, timeout=_PROBE_S, cwd="/", check=False)  # fmt: skip
        return [(name, reason) for name, reason in json.loads(done.stdout)]
    except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
        raise RuntimeUnavailable(
            f"The sandbox of external scripts cannot be tried with {python} on {platform.system()}: {problem}."
        ) from problem
