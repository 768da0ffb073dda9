"""Made-up machine data: the columns and moments of the published set, and something to learn."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from pymlsql.errors import UsageError
from pymlsql.examples.pdm import generator
from pymlsql.examples.pdm.declaration import FEATURES
from pymlsql.features.reference import compute
from pymlsql.schema import METADATA

MOMENTS = {"volt": (171.0, 15.62), "rotate": (445.99, 53.31), "pressure": (100.60, 10.70), "vibration": (40.34, 5.30)}
"""Mean and sd of the published excerpt: 20 machines, 90 days."""


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return generator.generate(n_machines=20, n_days=90, seed=1)


def test_frames_have_the_columns_of_the_tables(frames: dict[str, pd.DataFrame]) -> None:
    assert set(frames) == {"telemetry", "errors", "maint", "machines", "failures"}
    for name, frame in frames.items():
        table = METADATA.tables[f"PdM_{name}"]
        assert set(frame.columns) == {column.name for column in table.columns}
        assert not frame.duplicated([column.name for column in table.primary_key.columns]).any()
        assert not frame.isna().any().any()
        assert set(frame["machineID"]) <= set(range(1, 21))


def test_telemetry_is_hourly_with_the_moments_of_the_published_set(frames: dict[str, pd.DataFrame]) -> None:
    telemetry = frames["telemetry"]
    assert len(telemetry) == 43_200
    assert (telemetry["datetime"].min(), telemetry["datetime"].max()) == (
        pd.Timestamp("2015-01-01 06:00"), pd.Timestamp("2015-04-01 05:00"),
    )  # fmt: skip
    for sensor, (mean, sd) in MOMENTS.items():
        assert telemetry[sensor].mean() == pytest.approx(mean, rel=0.005)
        assert telemetry[sensor].std() == pytest.approx(sd, rel=0.05)


def test_failures_are_rare_and_their_components_replaced_at_once(frames: dict[str, pd.DataFrame]) -> None:
    failures = frames["failures"]
    assert 30 <= len(failures) <= 70
    assert set(failures["failure"]) == {"comp1", "comp2", "comp3", "comp4"}
    replaced = set(frames["maint"].itertuples(index=False, name=None))
    assert set(failures.itertuples(index=False, name=None)) <= replaced
    before = frames["maint"][frames["maint"]["datetime"] <= "2015-01-01"]
    assert len(before.drop_duplicates(["machineID", "comp"])) == 80


def test_same_seed_gives_same_data_and_another_seed_other_data() -> None:
    first, again, other = (generator.generate(3, 10, seed) for seed in (5, 5, 6))
    for name in first:
        pd.testing.assert_frame_equal(first[name], again[name])
    assert not first["telemetry"].equals(other["telemetry"])


@pytest.mark.parametrize(("n_machines", "n_days"), [(0, 90), (1, 2)])
def test_too_little_is_refused(n_machines: int, n_days: int) -> None:
    with pytest.raises(UsageError):
        generator.generate(n_machines, n_days)


def test_smallest_data_has_typed_empty_tables() -> None:
    frames = generator.generate(1, 3, seed=1)
    assert len(frames["telemetry"]) == 72
    assert str(frames["failures"]["datetime"].dtype).startswith("datetime64")


def test_twenty_machines_take_less_than_three_seconds() -> None:
    start = time.perf_counter()
    generator.generate(n_machines=20, n_days=90, seed=2)
    assert time.perf_counter() - start < 3


def test_failures_can_be_learned_from_what_goes_before_them(frames: dict[str, pd.DataFrame]) -> None:
    rows = compute(FEATURES, {f"dbo.PdM_{name}": frame for name, frame in frames.items()}).dropna(subset=["failure"])
    names = [column.name for column in FEATURES.features]
    train, test = rows[rows["datetime"] <= "2015-02-28"], rows[rows["datetime"] >= "2015-03-01"]
    with threadpool_limits(limits=1, user_api="openmp"):
        model = HistGradientBoostingClassifier(early_stopping=False, class_weight="balanced", random_state=1)
        model.fit(train[names], train["failure"].astype(str))
        predicted = model.predict(test[names])
    assert f1_score(test["failure"].astype(str), predicted, average="macro") > 0.85
