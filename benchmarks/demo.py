"""How long `pymlsql demo` takes, set-up excluded: a server of its own, load, view, training, push, prediction."""

from __future__ import annotations

import os
import subprocess
import time

from measure import command, judged, report


def main() -> None:
    """Run it once; a demo that fails is no result."""
    named = os.environ.get("PYMLSQL_PDM_DATA")
    line = command("demo", *(["--data", named] if named else []))
    environment = {name: value for name, value in os.environ.items() if name != "PYMLSQL_URL"}
    started = time.perf_counter()
    subprocess.run(line, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment)
    seconds = time.perf_counter() - started
    report(judged("demo", seconds, f"{'real' if named else 'generated'} data"))


if __name__ == "__main__":
    main()
