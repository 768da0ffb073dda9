"""The declaration of features, and the pandas twin against the definitions and against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pymlsql.errors import DeclarationError
from pymlsql.examples.pdm.declaration import FEATURES
from pymlsql.features import FeatureSet
from pymlsql.features.reference import compute
from tests.machines import HORIZON, odd_frames

H = pd.Timedelta(hours=1)


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return odd_frames()


@pytest.fixture(scope="module")
def rows(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return compute(FEATURES, frames).set_index(["machineID", "datetime"])


def of(frame: pd.DataFrame, machine: int, after: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """A machine's events in (after, until]."""
    return frame[(frame["machineID"] == machine) & (frame["datetime"] > after) & (frame["datetime"] <= until)]


def test_rows_are_all_slots_that_have_readings_have_ended_and_have_a_day_before_them(
    frames: dict[str, pd.DataFrame], rows: pd.DataFrame
) -> None:
    telemetry = frames["dbo.PdM_telemetry"]
    expected = []
    for machine in range(1, 6):
        for end in pd.date_range("2020-01-01", "2020-01-06", freq="3h"):
            first = telemetry.loc[telemetry["machineID"] == machine, "datetime"].min()
            if len(of(telemetry, machine, end - 3 * H, end)) and first <= end - 24 * H and end <= HORIZON:
                expected.append((machine, end))
    assert rows.index.tolist() == expected
    assert {machine for machine, _ in expected} == {1, 2, 3, 4}


def test_windows_are_those_of_the_definition(frames: dict[str, pd.DataFrame], rows: pd.DataFrame) -> None:
    telemetry = frames["dbo.PdM_telemetry"]
    for (machine, end), row in rows.iterrows():
        for hours in (3, 24):
            window = of(telemetry, machine, end - hours * H, end)
            for sensor in FEATURES.windows[0].columns:
                values = window[sensor].dropna().to_numpy()
                mean = values.mean() if len(values) else np.nan
                sd = values.std(ddof=1) if len(values) > 1 else np.nan
                np.testing.assert_allclose(row[f"{sensor}mean_{hours}h"], mean, rtol=1e-12)
                np.testing.assert_allclose(row[f"{sensor}sd_{hours}h"], sd, rtol=1e-9, atol=1e-9)


def test_counts_and_days_since_are_those_of_the_definition(
    frames: dict[str, pd.DataFrame], rows: pd.DataFrame
) -> None:
    for (machine, end), row in rows.iterrows():
        errors = of(frames["dbo.PdM_errors"], machine, end - 24 * H, end)["errorID"]
        for n in range(1, 6):
            assert row[f"error{n}count"] == (errors == f"error{n}").sum()
        visits = of(frames["dbo.PdM_maint"], machine, pd.Timestamp.min, end)
        for n in range(1, 5):
            latest = visits.loc[visits["comp"] == f"comp{n}", "datetime"].max()
            days = (end - latest) / pd.Timedelta(days=1)
            np.testing.assert_allclose(row[f"comp{n}"], days, rtol=1e-12)


def test_label_is_the_first_failure_of_the_24_hours_after_the_slot(
    frames: dict[str, pd.DataFrame], rows: pd.DataFrame
) -> None:
    for (machine, end), row in rows.iterrows():
        ahead = of(frames["dbo.PdM_failures"], machine, end, end + 24 * H).sort_values(["datetime", "failure"])
        expected = None if end + 24 * H > HORIZON else ahead["failure"].iloc[0] if len(ahead) else "none"
        assert row["failure"] == expected or (row["failure"] is None and expected is None)


def test_two_failures_in_one_window_give_one_row_with_the_earliest(rows: pd.DataFrame) -> None:
    failure = rows.loc[1, "failure"]
    assert failure[pd.Timestamp("2020-01-02 12:00")] == "comp1"  # with comp2 at one time: the first by name
    assert failure[pd.Timestamp("2020-01-02 21:00")] == "comp4"  # the two have happened; the third lies ahead
    assert failure[pd.Timestamp("2020-01-03 03:00")] == "none"
    assert rows.index.is_unique


def test_event_at_the_very_end_of_a_slot_is_known_and_a_tick_later_is_not(rows: pd.DataFrame) -> None:
    at, after = pd.Timestamp("2020-01-02 09:00"), pd.Timestamp("2020-01-02 12:00")
    assert rows.loc[(1, at), ["error1count", "error2count"]].tolist() == [1, 1]
    assert rows.loc[(1, after), ["error1count", "error2count"]].tolist() == [2, 1]
    assert rows.loc[(1, at), ["comp1", "comp2"]].tolist() == [0.0, 0.0]
    assert rows.loc[(1, after), ["comp1", "comp2"]].tolist() == [0.125, 0.0625]


def test_stuck_sensors_have_no_deviation_at_any_magnitude(rows: pd.DataFrame) -> None:
    stuck = rows.loc[2]
    for sensor in ("volt", "rotate", "pressure"):
        for hours in (3, 24):
            assert stuck[f"{sensor}sd_{hours}h"].abs().max() <= 1e-8


