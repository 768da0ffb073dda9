"""Rows that a caller gives, scored at once: as parameters, as JSON, as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyodbc
import pytest
from typer.testing import CliRunner

from pymlsql import deployment, project, proofs
from pymlsql.cli.main import app
from pymlsql.database import translated_errors
from pymlsql.errors import DatabaseError
from pymlsql.examples.bank import generator as bank
from pymlsql.examples.demand import generator as demand
from pymlsql.examples.filling import fill
from pymlsql.quoting import ident
from tests.contract.people import People, outcome, people
from tests.contract.registries import prepared
from tests.contract.scored import BANK, CALLS, DEMAND, SALES, Example, drop, push
from tests.servers import Target


@pytest.fixture(scope="module")
def calls(server: Target) -> Iterator[Example]:
    with prepared(server) as db:
        fill(db, "bank", bank.generate(n_calls=600))
        yield Example(db, BANK, CALLS, "bank")
        drop(db, BANK)


@pytest.fixture(scope="module")
def sales(server: Target) -> Iterator[Example]:
    with prepared(server) as db:
        fill(db, "demand", demand.generate(n_shops=2, n_items=3, n_days=60))
        yield Example(db, DEMAND, SALES, "demand")
        drop(db, DEMAND)


def chosen_class(probabilities: Any) -> str:
    """By the project's costs: a customer who is not called costs six calls in vain."""
    return "yes" if 6 * probabilities[1] > probabilities[0] else "no"


