"""Machine data made up from a seed: the five tables of the example with a signal that a model can learn.

Columns and moments are those of the published predictive maintenance set (hourly readings; mean and sd of each
sensor; rare failures at 06:00 with the component replaced at once). What leads to a failure here: older machines
fail more often; in the two days before a component fails its sensor drifts away, and about a day before, its errors
appear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pymlsql.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

START = "2015-01-01 06:00"
SEED = 20150101
MIN_DAYS = 3
HOURS_A_DAY = 24

SENSORS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"volt": (170.8, 15.0), "rotate": (446.6, 50.0), "pressure": (100.4, 10.2), "vibration": (40.2, 5.05)}
)
"""Mean and sd while nothing is wrong; with the drifts they come to those of the published set."""


@dataclass(frozen=True, slots=True)
class Component:
    """How a component announces its failure: the sensor that drifts (in sds at the end) and its errors."""

    name: str
    sensor: str
    drift_sds: float
    errors: tuple[str, ...]
    weight: float


COMPONENTS = (
    Component("comp1", "volt", 2.6, ("error1",), 0.28),
    Component("comp2", "rotate", -2.6, ("error2", "error3"), 0.34),
    Component("comp3", "pressure", 2.6, ("error4",), 0.17),
    Component("comp4", "vibration", 2.6, ("error5",), 0.21),
)

DRIFT_H = 48
WARNING_H = (24, 28)
FAILURES_A_DAY = 0.026
"""Of a machine of average age."""
TWIN_SHARE = 0.08
"""How many failures take a second component with them at the same time."""
CHANCE_ERRORS_A_DAY = 0.085
WARNING_CHANCE = 0.97
REPLACED_EVERY_DAYS = 15


def generate(n_machines: int = 20, n_days: int = 90, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """The frames telemetry, errors, maint, machines and failures, with the columns of the CSV files.

    `n_machines` times `n_days` times 24 rows of telemetry. The same arguments give the same data. Raises UsageError
    for fewer than one machine or three days.
    """
    import numpy as np

    if n_machines < 1 or n_days < MIN_DAYS:
        raise UsageError(f"The generator needs at least 1 machine and {MIN_DAYS} days.")
    rng = np.random.default_rng(seed)
    machines = _machines(rng, n_machines)
    failures = _failures(rng, machines["age"].to_numpy(), n_days)
    return {
        "telemetry": _telemetry(rng, n_machines, n_days, failures),
        "errors": _errors(rng, n_machines, n_days, failures),
        "maint": _maint(rng, n_machines, n_days, failures),
        "machines": machines,
        "failures": _events(
            [machine for machine, _, _ in failures],
            [hour for _, hour, _ in failures],
            "failure",
            [component.name for _, _, component in failures],
        ),
    }


Failure = tuple[int, int, Component]
"""Machine from 0, hours since the start, component."""


def _machines(rng: np.random.Generator, n_machines: int) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    models = rng.choice(["model1", "model2", "model3", "model4"], n_machines, p=[0.16, 0.17, 0.35, 0.32])
    return pd.DataFrame(
        {
            "machineID": np.arange(1, n_machines + 1),
            "model": pd.Series(models.tolist(), dtype="object"),
            "age": rng.integers(0, 21, n_machines),
        }
    )


def _failures(rng: np.random.Generator, ages: np.ndarray[Any, Any], n_days: int) -> list[Failure]:
    """At 06:00, from the third day on, at least three days apart on one machine."""
    weights = [component.weight for component in COMPONENTS]
    found: list[Failure] = []
    for machine, age in enumerate(ages):
        worn = rng.random(n_days) < FAILURES_A_DAY * (0.5 + age / 20)
        last = -1
        for day in range(2, n_days):
            if not worn[day] or day - last < MIN_DAYS:
                continue
            last = day
            n_components = 2 if rng.random() < TWIN_SHARE else 1
            for choice in sorted(rng.choice(len(COMPONENTS), n_components, replace=False, p=weights)):
                found.append((machine, day * HOURS_A_DAY, COMPONENTS[choice]))
    return found


def _telemetry(rng: np.random.Generator, n_machines: int, n_days: int, failures: list[Failure]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    n_hours = n_days * HOURS_A_DAY
    columns: dict[str, Any] = {
        "datetime": np.tile(_times(np.arange(n_hours)), n_machines),
        "machineID": np.repeat(np.arange(1, n_machines + 1), n_hours),
    }
    for sensor, (mean, sd) in SENSORS.items():
        values = rng.normal(mean, sd, (n_machines, n_hours))
        for machine, hour, component in failures:
            if component.sensor == sensor:
                values[machine, hour - DRIFT_H : hour] += component.drift_sds * sd * np.linspace(0.6, 1.0, DRIFT_H)
        columns[sensor] = values.ravel()
    return pd.DataFrame(columns)


def _errors(rng: np.random.Generator, n_machines: int, n_days: int, failures: list[Failure]) -> pd.DataFrame:
    """Errors by chance on any machine, and the warnings of each failure about a day before it."""
    n_hours = n_days * HOURS_A_DAY
    n_chance = int(rng.poisson(CHANCE_ERRORS_A_DAY * n_machines * n_days))
    machines = rng.integers(0, n_machines, n_chance).tolist()
    hours = rng.integers(0, n_hours, n_chance).tolist()
    kinds = rng.choice([f"error{n}" for n in range(1, 6)], n_chance, p=[0.26, 0.25, 0.21, 0.19, 0.09]).tolist()
    for machine, hour, component in failures:
        for error in component.errors:
            if rng.random() < WARNING_CHANCE:
                machines.append(machine)
                hours.append(hour - int(rng.integers(*WARNING_H)))
                kinds.append(error)
    return _events(machines, hours, "errorID", kinds)


def _maint(rng: np.random.Generator, n_machines: int, n_days: int, failures: list[Failure]) -> pd.DataFrame:
    """Each component replaced before the start, some on a regular day, and each one that failed."""
    machines = [machine for machine, _, _ in failures]
    hours = [hour for _, hour, _ in failures]
    kinds = [component.name for _, _, component in failures]
    for machine in range(n_machines):
        for component in COMPONENTS:
            before = -REPLACED_EVERY_DAYS * int(rng.integers(1, 14))
            visits = range(int(rng.integers(0, REPLACED_EVERY_DAYS)), n_days, REPLACED_EVERY_DAYS)
            regular = [day for day in visits if rng.random() < 0.25]
            for day in (before, *regular):
                machines.append(machine)
                hours.append(day * HOURS_A_DAY)
                kinds.append(component.name)
    return _events(machines, hours, "comp", kinds)


def _events(machines: list[int], hours: list[int], kind: str, kinds: list[str]) -> pd.DataFrame:
    """One row an event; the same event of one machine at one time once."""
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame(
        {
            "datetime": _times(np.array(hours, dtype="int64")),
            "machineID": np.array(machines, dtype="int64") + 1,
            kind: pd.Series(kinds, dtype="object"),
        }
    )
    return frame.drop_duplicates().sort_values(["machineID", "datetime", kind], ignore_index=True)


def _times(hours: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Hours since the start as times, in the whole microseconds that a datetime column reads back as."""
    import numpy as np

    return np.datetime64(START, "us") + hours.astype("timedelta64[h]")
