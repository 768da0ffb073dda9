"""Run every benchmark in a process of its own and write benchmarks/results.json; the exit status is always 0.

    python benchmarks/run.py [--quick] [NAME ...]      all benchmarks when none is named; promises.py lists them

With --quick sizes are small, the values are held against nothing, and results.json stays as it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measure import QUICK, failed
from promises import BENCHMARKS, promises_of

HERE = Path(__file__).resolve().parent
TIMEOUT_S = 300.0
_MARKS = {True: "ok  ", False: "MISS", None: "    "}


def end(process: subprocess.Popen[str]) -> None:
    """End a benchmark that is still running, and the servers that it has started and left behind."""
    for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            process.wait(15)
            break
        except subprocess.TimeoutExpired:
            continue
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def _last_line(name: str) -> str:
    """What one benchmark prints last. Raises SubprocessError where it fails or takes longer than TIMEOUT_S."""
    line = [sys.executable, str(HERE / f"{name}.py"), *(["--quick"] if QUICK else [])]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=TIMEOUT_S)
        finally:
            end(process)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, line)
    return output.strip().splitlines()[-1]


def run(name: str) -> list[dict[str, Any]]:
    """The rows of one benchmark; one that failed gives its rows without values."""
    print(f"bench: {name}", file=sys.stderr)
    started = time.monotonic()
    try:
        rows: list[dict[str, Any]] = json.loads(_last_line(name))
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        print(f"  failed: {error}", file=sys.stderr)
        rows = [asdict(failed(promise)) for promise in promises_of(name).values()]
    print(f"  took {time.monotonic() - started:.0f} s", file=sys.stderr)
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    for row in rows:
        value = "failed" if row["value"] is None else f"{row['value']:.2f} {row['unit']}"
        bound = f"({row['bound']} {row['floor']:g} {row['unit']})"
        print(f"{_MARKS[row['ok']]} {value:>12}  {bound:<17}  {row['name']}")


def main() -> int:
    """Run what is named and write the results; unnamed ones keep their last rows out of the file."""
    named = [name for name in sys.argv[1:] if name != "--quick"]
    unknown = [name for name in named if name not in BENCHMARKS]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
    names = [name for name in named or BENCHMARKS if name in BENCHMARKS]
    rows = [row for name in names for row in run(name)]
    if not QUICK:
        (HERE / "results.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