def test_machine_without_a_row_among_the_machines_has_nulls(rows: pd.DataFrame) -> None:
    columns = ["age", *(f"model_model{n}" for n in range(1, 5))]
    assert rows.loc[2, columns].isna().all().all()
    assert rows.loc[3, columns].iloc[0].tolist() == [0, 0, 0, 0, 0]  # of a model that is not declared
    assert rows.loc[1, columns].iloc[0].tolist() == [18, 0, 0, 1, 0]


def test_range_gives_the_same_rows_as_the_whole(frames: dict[str, pd.DataFrame], rows: pd.DataFrame) -> None:
    part = compute(FEATURES, frames, entity=1, since="2020-01-02 09:00", until="2020-01-02 15:00")
    expected = rows.loc[1].loc["2020-01-02 09:00":"2020-01-02 15:00"]
    assert part["datetime"].tolist() == expected.index.tolist()
    assert len(part) == 3
    numbers = expected.iloc[:, :-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.iloc[:, 2:-1].astype(float), numbers.astype(float))


def test_features_are_thirty_numbers_between_keys_and_label() -> None:
    names = [column.name for column in FEATURES.columns]
    assert names[:2] == ["machineID", "datetime"]
    assert names[-1] == "failure"
    assert len(FEATURES.features) == 30
    assert all(column.sql_type in ("float", "int") for column in FEATURES.features)


def test_missing_frame_is_named(frames: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(DeclarationError, match=r"dbo\.PdM_maint"):
        compute(FEATURES, {name: frame for name, frame in frames.items() if name != "dbo.PdM_maint"})


def changed(**values: Any) -> dict[str, Any]:
    """The example's declaration as plain data with some values replaced (`a__b` reaches into a)."""
    plain = FEATURES.model_dump()
    for path, value in values.items():
        target = plain
        *outer, last = path.split("__")
        for key in outer:
            target = target[int(key) if key.isdigit() else key]
        target[last] = value
    return plain


CONTRADICTIONS = {
    "slot that does not divide a day": (changed(every="5h"), "every: slots must divide 24"),
    "window that is no whole number of slots": (changed(label__ahead="25h"), "label.ahead: .*25h is none"),
    "a window twice": (changed(windows__0__over=("3h", "24h", "24h")), r"windows.0: .*two columns voltmean_24h"),
    "two columns of one name": (changed(label__name="AGE"), "label.name: .*two columns age"),
    "name of the generated text": (changed(label__name="Slot_No"), "two columns slot_no"),
    "view without a schema": (changed(view="Features"), "needs a schema"),
    "name too long": (changed(time="x" * 129), "longer than 128"),
    "name with a line end": (changed(time="a\nb"), "control character"),
    "parameter that is no variable": (changed(entity__0__parameter="a-b"), "pattern"),
    "parameter that the functions have": (changed(entity__0__parameter="Since"), "entity.0.parameter: .*of their own"),
    "entity of a type that is no key": (changed(entity__0__sql_type="float"), "entity.0.type: .*cannot be float"),
    "unknown type": (changed(label__sql_type="text"), "not a T-SQL type"),
    "none among the labels": (changed(label__none="comp1"), "must differ"),
    "unknown word": (changed(window=()), "window: there is no such key \\(did you mean windows"),
    "a misspelt source": (
        changed(counts__0__source="error"),
        r"counts.0.source: no source is called error \(did you mean",
    ),
    "rows of no source": (changed(rows="telemetri"), r"rows: .*did you mean telemetry"),
    "source that is the view itself": (
        changed(sources__errors__table="dbo.featuresandlabels"),
        "sources.errors.table: a cycle",
    ),
    "source that is the function": (changed(sources__errors__table="dbo.FeaturesAndLabelsFor"), "a cycle"),
    "window over a source without time": (
        changed(windows__0__source="machines"),
        "windows.0.source: a window needs a time key",
    ),
    "count over a source without time": (
        changed(counts__0__source="machines"),
        "counts.0.source: a window needs a time key",
    ),
    "no time key at all": (changed(time=None), "without time key"),
    "attributes of a source with a time": (
        changed(attributes__0__source="failures"),
        "attributes.0.source: failures has a time",
    ),
    "label of a source without time": (
        changed(label__source="machines"),
        "label.source: a label ahead needs a time key",
    ),
    "key that the entity lacks": (
        changed(sources__errors__keys={"machine": "m"}),
        "sources.errors.keys.machine: .*did you mean machineID",
    ),
    "static source with a time": (
        changed(sources__machines__time="at"),
        "sources.machines.time: a static source has no time",
    ),
    "no length of time": (changed(windows__0__over=("3 weeks",)), "windows.0.over.0: '3 weeks' is not a window"),
    "no statistic": (changed(windows__0__statistics=("median",)), "windows.0.statistics.0: one of "),
}


@pytest.mark.parametrize(("values", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_declaration_that_contradicts_itself_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        FeatureSet.parse(values)


def test_declaration_survives_plain_data() -> None:
    assert FeatureSet.parse(FEATURES.model_dump()) == FEATURES
