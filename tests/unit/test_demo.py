"""What the demo counts as foreseen, missed and false."""

from __future__ import annotations

import datetime

import pandas as pd

from pymlsql.examples.pdm.demo import Foresight, compare

SINCE, UNTIL = datetime.datetime(2015, 3, 1), datetime.datetime(2015, 3, 10)
SLOTS = pd.date_range(SINCE, UNTIL, freq="3h")


def predictions(alarms: dict[tuple[int, str], str]) -> pd.DataFrame:
    frame = pd.DataFrame({"machineID": [1, 2] * len(SLOTS), "datetime": SLOTS.repeat(2), "predicted": "none"})
    for (machine, at), component in alarms.items():
        frame.loc[(frame["machineID"] == machine) & (frame["datetime"] == at), "predicted"] = component
    return frame


def failures(*rows: tuple[int, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["machineID", "datetime", "failure"])
    return frame.assign(datetime=pd.to_datetime(frame["datetime"]))


def test_a_failure_is_foreseen_from_the_first_slot_that_names_it() -> None:
    said = predictions(
        {(1, "2015-03-04 09:00"): "comp2", (1, "2015-03-04 12:00"): "comp1", (1, "2015-03-05 03:00"): "comp1"}
    )
    found = compare(said, failures((1, "2015-03-05 06:00", "comp1")), SINCE, UNTIL)
    assert found.warnings == (Foresight(1, datetime.datetime(2015, 3, 5, 6), ("comp1",), 18.0),)
    assert found.n_false_alarms == 0
    assert found.n_slots == len(said)


def test_the_wrong_component_machine_or_day_foresees_nothing() -> None:
    said = predictions(
        {(1, "2015-03-04 12:00"): "comp2", (2, "2015-03-04 12:00"): "comp1", (1, "2015-03-04 03:00"): "comp1"}
    )
    found = compare(said, failures((1, "2015-03-05 06:00", "comp1")), SINCE, UNTIL)
    assert [warning.hours_ahead for warning in found.warnings] == [None]
    assert found.n_false_alarms == 2


def test_components_that_fail_together_are_one_event() -> None:
    said = predictions({(1, "2015-03-04 12:00"): "comp3"})
    rows = failures((1, "2015-03-05 06:00", "comp1"), (1, "2015-03-05 06:00", "comp3"))
    found = compare(said, rows, SINCE, UNTIL)
    assert found.warnings == (Foresight(1, datetime.datetime(2015, 3, 5, 6), ("comp1", "comp3"), 18.0),)


def test_a_failure_without_any_scored_slot_before_it_is_not_counted_as_missed() -> None:
    said = predictions({})
    late = failures((1, "2015-03-11 03:00", "comp1"))
    assert compare(said, late, SINCE, UNTIL).warnings == ()
    assert compare(said, failures(), SINCE, UNTIL).warnings == ()
