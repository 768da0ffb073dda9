"""All tests in two processes at once: those that real clients run against one server, and the others.

    python tools/run_tests.py [PYTEST ARGUMENT ...]      with arguments: one process, which gets them

The output of the second comes behind that of the first. The exit status is 0 when both have passed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests"
TALKING = ("contract", "corpus")


def others() -> list[str]:
    """The folders of tests that are not among TALKING."""
    found = [folder for folder in sorted(TESTS.iterdir()) if any(folder.glob("**/test_*.py"))]
    return [str(folder) for folder in found if folder.name not in (*TALKING, "sqla")]


def main(arguments: list[str]) -> int:
    """Run them."""
    pytest = [sys.executable, "-m", "pytest"]
    if arguments:
        return subprocess.call([*pytest, *arguments])
    with tempfile.TemporaryFile() as kept:
        second = subprocess.Popen([*pytest, "-p", "no:cacheprovider", *others()], stdout=kept, stderr=subprocess.STDOUT)
        first = subprocess.call([*pytest, *(str(TESTS / name) for name in TALKING)])
        status = second.wait()
        kept.seek(0)
        sys.stdout.write(kept.read().decode(errors="replace"))
        sys.stdout.flush()
    return first or status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
