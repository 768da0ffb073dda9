"""The Python that PYTHONHOME names: where it is, whether it may be used, whether it can, and what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pymlsql.embedded.engine.folders import is_below
from pymlsql.embedded.satellite.pool import PRELOAD

OLDEST = (3, 7)
"""The oldest Python that satellites run on: the one of SQL Server 2019."""

PACKAGES = ("numpy", "pandas", "pyarrow")
"""What a satellite needs beside the standard library."""

PLACES = ("bin/python3", "bin/python")
"""Where the interpreter is looked for below PYTHONHOME."""

_PROBE_S = 30.0
_PROBE = """
import json, sys
from importlib.util import find_spec
print(json.dumps([list(sys.version_info[:3]), [name for name in sys.argv[1:] if find_spec(name) is None]]))
"""


class Unusable(Exception):
    """The interpreter cannot be used; the message is a sentence that says why."""


def find_interpreter(home: str, allowed: tuple[Path, ...]) -> str:
    """The interpreter below PYTHONHOME, a prefix or a virtual environment. Raises Unusable."""
    folder = Path(home)
    if not folder.is_absolute():
        raise Unusable(f"PYTHONHOME is {home!r}, which is no absolute path.")
    if not is_below(folder.resolve(), allowed):
        raise Unusable(f"PYTHONHOME is {home}, which the server may not use: start it with --python {home}.")
    for place in PLACES:
        if (folder / place).exists():
            # Not resolved: a virtual environment knows itself by the path with which it was started.
            return str(folder.resolve() / place)
    raise Unusable(f"There is no Python below {home}: looked for {' and '.join(PLACES)}.")


def check_interpreter(python: str) -> None:
    """Start ``python`` and ask what it has. Raises Unusable with what is missing."""
    command = [python, "-I", "-X", "utf8", "-c", _PROBE, *PACKAGES]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_S, env={}, cwd="/", check=False)
        version, missing = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as problem:
        raise Unusable(f"{python} cannot be run as a Python ({type(problem).__name__}).") from problem
    written = ".".join(map(str, version))
    if tuple(version[:2]) < OLDEST:
        raise Unusable(f"{python} is Python {written}; scripts need {'.'.join(map(str, OLDEST))} or newer.")
    if missing:
        raise Unusable(f"{python} (Python {written}) has no {', '.join(missing)}; scripts need {', '.join(PACKAGES)}.")


# What it is -------------------------------------------------------------------------------------------------------

_DESCRIBE_S = 120.0
_DESCRIBE = """
import importlib, json, platform, sys, sysconfig
def loaded():
    return sorted({name.split(".")[0] for name in list(sys.modules)})
for name in ("numpy", "pandas", "pyarrow", "pyarrow.compute"):
    importlib.import_module(name)
needed = loaded()
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
facts = [platform.python_version(), sysconfig.get_config_var("SOABI"), sysconfig.get_platform(), needed, loaded()]
print("\\n" + json.dumps(facts))
"""


@dataclass(frozen=True)
class Build:
    """What decides which wheels an interpreter can use: its ``version``, its ``abi`` (cp37m) and its platform.

    ``needed`` are the modules, by their first names, that every script has loaded before it begins; ``preloaded``
    those that it has in a process that was started with libraries ahead of time, and not in a bare one.
    """

    version: str
    abi: str
    platform: str
    needed: frozenset[str] = field(repr=False)
    preloaded: frozenset[str] = field(repr=False)

    def __str__(self) -> str:
        return f"Python {self.version} ({self.abi}, {self.platform})"

    @property
    def version_info(self) -> tuple[int, int]:
        """Major and minor version."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def same_platform(self) -> bool:
        """Whether it runs what the server's own interpreter runs; else only wheels without native code are known to."""
        return self.platform == sysconfig.get_platform()


def describe_interpreter(python: str) -> Build:
    """What ``python`` is; asked once while the file stays the same. Raises Unusable."""
    try:
        return _describe(python, os.stat(python).st_mtime_ns)
    except OSError as problem:
        raise Unusable(f"{python} cannot be run as a Python ({problem.strerror}).") from problem


@lru_cache(maxsize=32)
def _describe(python: str, changed: int) -> Build:
    command = [python, "-I", "-X", "utf8", "-c", _DESCRIBE, *PRELOAD]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_DESCRIBE_S, env={}, cwd="/", check=False
        )
        version, soabi, platform, needed, loaded = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError, subprocess.TimeoutExpired) as problem:
        raise Unusable(f"{python} cannot be run with {', '.join(PACKAGES)} ({type(problem).__name__}).") from problem
    kind, _, rest = str(soabi).partition("-")
    if kind != "cpython":
        raise Unusable(f"{python} is no CPython.")
    return Build(version, f"cp{rest.split('-')[0]}", platform, frozenset(needed), frozenset(loaded).difference(needed))
