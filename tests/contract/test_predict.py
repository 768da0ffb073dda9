"""dbo.PredictFailures on a server: what it scores, stores, returns and refuses."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sqlalchemy.engine import Connection, Engine
from threadpoolctl import threadpool_limits

from pymlsql import deployment, routes
from pymlsql.database import DatabaseError, translated_errors
from pymlsql.examples.pdm.declaration import FEATURES, PROCEDURE, PROJECT
from pymlsql.features.reference import compute
from pymlsql.modules import Module
from pymlsql.procedures import render_procedure
from pymlsql.procedures.evaluation import Evaluate
from tests.contract import pdm
from tests.machines import odd_frames

NAMES = [column.name for column in FEATURES.features]
RESULT = ["machineID", "datetime", "predicted", "p_none", "p_comp1", "p_comp2", "p_comp3", "p_comp4", "model_version"]


@pytest.fixture(scope="module")
def frames() -> dict[str, pd.DataFrame]:
    return odd_frames()


@pytest.fixture(scope="module")
def rows(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The features in pandas."""
    return compute(FEATURES, frames)


def fit(rows: pd.DataFrame, names: list[str], shift: int = 0) -> Any:
    """A classifier that takes missing values; its classes are not in the order of the procedure's."""
    truth = np.array(["none", "comp3", "comp1"])[(np.arange(len(rows)) + shift) % 3]
    with threadpool_limits(limits=1, user_api="openmp"):
        estimator = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=2, early_stopping=False)
        return estimator.fit(rows[names].astype("float64"), truth)


@pytest.fixture(scope="module")
def engine(frames: dict[str, pd.DataFrame]) -> Iterator[Engine]:
    with pdm.running_engine() as engine:
        pdm.prepare(engine, frames)
        pdm.enable_scripts(engine)
        yield engine


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """In autocommit mode, as the procedure wants it, without runs of tests before."""
    with engine.connect() as connection:
        auto = connection.execution_options(isolation_level="AUTOCOMMIT")
        auto.exec_driver_sql("DELETE FROM dbo.FailurePredictions")
        auto.exec_driver_sql("DELETE FROM ml.scoring_runs")
        yield auto


@pytest.fixture
def champion(connection: Connection, rows: pd.DataFrame) -> tuple[int, Any]:
    """A model on some columns of the view, in an order of its own; its version and itself."""
    names = ["comp2", "voltmean_24h", "age", "error1count", "vibrationsd_3h", "model_model3", "comp1"]
    estimator = fit(rows, names)
    return pdm.push(connection, estimator), estimator


def expected(rows: pd.DataFrame, champion: tuple[int, Any]) -> pd.DataFrame:
    """What the procedure is to return for rows of the view, computed here."""
    version, estimator = champion
    found = pd.DataFrame(
        estimator.predict_proba(rows[list(estimator.feature_names_in_)].astype("float64")),
        columns=[f"p_{name}" for name in estimator.classes_],
    )
    result = rows[["machineID", "datetime"]].reset_index(drop=True)
    for name in FEATURES.label.classes:
        result[f"p_{name}"] = found.get(f"p_{name}", 0.0)
    names = result[RESULT[3:8]].to_numpy().argmax(axis=1)
    result["predicted"] = [FEATURES.label.classes[n] for n in names]
    result["model_version"] = version
    return result.sort_values(["p_none", "machineID", "datetime"], ignore_index=True)[RESULT]


def run(connection: Connection, arguments: str = "") -> pd.DataFrame:
    """Execute the procedure; errors as the toolkit raises them."""
    with translated_errors():
        return pdm.read(connection, f"EXEC dbo.PredictFailures {arguments}")


def count(connection: Connection, table: str, where: str = "1 = 1") -> int:
    """Rows of a table."""
    return int(connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table} WHERE {where}").scalar())


def check(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert list(found.columns) == RESULT
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False, rtol=1e-9, atol=1e-12)


def latest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["datetime"] == rows.groupby("machineID")["datetime"].transform("max")]


def test_without_a_range_each_machines_latest_slot_is_scored(
    connection: Connection, rows: pd.DataFrame, champion: tuple[int, Any]
) -> None:
    wanted = expected(latest(rows), champion)
    assert wanted["datetime"].nunique() > 1  # one machine stopped early
    check(run(connection), wanted)


