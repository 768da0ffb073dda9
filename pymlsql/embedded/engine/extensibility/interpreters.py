"""The Python that PYTHONHOME names: where it is, whether it may be used, and whether it can."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from pymlsql.embedded.engine.extensibility.contents import is_below

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
