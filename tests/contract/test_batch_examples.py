"""The batch procedures of the examples: what they store is what the same pipeline predicts in Python."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from pymlsql import deployment
from pymlsql.errors import DatabaseError
from pymlsql.features.modules import render_features
from pymlsql.features.store import Store
from pymlsql.toolkit import Toolkit
from tests.contract.trained import Example, examples, pipeline


@pytest.fixture(scope="module")
def db() -> Iterator[Toolkit]:
    with examples() as made:
        yield made


@pytest.fixture(scope="module")
def calls(db: Toolkit) -> tuple[Example, Any]:
    example = Example(db, "bank", "score")
    return example, example.fit(pipeline(example.features, LogisticRegression(max_iter=500)))


@pytest.fixture(scope="module")
def sales(db: Toolkit) -> tuple[Example, Any]:
    example = Example(db, "demand", "forecast")
    return example, example.fit(make_pipeline(SimpleImputer(), LinearRegression()))


def number_of(error: pytest.ExceptionInfo[DatabaseError]) -> int | None:
    return error.value.number


def test_calls_are_stored_with_the_class_of_least_cost(calls: tuple[Example, Any]) -> None:
    example, estimator = calls
    db = example.db
    returned = db.read("EXEC dbo.ScoreCalls @since = '2023-01-01T00:00:00'")
    stored = example.stored()
    rows = example.wanted()
    chances = estimator.predict_proba(example.inputs.loc[rows.index])[:, list(estimator.classes_).index("yes")]
    assert stored["callID"].tolist() == rows["callID"].tolist()
    np.testing.assert_allclose(stored["p_yes"], chances, rtol=1e-9)
    np.testing.assert_allclose(stored["p_no"], 1 - chances, rtol=1e-9)
    # predicting no costs 6 where it is yes, predicting yes costs 1 where it is no
    cheapest = np.where(6 * chances < 1 * (1 - chances), "no", "yes")
    cheapest = np.where(6 * chances == 1 - chances, "no", cheapest)
    assert stored["predicted"].tolist() == cheapest.tolist()
    assert {"no", "yes"} == set(cheapest)
    assert returned["p_no"].is_monotonic_increasing
    assert sorted(returned["callID"]) == sorted(stored["callID"])
    run = db.rows("SELECT * FROM ml.scoring_runs")[-1]
    assert (run.status, run.rows, run.procedure_name) == ("succeeded", len(rows), "dbo.ScoreCalls")


def test_second_apply_finds_nothing_to_do(calls: tuple[Example, Any]) -> None:
    example, _ = calls
    assert example.db.plan(example.project).changes == ()


def test_each_day_has_its_most_urgent_alerts_and_never_more(calls: tuple[Example, Any]) -> None:
    example, _ = calls
    db = example.db
    if not len(example.stored()):
        db.read("EXEC dbo.ScoreCalls @since = '2023-01-01T00:00:00'")
    db.read("EXEC dbo.ScoreCalls @since = '2023-05-02T00:00:00', @until = '2023-05-02T12:00:00', @return_rows = 0")
    stored = example.stored()
    days = stored.assign(day=stored["called_at"].dt.date).groupby("day")
    n_full = 0
    for _, rows in days:
        first = rows[rows["run_id"] == rows["run_id"].min()]
        possible = first[first["predicted"] != "no"].sort_values(["p_no", "callID"])
        wanted = set(possible["callID"].head(20))
        assert set(first.loc[first["alert"], "callID"]) == wanted
        assert rows["alert"].sum() == len(wanted)  # the later run of the same day has given no more
        n_full += len(wanted) == 20
    assert n_full > 0


def test_sales_are_forecast_by_both_keys(sales: tuple[Example, Any]) -> None:
    example, estimator = sales
    db = example.db
    returned = db.read("EXEC dbo.ForecastDemand @shop_id = 2, @since = '2023-01-01T00:00:00'")
    rows = example.wanted()
    rows = rows[rows["shopID"] == 2]
    stored = example.stored("shopID = 2")
    assert stored[["item", "day"]].values.tolist() == rows[["item", "day"]].values.tolist()
    np.testing.assert_allclose(stored["predicted"], estimator.predict(example.inputs.loc[rows.index]), rtol=1e-6)
    assert list(returned.columns) == ["shopID", "item", "day", "predicted", "model_version"]
    assert returned["predicted"].is_monotonic_decreasing
    one = db.read("EXEC dbo.ForecastDemand @shop_id = 1, @item = N'item02', @persist = 0")
    latest = example.rows.query("shopID == 1 and item == 'item02'").sort_values("day").tail(1)
    assert one[["shopID", "item", "day"]].values.tolist() == latest[["shopID", "item", "day"]].values.tolist()
    np.testing.assert_allclose(one["predicted"], estimator.predict(example.inputs.loc[latest.index]), rtol=1e-6)


def test_unscored_scores_each_row_once_and_then_says_51004(sales: tuple[Example, Any]) -> None:
    example, _ = sales
    db = example.db
    db.execute("DELETE FROM dbo.DemandForecasts; DELETE FROM ml.scoring_runs")
    db.read("EXEC dbo.ForecastDemand @item = N'item01', @since = '2023-01-01T00:00:00'")
    db.read("EXEC dbo.ForecastDemand @unscored = 1")
    stored = example.stored()
    assert len(stored) == len(example.rows)
    assert not stored.duplicated(["shopID", "item", "day"]).any()
    with pytest.raises(DatabaseError, match="every row in the range") as caught:
        db.read("EXEC dbo.ForecastDemand @unscored = 1")
    assert number_of(caught) == 51004


def test_stored_rows_are_scored_as_those_of_the_view(sales: tuple[Example, Any]) -> None:
    example, estimator = sales
    store = Store(table="dbo.[kept it's]", refresh="dbo.KeepDemand")
    features = example.features.model_copy(update={"store": store, "view": "dbo.KeptDemand"})
    words = {"name": "dbo.ForecastKept", "predictions": "dbo.KeptForecasts", "served": "dbo.ServedKept"}
    declared = example.declared.model_copy(update={**words, "from_store": True})
    with example.db.transaction() as connection:
        deployment.deploy(connection, (*render_features(features), *declared.render(features)))
    example.db.read("EXEC dbo.KeepDemand @full = 1")
    one = example.db.read("EXEC dbo.ForecastKept @item = N'item03', @shop_id = 1")
    assert len(one) == 1
    example.db.execute("DELETE FROM dbo.[kept it's] WHERE shopID = 1 AND item = N'item01'")
    example.db.read("EXEC dbo.ForecastKept @unscored = 1, @return_rows = 0")
    stored = example.db.read("SELECT * FROM dbo.ServedKept ORDER BY shopID, item, day")
    rows = example.wanted().query("shopID != 1 or item != 'item01'")
    assert stored[["shopID", "item", "day"]].values.tolist() == rows[["shopID", "item", "day"]].values.tolist()
    np.testing.assert_allclose(stored["predicted"], estimator.predict(example.inputs.loc[rows.index]), rtol=1e-6)