def test_a_route_splits_machines_over_versions_and_a_shadow_is_not_seen(
    connection: Connection, rows: pd.DataFrame, champion: tuple[int, Any]
) -> None:
    execute = connection.exec_driver_sql
    second = execute(
        "INSERT INTO ml.model_versions (model_id, version, sha256, format, signature, python_version, packages,"
        " metrics) OUTPUT inserted.version SELECT model_id, version + 1, sha256, format, signature, python_version,"
        " packages, metrics FROM ml.model_versions WHERE version = ?", (champion[0],)
    ).scalar()  # fmt: skip
    model_id = execute("SELECT model_id FROM ml.models WHERE name = N'failures'").scalar()
    for alias in ("challenger", "shadow"):
        execute("INSERT INTO ml.model_aliases (model_id, alias, version) VALUES (?, ?, ?)", (model_id, alias, second))
    made = "INSERT INTO ml.routes (model_id, active) OUTPUT inserted.route_id VALUES (?, 1)"
    route = execute(made, (model_id,)).scalar()
    machines = sorted(set(latest(rows)["machineID"]))
    slots = {machine: routes.slot_of("failures", (machine,), ["int"]) for machine in machines}
    middle = sorted(slots.values())[len(slots) // 2]
    for low, high, alias in ((0, middle - 1, "champion"), (middle, 9999, "challenger")):
        execute("INSERT INTO ml.route_ranges VALUES (?, ?, ?, ?)", (route, low, high, alias))
    execute("INSERT INTO ml.route_shadows VALUES (?, N'shadow')", (route,))
    try:
        wanted = expected(latest(rows), champion)
        wanted["model_version"] = [champion[0] if slots[one] < middle else second for one in wanted["machineID"]]
        assert wanted["model_version"].nunique() == 2
        check(run(connection), wanted)
        check(run(connection, "@persist = 0"), wanted)
        check(run(connection, "@alias = N'champion'"), expected(latest(rows), champion))
        assert count(connection, "ml.scoring_runs", "is_shadow = 1 AND status = N'succeeded'") == 1
        assert count(connection, "dbo.FailurePredictions") == 3 * len(wanted)
        assert count(connection, "dbo.ServedFailurePredictions") == 2 * len(wanted)
        assert len(run(connection, "@unscored = 1")) == len(rows) - len(wanted)
        with pytest.raises(DatabaseError, match="51004"):
            run(connection, "@unscored = 1")
    finally:
        execute("DELETE FROM dbo.FailurePredictions")
        execute("DELETE FROM ml.scoring_runs")
        for table in ("ml.route_shadows", "ml.route_ranges", "ml.routes", "ml.model_aliases"):
            execute(f"DELETE FROM {table}")


RANGES = {
    "a machine": ("@machine_id = 1, @since = '2020-01-02T09:00:00'", 1, "2020-01-02 09:00", "2100-01-01"),
    "both ends": (
        "@since = '2020-01-02T09:00:00', @until = '2020-01-02T15:00:00'", None, "2020-01-02 09:00", "2020-01-02 15:00",
    ),
    "up to": ("@until = '2020-01-02T03:00:00'", None, "1900-01-01", "2020-01-02 03:00"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "machine", "since", "until"), RANGES.values(), ids=RANGES)
def test_range_scores_all_its_slots(
    connection: Connection, rows: pd.DataFrame, champion: tuple[int, Any],
    arguments: str, machine: int | None, since: str, until: str,
) -> None:  # fmt: skip
    chosen = rows[(rows["datetime"] >= since) & (rows["datetime"] <= until)]
    chosen = chosen if machine is None else chosen[chosen["machineID"] == machine]
    check(run(connection, arguments), expected(chosen, champion))


def test_predictions_are_stored_under_their_run(
    connection: Connection, rows: pd.DataFrame, champion: tuple[int, Any]
) -> None:
    sql = (
        "DECLARE @run bigint; EXEC dbo.PredictFailures @since = '2020-01-02T09:00:00',"
        " @until = '2020-01-02T09:00:00', @run_id = @run OUTPUT; SELECT @run AS run_id"
    )
    cursor = connection.exec_driver_sql(sql).cursor
    returned = cursor.fetchall()
    assert cursor.nextset()
    ((run_id,),) = cursor.fetchall()
    stored = pdm.read(connection, f"SELECT {', '.join(RESULT)} FROM dbo.FailurePredictions WHERE run_id = ?", run_id)
    chosen = rows[rows["datetime"] == "2020-01-02 09:00"]
    check(stored.sort_values(RESULT[3:4] + RESULT[:2], ignore_index=True), expected(chosen, champion))
    assert len(returned) == len(stored)
    record = connection.exec_driver_sql("SELECT * FROM ml.scoring_runs WHERE run_id = ?", (run_id,)).one()
    assert (record.status, record.rows, record.error) == ("succeeded", len(stored), None)
    assert (record.since, record.until) == (datetime.datetime(2020, 1, 2, 9), datetime.datetime(2020, 1, 2, 9))
    assert record.finished_at >= record.started_at
    assert record.duration_s >= 0
    assert count(connection, "dbo.ServedFailurePredictions") == len(stored)


def test_predictions_of_a_run_under_way_are_not_served(connection: Connection, champion: tuple[int, Any]) -> None:
    run(connection, "@machine_id = 2")
    connection.exec_driver_sql("UPDATE ml.scoring_runs SET status = N'running'")
    assert count(connection, "dbo.FailurePredictions") == 1
    assert count(connection, "dbo.ServedFailurePredictions") == 0


def test_persist_0_stores_nothing(connection: Connection, rows: pd.DataFrame, champion: tuple[int, Any]) -> None:
    check(run(connection, "@persist = 0"), expected(latest(rows), champion))
    assert count(connection, "dbo.FailurePredictions") + count(connection, "ml.scoring_runs") == 0


def test_unscored_scores_what_this_version_has_not_and_nothing_twice(
    connection: Connection, rows: pd.DataFrame, champion: tuple[int, Any]
) -> None:
    first = run(connection, "@machine_id = 1, @since = '2020-01-02T09:00:00', @until = '2020-01-02T15:00:00'")
    rest = run(connection, "@machine_id = 1, @unscored = 1")
    assert len(first) + len(rest) == (rows["machineID"] == 1).sum()
    assert not set(first["datetime"]) & set(rest["datetime"])
    with pytest.raises(DatabaseError, match="scored every slot") as raised:
        run(connection, "@machine_id = 1, @unscored = 1")
    assert raised.value.number == 51004
    connection.exec_driver_sql("UPDATE ml.scoring_runs SET status = N'failed' WHERE rows = ?", (len(first),))
    assert len(run(connection, "@machine_id = 1, @unscored = 1")) == len(first)  # a failed run has scored nothing
    pdm.push(connection, fit(rows, NAMES, shift=1))
    assert len(run(connection, "@machine_id = 1, @unscored = 1")) == (rows["machineID"] == 1).sum()


def test_chunks_give_the_same_as_one(connection: Connection, rows: pd.DataFrame, champion: tuple[int, Any]) -> None:
    small = PROCEDURE.model_copy(update={"name": "dbo.PredictInChunks", "chunk_rows": 7})
    deployment.deploy(connection, render_procedure(small)[:1])
    found = pdm.read(connection, "EXEC dbo.PredictInChunks @since = '2020-01-02T00:00:00'")
    assert len(found) > 21
    check(found, expected(rows[rows["datetime"] >= "2020-01-02"], champion))
    assert count(connection, "dbo.FailurePredictions") == len(found)


def refused(connection: Connection, number: int, message: str, arguments: str = "") -> str:
    """Execute, expect that error, and see that nothing is left to serve; the recorded error."""
    n_before = count(connection, "dbo.FailurePredictions")
    with pytest.raises(DatabaseError, match=message) as raised:
        run(connection, arguments)
    assert raised.value.number == number
    assert count(connection, "dbo.FailurePredictions") == n_before
    found = connection.exec_driver_sql(
        "SELECT TOP (1) status, error FROM ml.scoring_runs ORDER BY run_id DESC"
    ).one_or_none()
    return "" if found is None or found.status != "failed" else str(found.error)


@pytest.mark.parametrize("arguments", ["@model = N'nothing'", "@alias = N'nobody'"])
def test_unknown_model_or_alias_is_51001(connection: Connection, champion: object, arguments: str) -> None:
    assert refused(connection, 51001, "push one and promote it", arguments) == ""


def test_bytes_that_do_not_match_their_sha256_are_51002(connection: Connection, rows: pd.DataFrame) -> None:
    pdm.push(connection, fit(rows, NAMES), sha256=bytes(range(32)))
    assert "51002" in refused(connection, 51002, "do not match their sha256")


def test_model_that_wants_a_column_the_view_lacks_is_51003(connection: Connection, rows: pd.DataFrame) -> None:
    other = rows.rename(columns={"comp4": "oil"})
    pdm.push(connection, fit(other, ["age", "oil"]))
    assert "oil" in refused(connection, 51003, "takes the column oil")


def test_column_that_left_the_view_is_51003(
    connection: Connection, champion: object, frames: dict[str, pd.DataFrame]
) -> None:
    modules = PROJECT.modules
    view = modules[2]
    text = "\n".join(line for line in view.text.splitlines() if "[comp3]" not in line)
    deployment.deploy(connection, [Module(view.name, view.type, text)])
    try:
        refused(connection, 51003, "has no column comp3")
    finally:
        deployment.deploy(connection, [view])


@pytest.mark.parametrize(
    "arguments", ["@machine_id = 5", "@machine_id = 99", "@since = '2021-01-01T00:00:00'"],
)  # fmt: skip
def test_nothing_to_score_is_51004_and_no_run(connection: Connection, champion: object, arguments: str) -> None:
    refused(connection, 51004, "no slot lies in the range", arguments)
    assert count(connection, "ml.scoring_runs") == 0


def test_script_that_fails_is_51005_with_its_traceback(connection: Connection, champion: tuple[int, Any]) -> None:
    pdm.push(connection, champion[1], data=b"no pickle at all")
    recorded = refused(connection, 51005, "UnpicklingError", "@machine_id = 2")
    assert "Traceback" in recorded
    assert count(connection, "ml.scoring_runs", "status = N'failed' AND rows = 0") == 1


def test_failure_in_a_later_chunk_leaves_no_predictions(connection: Connection, rows: pd.DataFrame) -> None:
    """A model that takes no missing value: the first chunk is stored, the second fails."""
    truth = np.array(["none", "comp1"])[np.arange(len(rows)) % 2]
    estimator = LogisticRegression(max_iter=20, C=1e-4).fit(rows[["age"]].fillna(0.0), truth)
    pdm.push(connection, estimator)
    small = PROCEDURE.model_copy(update={"name": "dbo.PredictInChunks", "chunk_rows": 5})
    deployment.deploy(connection, render_procedure(small)[:1])
    with pytest.raises(DatabaseError, match="NaN") as raised, translated_errors():
        pdm.read(connection, "EXEC dbo.PredictInChunks @since = '2020-01-02T00:00:00'")
    assert raised.value.number == 51005
    assert count(connection, "dbo.FailurePredictions") == 0
    assert count(connection, "ml.scoring_runs", "status = N'failed'") == 1


def test_run_inside_a_callers_transaction_is_part_of_it(
    engine: Engine, connection: Connection, champion: tuple[int, Any]
) -> None:
    with engine.connect() as own, own.begin() as transaction:
        assert len(pdm.read(own, "EXEC dbo.PredictFailures @machine_id = 2")) == 1
        transaction.rollback()
    assert count(connection, "dbo.FailurePredictions") + count(connection, "ml.scoring_runs") == 0
    with engine.begin() as own:
        pdm.read(own, "EXEC dbo.PredictFailures @machine_id = 2")
    assert count(connection, "dbo.ServedFailurePredictions") == 1


def test_failure_inside_a_callers_transaction_is_recorded(
    engine: Engine, connection: Connection, champion: tuple[int, Any]
) -> None:
    pdm.push(connection, champion[1], data=b"no pickle at all")
    with engine.connect() as own, own.begin():
        with pytest.raises(DatabaseError) as raised, translated_errors():
            pdm.read(own, "EXEC dbo.PredictFailures @machine_id = 2")
        assert raised.value.number == 51005
    assert count(connection, "ml.scoring_runs", "status = N'failed'") == 1
    assert count(connection, "dbo.FailurePredictions") == 0


def test_stored_predictions_are_judged_by_the_failures_that_came(
    connection: Connection, rows: pd.DataFrame, champion: tuple[int, Any]
) -> None:
    """A table that a migration has made is evaluated as a declared one is."""
    declared = Evaluate(
        kind="evaluate", name="dbo.EvaluateFailures", features="failures", model="failures",
        served=PROCEDURE.served, evaluations="dbo.FailureEvaluations", confusion="dbo.FailureConfusion",
    )  # fmt: skip
    deployment.deploy(connection, declared.render(FEATURES))
    run(connection, "@since = '2020-01-01T00:00:00'")
    known = rows[rows["failure"].notna()]
    wanted = expected(known, champion).merge(known[["machineID", "datetime", "failure"]])
    found = pdm.read(connection, "EXEC dbo.EvaluateFailures @period = N'year'")
    assert found["n"].tolist() == [len(wanted)]
    assert found["accuracy"].tolist() == pytest.approx([(wanted["predicted"] == wanted["failure"]).mean()])
