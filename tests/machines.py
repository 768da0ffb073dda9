"""A few machines with everything that goes wrong in machine data, small enough to look through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

HORIZON = pd.Timestamp("2020-01-05 02:00")
"""The latest reading of all machines."""


def odd_frames() -> dict[str, pd.DataFrame]:
    """The five tables of the example.

    Machine 1: reads hourly, with a gap of one whole slot, one of 30 hours, lost values, and stamps a tick beside the
    hour. 2: stuck sensors, and neither errors nor replacements nor a row among the machines. 3: stops early. 4: starts
    late. 5: never reads at all. Errors, replacements and failures lie on, just before and just after slot ends.
    """
    return {
        "dbo.PdM_telemetry": _telemetry(),
        "dbo.PdM_errors": _events("errorID", ERRORS),
        "dbo.PdM_maint": _events("comp", MAINT),
        "dbo.PdM_failures": _events("failure", FAILURES),
        "dbo.PdM_machines": pd.DataFrame(
            {"machineID": [1, 3, 4, 5], "model": ["model3", "model9", "model1", "model2"], "age": [18, 0, 7, 3]}
        ),
    }


ERRORS: list[tuple[int, str, str]] = [
    (1, "2020-01-02 09:00:00", "error1"),  # at the end of a slot: known in it
    (1, "2020-01-02 09:00:00", "error2"),
    (1, "2020-01-02 09:00:00.003", "error1"),  # a tick later: the next slot's
    (1, "2020-01-03 09:00:00", "error1"),
    (1, "2020-01-03 12:30:00", "error9"),  # of no declared kind
    (3, "2020-01-01 00:30:00", "error5"),
    (4, "2020-01-05 04:00:00", "error3"),  # after all telemetry
    (5, "2020-01-02 09:00:00", "error1"),
]

MAINT: list[tuple[int, str, str]] = [
    (1, "2019-06-01 06:00:00", "comp1"),
    (1, "2020-01-02 09:00:00", "comp1"),  # at the end of a slot: 0 days
    (1, "2020-01-02 09:00:00", "comp2"),
    (1, "2020-01-02 10:30:00", "comp2"),
    (1, "2020-01-03 09:00:00", "comp3"),
    (3, "2019-12-31 23:59:59.997", "comp4"),
    (4, "2020-02-01 00:00:00", "comp1"),  # in the future
]

FAILURES: list[tuple[int, str, str]] = [
    (1, "2020-01-02 21:00:00", "comp2"),  # two at one time
    (1, "2020-01-02 21:00:00", "comp1"),
    (1, "2020-01-03 03:00:00", "comp4"),  # within 24 hours of the two
    (3, "2020-01-02 10:17:23.457", "comp3"),
    (4, "2020-01-05 01:00:00", "comp2"),  # known, and within what telemetry reaches
    (4, "2020-01-05 03:00:00", "comp1"),  # after all telemetry
    (2, "2020-01-06 00:00:00", "comp1"),
]


def _events(kind: str, rows: list[tuple[int, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["machineID", "datetime", kind])
    frame["datetime"] = pd.to_datetime(frame["datetime"], format="ISO8601").astype("datetime64[us]")
    return frame[["datetime", "machineID", kind]]


def _telemetry() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    parts = [
        _readings(rng, 1, "2020-01-01 00:00", "2020-01-02 14:00"),  # then a gap of slot 15:00 to 18:00
        _readings(rng, 1, "2020-01-02 19:00", "2020-01-03 14:00"),  # then a gap of 30 hours
        _readings(rng, 1, "2020-01-04 20:00", "2020-01-05 01:00"),
        _readings(rng, 2, "2020-01-01 00:00", "2020-01-05 02:00"),
        _readings(rng, 3, "2020-01-01 00:00", "2020-01-02 11:00"),
        _readings(rng, 4, "2020-01-03 23:30", "2020-01-05 01:30"),
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame["datetime"] = frame["datetime"].astype("datetime64[us]")
    is_stuck = frame["machineID"] == 2
    frame.loc[is_stuck, ["volt", "rotate", "pressure"]] = [0.1, 1e7 + 0.1, 170.03]
    first = frame["machineID"] == 1
    frame.loc[first & (frame["datetime"].dt.hour == 4), "volt"] = np.nan
    is_lost = (frame["datetime"] >= "2020-01-02 03:30") & (frame["datetime"] <= "2020-01-02 06:00")
    frame.loc[first & is_lost, "rotate"] = np.nan
    _shift(frame, first & (frame["datetime"] == "2020-01-01 12:00"), 3)
    _shift(frame, first & (frame["datetime"] == "2020-01-01 15:00"), -3)
    return frame


def _readings(rng: np.random.Generator, machine: int, since: str, until: str) -> pd.DataFrame:
    times = pd.date_range(since, until, freq="h")
    values: dict[str, Any] = {"datetime": times, "machineID": machine}
    for sensor, mean, sd in (("volt", 171, 15), ("rotate", 446, 53), ("pressure", 101, 11), ("vibration", 40, 5)):
        values[sensor] = rng.normal(mean, sd, len(times))
    return pd.DataFrame(values)


def _shift(frame: pd.DataFrame, where: pd.Series[bool], ms: int) -> None:
    frame.loc[where, "datetime"] += pd.Timedelta(milliseconds=ms)
