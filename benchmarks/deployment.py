"""Plan and apply of 50 views and procedures of which nothing has changed, and of one that has; medians.

The modules are those of the demand example, as often as it takes under other names.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from measure import judged, prepare, report, server, sized

import pymlsql
from pymlsql import project
from pymlsql.examples.demand.generator import generate
from pymlsql.examples.filling import fill

N_MODULES = sized(50, 9)
N_ROUNDS = 7


def many(folder: Path) -> project.Project:
    """A project of N_MODULES modules, three for each feature view."""
    text = (project.example_folder("demand") / "project.toml").read_text(encoding="utf-8")
    head, body = text[: text.index("[features.")], text[text.index("[features.") :].split("[procedures.")[0]
    parts = [
        body.replace("features.demand", f"features.demand{n}").replace("dbo.DemandFeatures", f"dbo.DemandFeatures{n}")
        for n in range(-(-N_MODULES // 3))
    ]
    (folder / "pymlsql.toml").write_text(head + "".join(parts), encoding="utf-8")
    return project.read(folder)


def seconds(db: pymlsql.Toolkit, declared: project.Project) -> float:
    """How long plan and apply take, the project's file read again."""
    started = time.perf_counter()
    read = project.read(declared.path)
    db.plan(read)
    db.apply(read)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print one line of JSON."""
    with tempfile.TemporaryDirectory() as name, server() as target, pymlsql.connect(target.url) as db:
        declared = many(Path(name))
        prepare(db)
        fill(db, "demand", generate(n_shops=2, n_items=2, n_days=20))
        first = seconds(db, declared)
        assert not db.plan(declared).changes
        taken = [seconds(db, declared) for _ in range(N_ROUNDS)]
        report(
            judged("deployment", statistics.median(taken)),
            n_modules=len(declared.modules), taken_s=sorted(taken), first_s=first, cores=os.cpu_count(),
        )  # fmt: skip


if __name__ == "__main__":
    main()
