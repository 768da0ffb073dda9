"""Run every benchmark in a process of its own and write benchmarks/results.json; the exit status is always 0.

    python benchmarks/run.py [NAME ...]      demo view batch single memory; all when none is named
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TIMEOUT_S = 900

# name -> what its row says when the benchmark could not be run: name, unit, floor
BENCHMARKS: dict[str, tuple[str, str, float]] = {
    "demo": ("pymlsql demo", "s", 60.0),
    "view": ("feature view over 43,200 telemetry rows, fetched, relative to the same SQL in DuckDB", "x", 3.0),
    "batch": ("500,000 x 30 through the procedure, stored, relative to the same in-process", "x", 1.3),
    "single": ("EXEC dbo.PredictFailures @machine_id = 3, warm, p50", "ms", 40.0),
    "memory": ("growth of all processes for a 200 MB model, relative to its size", "x", 4.0),
}


def run(name: str) -> list[dict[str, Any]]:
    """The rows of one benchmark; one that failed gives a row without a value."""
    print(f"bench: {name}", file=sys.stderr)
    try:
        done = subprocess.run([sys.executable, str(HERE / f"{name}.py")], stdout=subprocess.PIPE, text=True,
                              timeout=TIMEOUT_S, check=True)  # fmt: skip
        rows: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        print(f"  failed: {error}", file=sys.stderr)
        title, unit, floor = BENCHMARKS[name]
        rows = [{"name": title, "value": None, "unit": unit, "floor": floor, "ok": False}]
    return rows


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    for row in rows:
        value = "failed" if row["value"] is None else f"{row['value']:.2f} {row['unit']}"
        print(f"{'ok  ' if row['ok'] else 'MISS'} {value:>12}  (at most {row['floor']:g} {row['unit']})  {row['name']}")


def main() -> int:
    """Run what is named and write the results; unnamed ones keep their last rows out of the file."""
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        names = [name for name in names if name in BENCHMARKS]
    rows = [row for name in names for row in run(name)]
    (HERE / "results.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    show(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
