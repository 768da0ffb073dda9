"""The main job end to end: machine data in, `EXEC dbo.PredictFailures` out, measured step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pymlsql import project, runtime
from pymlsql.loading import LoadReport
from pymlsql.registry import ModelVersion
from pymlsql.toolkit import Toolkit
from pymlsql.training import Metrics

if TYPE_CHECKING:
    import datetime

    import pandas as pd

MODEL = "failures"
ALIAS = "champion"
NONE = "none"
HORIZON_H = 24

OnStep = Callable[[str], AbstractContextManager[object]]
"""Called with a step's name; the context it gives lasts as long as the step."""

_CLASS_COUNTS = """\
SELECT COALESCE(failure, N'not known yet') AS label, COUNT(*) AS n_rows
FROM dbo.FeaturesAndLabels
GROUP BY failure
ORDER BY COUNT(*) DESC
"""

_FAILURES = """\
SELECT machineID, datetime, failure
FROM dbo.PdM_failures
WHERE datetime > ? AND datetime <= ?
ORDER BY datetime, machineID, failure
"""

_ALL_FAILURES = "SELECT machineID, datetime, failure FROM dbo.PdM_failures"

_STORED = "SELECT COUNT(*) FROM dbo.FailurePredictions"


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the demo and how long it took."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Foresight:
    """A failure of the held-out range: when the procedure first named its component, in hours ahead; None: never."""

    machine_id: int
    at: datetime.datetime
    components: tuple[str, ...]
    hours_ahead: float | None


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the procedure said of the test range, beside what then happened.

    `n_false_alarms` counts slots for which it named a component although none failed within the next 24 hours.
    """

    since: datetime.datetime
    until: datetime.datetime
    n_slots: int
    n_false_alarms: int
    warnings: tuple[Foresight, ...]


@dataclass(slots=True)
class DemoReport:
    """Everything the demo has to say.

    `latest` has a row per machine, most urgent first; its column `outcome` is what failed in the 24 hours after,
    "none", or None where the data ends before.
    """

    loaded: LoadReport
    class_counts: dict[str, int]
    metrics: Metrics
    version: ModelVersion
    latest: pd.DataFrame
    held_out: HeldOut
    n_stored: int
    steps: list[Step] = field(default_factory=list)


def run(
    db: Toolkit,
    frames: dict[str, pd.DataFrame],
    *,
    replace: bool = False,
    enable_scripts: bool = False,
    on_step: OnStep | None = None,
    steps: list[Step] | None = None,
) -> DemoReport:
    """Run all steps against `db`. `steps` may hold those that were done before and gets the new ones.

    `enable_scripts` switches external scripts on first: for a server of one's own; elsewhere it is an administrator's
    decision. Raises RuntimeMismatch at once where they are off, before anything is changed.
    """
    steps = [] if steps is None else steps

    def step(name: str) -> AbstractContextManager[None]:
        return timed(name, steps, on_step)

    with step("ask the server's Python"):
        if enable_scripts:
            db.enable_scripts()
        runtime.read_runtime(db)
    with step("create the tables"):
        db.upgrade()
    with step("load the data"):
        loaded = db.load(frames, replace=replace)
    with step("create view and procedure"):
        db.apply(project.example("pdm"))
    with step("train and test"):
        trained = db.train()
    with step("push and promote the model"):
        version = db.push(trained, MODEL, comment="pymlsql demo", alias=ALIAS)
    with step("EXEC dbo.PredictFailures: latest slots"):
        latest = db.predict(model=MODEL, alias=ALIAS)
    since, until = trained.metrics.test_since, trained.metrics.test_until
    with step("EXEC dbo.PredictFailures: held-out range"):
        predictions = db.predict(since=since, until=until, model=MODEL, alias=ALIAS)
    with step("compare with what happened"):
        failures = db.read(_FAILURES, (since, until + _hours(HORIZON_H)))
        counts = {str(row.label): int(row.n_rows) for row in db.rows(_CLASS_COUNTS)}
        n_stored = int(db.scalar(_STORED))
        latest = latest.assign(outcome=find_outcomes(latest, db.read(_ALL_FAILURES)))
    held_out = compare(predictions, failures, since, until)
    return DemoReport(loaded, counts, trained.metrics, version, latest, held_out, n_stored, steps)


@contextmanager
def timed(name: str, steps: list[Step], on_step: OnStep | None = None) -> Generator[None]:
    """Append a step to `steps` when the block ends well."""
    started = time.perf_counter()
    with nullcontext() if on_step is None else on_step(name):
        yield
    steps.append(Step(name, time.perf_counter() - started))


def compare(
    predictions: pd.DataFrame, failures: pd.DataFrame, since: datetime.datetime, until: datetime.datetime
) -> HeldOut:
    """Set predictions of the slots from `since` to `until` beside the failures that followed them.

    Components of one machine that fail at the same time are one event, foreseen when one of them was named.
    """
    alarms = predictions[predictions["predicted"] != NONE]
    horizon = _hours(HORIZON_H)
    warnings = []
    justified: set[object] = set()
    for key, group in failures.groupby(["machineID", "datetime"]):
        machine, at = cast("tuple[Any, Any]", key)
        components = tuple(sorted(group["failure"]))
        near = alarms[
            (alarms["machineID"] == machine) & (alarms["datetime"] < at) & (alarms["datetime"] >= at - horizon)
        ]
        justified.update(near.index)
        first = near.loc[near["predicted"].isin(components), "datetime"].min() if len(near) else None
        ahead = None if first is None or first != first else (at - first).total_seconds() / 3600
        if ahead is not None or at - horizon <= until:
            warnings.append(Foresight(int(machine), at.to_pydatetime(), components, ahead))
    warnings.sort(key=lambda warning: (warning.at, warning.machine_id))
    return HeldOut(since, until, len(predictions), len(alarms) - len(justified), tuple(warnings))


def find_outcomes(latest: pd.DataFrame, failures: pd.DataFrame) -> pd.Series[Any]:
    """For each row of `latest` what failed within the horizon after its slot, as far as `failures` reaches."""
    import pandas as pd

    known_until = failures["datetime"].max()
    outcomes: list[str | None] = []
    for machine, slot in zip(latest["machineID"], latest["datetime"], strict=True):
        until = slot + _hours(HORIZON_H)
        near = failures[
            (failures["machineID"] == machine) & (failures["datetime"] > slot) & (failures["datetime"] <= until)
        ]
        if len(near):
            outcomes.append(" + ".join(sorted(near["failure"])))
        else:
            outcomes.append(NONE if known_until >= until else None)
    return pd.Series(outcomes, index=latest.index, dtype="object")


def _hours(count: int) -> datetime.timedelta:
    import datetime

    return datetime.timedelta(hours=count)
