"""Evaluation and retention of what batch procedures have stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, root_mean_squared_error
from sklearn.pipeline import make_pipeline

from pymlsql.errors import DatabaseError
from pymlsql.toolkit import Toolkit
from tests.contract.trained import Example, examples, pipeline


@pytest.fixture(scope="module")
def db() -> Iterator[Toolkit]:
    with examples() as made:
        yield made


@pytest.fixture(scope="module")
def calls(db: Toolkit) -> Example:
    """Scored by two versions, part of it twice by the first."""
    example = Example(db, "bank", "score")
    example.fit(pipeline(example.features, LogisticRegression(max_iter=500)))
    db.read("EXEC dbo.ScoreCalls @until = '2023-05-03T00:00:00', @return_rows = 0")
    db.read("EXEC dbo.ScoreCalls @until = '2023-05-02T00:00:00', @return_rows = 0")
    example.fit(pipeline(example.features, LogisticRegression(max_iter=500, C=0.01)))
    db.read("EXEC dbo.ScoreCalls @unscored = 1, @return_rows = 0")
    return example


def judged(example: Example) -> pd.DataFrame:
    """The latest prediction of each version with the label of its row, where that is known."""
    keys = [one.name for one in example.features.keys]
    stored = example.stored().sort_values("run_id").drop_duplicates([*keys, "model_version"], keep="last")
    label = example.features.label.name
    labels = example.rows[[*keys, label]].dropna(subset=[label])
    return stored.merge(labels, on=keys).rename(columns={label: "actual"})


def test_classes_are_judged_by_version_and_day(calls: Example) -> None:
    found = calls.db.read("EXEC dbo.EvaluateCalls")
    rows = judged(calls)
    rows["period_start"] = rows["called_at"].dt.normalize()
    wanted = []
    for (version, day), part in rows.groupby(["model_version", "period_start"]):
        macro = f1_score(part["actual"], part["predicted"], average="macro", zero_division=0)
        wanted.append((version, day, len(part), accuracy_score(part["actual"], part["predicted"]), macro))
    names = ["model_version", "period_start", "n", "accuracy", "macro_f1"]
    expected = pd.DataFrame(wanted, columns=names)
    assert expected["model_version"].nunique() == 2
    pd.testing.assert_frame_equal(found[names], expected, check_dtype=False, rtol=1e-12)
    kept = calls.db.read("SELECT * FROM dbo.CallEvaluations ORDER BY model_version, period_start")
    pd.testing.assert_frame_equal(kept[names], expected, check_dtype=False, rtol=1e-12)
    pairs = calls.db.read("SELECT * FROM dbo.CallConfusion")
    counted = rows.groupby(["model_version", "period_start", "actual", "predicted"]).size()
    index = ["model_version", "period_start", "actual", "predicted"]
    assert pairs.set_index(index)["n"].sort_index().tolist() == counted.sort_index().tolist()
    assert pairs["n"].sum() == len(rows)


def test_what_was_kept_of_a_period_is_replaced_and_a_part_of_one_is_widened(calls: Example) -> None:
    db = calls.db
    db.read("EXEC dbo.EvaluateCalls")
    before = db.read("SELECT * FROM dbo.CallEvaluations ORDER BY model_version, period_start")
    arguments = "@since = '2023-05-02T10:00:00', @until = '2023-05-02T11:00:00', @version = 1"
    (row,) = db.rows(f"EXEC dbo.EvaluateCalls {arguments}")
    assert row.n == (judged(calls).query("model_version == 1")["called_at"].dt.day == 2).sum()
    after = db.read("SELECT * FROM dbo.CallEvaluations ORDER BY model_version, period_start")
    pd.testing.assert_frame_equal(after.drop(columns="evaluated_at"), before.drop(columns="evaluated_at"))
    assert (after["evaluated_at"] > before["evaluated_at"]).sum() == 1
    (month,) = db.rows("EXEC dbo.EvaluateCalls @period = N'month', @version = 2, @persist = 0")
    assert (month.period_start.day, month.n) == (1, len(judged(calls).query("model_version == 2")))
    assert db.scalar("SELECT COUNT(*) FROM dbo.CallEvaluations WHERE period <> N'day'") == 0


@pytest.mark.parametrize(
    ("arguments", "number", "message"),
    [
        ("@period = N'hour'", 51007, "day, week, month or year"),
        ("@period = NULL", 51007, "day, week, month or year"),
        ("@version = 99", 51004, "no label has arrived"),
        ("@since = '2024-01-01T00:00:00'", 51004, "no label has arrived"),
    ],
)
def test_evaluation_of_nothing_is_refused(calls: Example, arguments: str, number: int, message: str) -> None:
    with pytest.raises(DatabaseError, match=message) as caught:
        calls.db.read(f"EXEC dbo.EvaluateCalls {arguments}")
    assert caught.value.number == number


def test_numbers_are_judged_by_week(db: Toolkit) -> None:
    example = Example(db, "demand", "forecast")
    example.fit(make_pipeline(SimpleImputer(), LinearRegression()))
    db.read("EXEC dbo.ForecastDemand @unscored = 1, @return_rows = 0")
    found = db.read("EXEC dbo.EvaluateForecasts @period = N'week'")
    rows = judged(example)
    rows["period_start"] = rows["day"] - pd.to_timedelta(rows["day"].dt.day_of_week, unit="D")
    weeks = list(rows.groupby("period_start"))
    assert len(weeks) > 3
    assert found["period_start"].tolist() == [week for week, _ in weeks]
    assert found["n"].tolist() == [len(part) for _, part in weeks]
    for name, measure in (("mae", mean_absolute_error), ("rmse", root_mean_squared_error)):
        wanted = [measure(part["actual"], part["predicted"]) for _, part in weeks]
        np.testing.assert_allclose(found[name], wanted, rtol=1e-9)
    bias = [(part["predicted"] - part["actual"]).mean() for _, part in weeks]
    np.testing.assert_allclose(found["bias"], bias, rtol=1e-9, atol=1e-12)


PURGE = "EXEC dbo.PurgeCallPredictions"


def purge(db: Toolkit, arguments: str = "") -> tuple[Any, ...]:
    """What went: predictions, runs, orphans; runs under way."""
    (row,) = db.rows(f"{PURGE} {arguments}")
    return (row.n_predictions, row.n_runs, row.n_orphans, row.n_under_way)


def test_old_runs_go_with_their_rows_and_no_others(calls: Example) -> None:
    db = calls.db
    assert purge(db) == (0, 0, 0, 0)
    runs = db.rows("SELECT run_id, rows FROM ml.scoring_runs WHERE procedure_name = N'dbo.ScoreCalls' ORDER BY run_id")
    first, second, third = runs
    n_all = db.scalar("SELECT COUNT(*) FROM dbo.CallPredictions")
    db.execute(
        "UPDATE ml.scoring_runs SET started_at = DATEADD(day, -40, started_at),"
        f" finished_at = DATEADD(day, -40, finished_at) WHERE run_id IN ({first.run_id}, {second.run_id})"
    )
    db.execute(f"UPDATE ml.scoring_runs SET status = N'running', finished_at = NULL WHERE run_id = {second.run_id}")
    assert purge(db, "@days = 50") == (0, 0, 0, 0)
    assert purge(db, "@days = 30, @dry_run = 1") == (first.rows + second.rows, 2, 0, 0)
    with db.connect(autocommit=True) as other:
        lock = f"N'pymlsql.run {second.run_id}'"
        other.exec_driver_sql(f"EXEC sp_getapplock {lock}, N'Exclusive', N'Session', 0")
        assert purge(db, "@days = 30, @batch_rows = 7") == (first.rows, 1, 0, 1)
        other.exec_driver_sql(f"EXEC sp_releaseapplock {lock}, N'Session'")
    assert purge(db, "@days = 30, @batch_rows = 7") == (second.rows, 1, 0, 0)
    assert db.scalar("SELECT COUNT(*) FROM dbo.CallPredictions") == n_all - first.rows - second.rows
    assert db.scalar("SELECT COUNT(*) FROM ml.scoring_runs") == 1 + db.scalar(
        "SELECT COUNT(*) FROM ml.scoring_runs WHERE procedure_name <> N'dbo.ScoreCalls'"
    )
    db.execute(f"UPDATE dbo.CallPredictions SET run_id = 999, scored_at = '20200101' WHERE run_id = {third.run_id}")
    assert purge(db) == (0, 0, third.rows, 0)


@pytest.mark.parametrize("arguments", ["@days = 0", "@days = NULL", "@batch_rows = 0"])
def test_purge_that_cannot_be_meant_is_refused(db: Toolkit, calls: Example, arguments: str) -> None:
    with pytest.raises(DatabaseError, match="says how many") as caught:
        purge(db, arguments)
    assert caught.value.number == 51007


def test_purge_inside_a_transaction_is_refused(db: Toolkit, calls: Example) -> None:
    with pytest.raises(DatabaseError, match="outside a transaction"), db.connect() as connection:
        connection.exec_driver_sql(PURGE)