def objects(frame: pd.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    """Rows as JSON has them; NaN is null."""
    return [
        {name: None if pd.isna(value) else value for name, value in zip(names, row, strict=True)}
        for row in frame[names].itertuples(index=False, name=None)
    ]


def score(example: Example, rows: Any, procedure: str = "dbo.ScoreCallsJson") -> list[Any]:
    text = rows if isinstance(rows, str) or rows is None else json.dumps(rows)
    return example.db.rows(f"EXEC {procedure} @rows = ?", (text,))


def refused(example: Example, number: int, message: str, rows: Any, procedure: str = "dbo.ScoreCallsJson") -> None:
    with pytest.raises(DatabaseError, match=message) as raised:
        score(example, rows, procedure)
    assert raised.value.number == number


def test_rows_of_json_are_scored_in_their_order_by_name(calls: Example) -> None:
    chosen = calls.frame.sample(40, random_state=3)
    names = ["callID", *calls.names]
    rows = [dict(sorted(row.items(), reverse=number % 2 == 1)) for number, row in enumerate(objects(chosen, names))]
    found = score(calls, rows)
    assert [row.row_no for row in found] == list(range(1, 41))
    assert [row.callID for row in found] == [str(number) for number in chosen["callID"]]
    assert {row.model_version for row in found} == {calls.version}
    expected = calls.expected(chosen)
    np.testing.assert_allclose([[row.p_no, row.p_yes] for row in found], expected, rtol=1e-12)
    assert [row.predicted for row in found] == [chosen_class(one) for one in expected]


def test_one_object_is_one_row_and_null_is_null(calls: Example) -> None:
    row = objects(calls.frame[:1], calls.names)[0] | {"age": None, "balance": None}
    (found,) = score(calls, row)
    frame = calls.frame[:1].assign(age=np.nan, balance=np.nan)
    assert (found.row_no, found.callID) == (1, None)
    np.testing.assert_allclose([[found.p_no, found.p_yes]], calls.expected(frame), rtol=1e-12)


def test_nothing_is_stored(calls: Example) -> None:
    score(calls, objects(calls.frame[:1], calls.names))
    assert calls.db.scalar("SELECT COUNT(*) FROM ml.scoring_runs WHERE procedure_name LIKE N'%ScoreCall%'") == 0


BAD = {
    "no JSON": ("[{", 51006, "the rows are no JSON"),
    "NaN": ('{"age": NaN}', 51006, "NaN is no number of JSON"),
    "a number": ("7", 51006, "an object or an array of objects is wanted, not 7"),
    "no object": ("[[1]]", 51006, r"row 1: an object is wanted, not \[1\]"),
    "twice": ('{"age": 1, "age": 2}', 51006, "the key age twice"),
    "nothing": ("[]", 51004, "no row was given"),
    "NULL": (None, 51004, "@rows is NULL"),
    "deep": ("[" * 100_000, 51006, "no JSON|nested too deeply"),
}


@pytest.mark.parametrize(("rows", "number", "message"), BAD.values(), ids=BAD)
def test_rows_that_are_none_are_refused(calls: Example, rows: str | None, number: int, message: str) -> None:
    refused(calls, number, message, rows)


WRONG = {
    "extra key": ({"Age": 41}, "row 2: it has Age, which the model's columns are not"),
    "text for a number": ({"age": "41"}, 'row 2: age takes a whole number \\(int\\), not "41"'),
    "fraction": ({"campaign": 1.5}, "row 2: campaign takes a whole number"),
    "too large": ({"age": 2**31}, "row 2: age takes -2147483648 to 2147483647"),
    "boolean": ({"balance": True}, "row 2: balance takes a number \\(float\\), not true"),
    "infinite": ({"balance": 10**400}, "row 2: balance takes a number that float holds"),
    "number for a text": ({"job": 3}, "row 2: job takes a text"),
    "too long": ({"job": "x" * 21}, "row 2: job takes 20 characters \\(nvarchar\\), not the 21"),
    "object": ({"job": {}}, "row 2: job takes a text"),
    "id": ({"callID": 1.5}, "row 2: callID takes a text of up to 400 characters or a whole number"),
    "half a pair": ({"job": "\ud800"}, "row 2: job is text with half of a surrogate pair"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_wrong_row_is_named(calls: Example, change: dict[str, Any], message: str) -> None:
    good, bad = objects(calls.frame[:2], calls.names)
    refused(calls, 51006, message, [good, bad | change])


def test_missing_key_is_named(calls: Example) -> None:
    row = objects(calls.frame[:1], calls.names)[0]
    del row["job"], row["age"]
    refused(calls, 51006, "row 1: it lacks age, job: give a value, or null", row)


def test_optional_key_may_be_missing(calls: Example) -> None:
    values = BANK.procedures["score_json"].model_dump() | {"name": "dbo.ScoreLoosely", "optional": ("age",)}
    loose = type(BANK.procedures["score_json"]).model_validate(values)
    with calls.db.transaction() as connection:
        deployment.deploy(connection, loose.render(CALLS))
    row = objects(calls.frame[:1], calls.names)[0]
    del row["age"]
    (found,) = score(calls, row, "dbo.ScoreLoosely")
    np.testing.assert_allclose([[found.p_no, found.p_yes]], calls.expected(calls.frame[:1].assign(age=np.nan)))
    del row["job"]
    refused(calls, 51006, "it lacks job", row, "dbo.ScoreLoosely")


def test_text_that_training_has_not_seen_is_named(calls: Example) -> None:
    refused(calls, 51006, "training has not seen 'pilot'", objects(calls.frame[:1], calls.names)[0] | {"job": "pilot"})


# One row ------------------------------------------------------------------------------------------------------------


def one(example: Example, row: dict[str, Any], procedure: str = "dbo.ScoreCall") -> Any:
    marks = ", ".join(f"@{name} = ?" for name in row)
    (found,) = example.db.rows(f"EXEC {procedure} {marks}", tuple(row.values()))
    return found


def test_one_row_of_parameters_gives_one_row(calls: Example) -> None:
    for _, row in calls.frame.sample(5, random_state=5).iterrows():
        given = {name: None if pd.isna(row[name]) else row[name] for name in calls.names}
        found = one(calls, given)
        expected = calls.expected(row.to_frame().T.astype(calls.frame.dtypes))[0]
        np.testing.assert_allclose([found.p_no, found.p_yes], expected, rtol=1e-15)
        assert found.predicted == chosen_class(expected)
        assert found.model_version == calls.version


def test_parameters_may_be_null_and_floats_keep_every_digit(calls: Example) -> None:
    row = objects(calls.frame[:1], calls.names)[0]
    for balance in (None, 0.1 + 0.2, 1e-300, -1.7976931348623157e308, 2**53 + 2.0):
        found = one(calls, row | {"balance": balance, "age": None})
        expected = calls.expected(calls.frame[:1].assign(balance=balance, age=np.nan).astype({"balance": "float64"}))
        np.testing.assert_allclose([[found.p_no, found.p_yes]], expected, rtol=1e-15)


@pytest.mark.parametrize("text", ["x" * 21, "pi'l\"o\\t\n\u2603"])
def test_text_is_not_cut_and_not_changed(calls: Example, text: str) -> None:
    with pytest.raises(DatabaseError) as raised:
        one(calls, objects(calls.frame[:1], calls.names)[0] | {"job": text})
    assert raised.value.number == 51006
    assert ("job takes 20 characters" if len(text) > 20 else "training has not seen ") in raised.value.message


def test_exec_calls_a_declared_procedure_from_a_shell(calls: Example) -> None:
    row = {name: value for name, value in objects(calls.frame[:1], calls.names)[0].items() if value is not None}
    where = ("--project", str(project.example_folder("bank") / "project.toml"), "--url", calls.db.target.url)

    def called(*words: str) -> Any:
        return CliRunner().invoke(app, ["exec", *words, *where])

    done = called("score_json", f"rows={json.dumps([row | {name: row.get(name) for name in calls.names}])}", "--json")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)
    np.testing.assert_allclose([found["p_no"], found["p_yes"]], calls.expected(calls.frame[:1])[0], rtol=1e-12)
    for words, message in {
        ("score_on",): "did you mean score_one?",
        ("score_one", "age"): "'age' is not PARAMETER=VALUE",
        ("score_one", "age=1", "@AGE=2"): "AGE is given twice",
        ("score_one", "age=1"): "Msg 201: ",
    }.items():
        refusal = called(*words)
        assert refusal.exit_code != 0
        assert message in str(refusal.exception)


def test_a_parameter_left_out_is_an_error(calls: Example) -> None:
    row = objects(calls.frame[:1], calls.names)[0]
    del row["job"]
    with pytest.raises(DatabaseError) as raised:
        one(calls, row)
    assert raised.value.number == 201


# A table ------------------------------------------------------------------------------------------------------------


def table(sales: Example, frame: pd.DataFrame) -> list[Any]:
    rows = [(number, *row.values()) for number, row in enumerate(objects(frame, sales.names), 10)]
    with pyodbc.connect(sales.odbc, autocommit=True) as connection:  # type: ignore[attr-defined]
        return connection.execute("EXEC dbo.ScoreDemand ?", [rows]).fetchall()


def test_rows_of_a_table_are_scored(sales: Example, server: Target) -> None:
    sales.odbc = server.odbc  # type: ignore[attr-defined]
    chosen = sales.frame.sample(30, random_state=1)
    found = table(sales, chosen)
    assert [row.row_no for row in found] == list(range(10, 40))
    np.testing.assert_allclose([row.predicted for row in found], sales.expected(chosen), rtol=1e-12)
    with pytest.raises(pyodbc.Error, match="51004"):
        table(sales, chosen[:0])


def test_table_is_filled_in_tsql_too(sales: Example) -> None:
    names = ", ".join(map(ident, sales.names))
    found = sales.db.rows(
        f"SET NOCOUNT ON; DECLARE @rows dbo.DemandRows; INSERT INTO @rows (row_no, {names})"
        f" SELECT 7 * ROW_NUMBER() OVER (ORDER BY shopID, item, day), {names} FROM dbo.DemandFeatures;"
        " EXEC dbo.ScoreDemand @rows;"
    )
    frame = sales.frame.sort_values(["shopID", "item", "day"])
    assert [row.row_no for row in found] == [7 * (number + 1) for number in range(len(frame))]
    np.testing.assert_allclose([row.predicted for row in found], sales.expected(frame), rtol=1e-12)


# The model ----------------------------------------------------------------------------------------------------------


def test_unknown_alias_is_51001(calls: Example) -> None:
    with pytest.raises(DatabaseError, match="push one and promote it") as raised:
        calls.db.rows("EXEC dbo.ScoreCallsJson @rows = N'[]', @alias = N'nobody'")
    assert raised.value.number == 51001


@pytest.fixture
def rolled_back(calls: Example) -> Iterator[Any]:
    """A connection whose transaction is rolled back."""
    with calls.db.engine.connect() as connection:
        yield connection
        connection.rollback()


def failing(connection: Any, rows: Any) -> tuple[int | None, str]:
    with pytest.raises(DatabaseError) as raised, translated_errors():
        connection.exec_driver_sql("EXEC dbo.ScoreCallsJson @rows = ?", (json.dumps(rows),))
    return raised.value.number, str(raised.value)


def test_bytes_that_were_changed_are_51002(calls: Example, rolled_back: Any) -> None:
    rolled_back.exec_driver_sql("UPDATE ml.blobs SET data = 0x00")
    assert failing(rolled_back, objects(calls.frame[:1], calls.names))[0] == 51002


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [('"age"', '"years"', "takes the column years"), ('"int"', '"float"', "trained on age as float"),
     ('"yes"', '"maybe"', "signature says no, maybe"),
     ('"classification","classes":["no","yes"]', '"regression"', "model gives regression")],
)  # fmt: skip
def test_model_that_does_not_fit_is_51003(
    calls: Example, rolled_back: Any, old: str, new: str, message: str
) -> None:
    stored = calls.db.scalar("SELECT signature FROM ml.model_versions WHERE version = ?", (calls.version,))
    assert old in stored
    rolled_back.exec_driver_sql("UPDATE ml.model_versions SET signature = ?", (stored.replace(old, new),))
    number, text = failing(rolled_back, objects(calls.frame[:1], calls.names))
    assert number == 51003
    assert message in text


def test_model_of_another_format_is_loaded_too(calls: Example) -> None:
    push(calls.db, CALLS, calls.estimator, calls.frame, "bank", format="joblib")
    (found,) = score(calls, objects(calls.frame[:1], calls.names))
    np.testing.assert_allclose([[found.p_no, found.p_yes]], calls.expected(calls.frame[:1]), rtol=1e-12)
    calls.db.promote("bank", calls.version)


def test_caller_s_transaction_goes_on_after_a_wrong_row(calls: Example, rolled_back: Any) -> None:
    rolled_back.exec_driver_sql("CREATE TABLE dbo.kept (a int NOT NULL)")
    assert failing(rolled_back, {"age": 1})[0] == 51006
    assert rolled_back.exec_driver_sql("SELECT @@TRANCOUNT, OBJECT_ID('dbo.kept')").one()[1] is not None


@pytest.mark.parametrize("procedure", ["score_json", "score_one"])
def test_procedure_that_pins_a_key_runs_what_it_has_sealed(
    calls: Example, procedure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    declared = BANK.procedures[procedure].model_copy(update={"name": "dbo.ScorePinned"})
    key = proofs.create_key()
    with calls.db.transaction() as connection:
        deployment.deploy(connection, declared.render(CALLS), trusted=[key])
    row = objects(calls.frame[:1], calls.names)[0]

    def found() -> Any:
        if procedure == "score_one":
            return one(calls, row, "dbo.ScorePinned")
        return score(calls, row, "dbo.ScorePinned")[0]

    with pytest.raises(DatabaseError, match="carries no seal") as raised:
        found()
    assert raised.value.number == 51050
    push(calls.db, CALLS, calls.estimator, calls.frame, "bank")  # which seals it with the key of this account
    np.testing.assert_allclose([[found().p_no, found().p_yes]], calls.expected(calls.frame[:1]), rtol=1e-12)
    calls.db.execute_batches("UPDATE ml.model_versions SET comment = N'x', seal = 0x" + "00" * 64
                             + " WHERE seal IS NOT NULL")  # fmt: skip
    with pytest.raises(DatabaseError, match="one of them was changed") as raised:
        found()
    assert raised.value.number == 51051
    calls.db.execute_batches("UPDATE ml.model_versions SET seal = NULL, seal_key = NULL")
    calls.db.promote("bank", calls.version)


# Rights and runs ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def somebody(server: Target, calls: Example, sales: Example) -> Iterator[People]:
    """od_user may execute the procedures, and has nothing else."""
    with people(server) as made:
        made.make("od_user")
        for name in ("ScoreCallsJson", "ScoreCall", "ScoreDemand"):
            made.run(f"GRANT EXECUTE ON dbo.{name} TO od_user")
        made.run("GRANT EXECUTE ON TYPE::dbo.DemandRows TO od_user")
        yield made


def test_execute_is_all_that_a_caller_needs(somebody: People, calls: Example, sales: Example) -> None:
    user = somebody.connect("od_user")
    assert outcome(user, "SELECT * FROM ml.models") == 229
    row = objects(calls.frame[:1], calls.names)[0]
    assert len(user.execute("EXEC dbo.ScoreCallsJson ?", json.dumps(row)).fetchall()) == 1
    marks = ", ".join(f"@{name} = ?" for name in row)
    assert len(user.execute(f"EXEC dbo.ScoreCall {marks}", *row.values()).fetchall()) == 1
    rows = [(1, *objects(sales.frame[:1], sales.names)[0].values())]
    assert len(user.execute("EXEC dbo.ScoreDemand ?", [rows]).fetchall()) == 1


def test_logged_calls_are_scoring_runs(calls: Example, tmp_path: Path) -> None:
    values = BANK.procedures["score_json"].model_dump() | {"name": "dbo.ScoreLogged", "log": True}
    logged = type(BANK.procedures["score_json"]).model_validate(values)
    with calls.db.transaction() as connection:
        deployment.deploy(connection, logged.render(CALLS))
    row = objects(calls.frame[:1], calls.names)[0]
    score(calls, [row, row], "dbo.ScoreLogged")
    refused(calls, 51006, "it has Age", row | {"Age": 1}, "dbo.ScoreLogged")
    found = calls.db.rows("SELECT status, rows, error FROM ml.scoring_runs WHERE procedure_name LIKE N'%Logged%'"
                          " ORDER BY run_id")  # fmt: skip
    assert [(run.status, run.rows) for run in found] == [("succeeded", 2), ("failed", 0)]
    assert found[0].error is None
    assert "it has Age" in found[1].error
