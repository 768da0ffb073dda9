"""Scoring on demand by a route: each row goes to the version of its key, as a batch procedure would have it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyodbc
import pytest

from pymlsql import deployment, routes
from pymlsql.errors import DatabaseError, DeclarationError
from pymlsql.examples.bank import generator as bank
from pymlsql.examples.filling import fill
from pymlsql.procedures import parse
from pymlsql.project import example
from pymlsql.quoting import ident
from tests.contract.registries import prepared
from tests.contract.scored import BANK, CALLS, Example, drop, fitted, push
from tests.contract.test_ondemand import objects
from tests.servers import Target

MORE = {
    "json": {"kind": "json", "name": "dbo.RoutedJson", "id": "callID", "log": True},
    "rows": {"kind": "rows", "name": "dbo.RoutedRows", "type": "dbo.KeyedCallRows", "route_by": ["callID"]},
    "keyless": {"kind": "rows", "name": "dbo.KeylessRows", "type": "dbo.KeylessCallRows"},
    "fixed": {"kind": "json", "name": "dbo.FixedJson", "id": "callID", "route": False},
    "bare": {"kind": "json", "name": "dbo.BareJson", "id": "anything"},
}


class Two(Example):
    """The example with two versions of its model, and a route between them."""

    def __init__(self, db: Any) -> None:
        super().__init__(db, BANK, CALLS, "bank")
        others = fitted(CALLS, self.frame[self.frame["age"] > 30])
        self.second = push(db, CALLS, others, self.frame, "bank")
        self.estimators = {self.version: self.estimator, self.second: others}
        db.promote("bank", self.version)
        db.promote("bank", self.second, alias="challenger")
        routes.set_route(db, "bank", {"champion": 50.01, "challenger": 49.99})
        routes.set_route(db, "bank", {"champion": 50, "challenger": 50})
        made = [parse({"features": "calls", "model": "bank", **one}, BANK.features) for one in MORE.values()]
        with db.transaction() as connection:
            for one in made:
                deployment.deploy(connection, one.render(CALLS))

    def version_of(self, key: Any) -> int:
        """By the twin in Python: the champion's slots are the first half."""
        return self.version if routes.slot_of("bank", (int(key),), ["int"]) < 5000 else self.second

    def check(self, found: list[Any], chosen: pd.DataFrame) -> None:
        """That each row has the version of its key, and what that version says."""
        wanted = [self.version_of(key) for key in chosen["callID"]]
        assert set(wanted) == {self.version, self.second}
        assert [row.model_version for row in found] == wanted
        expected = {n: one.predict_proba(chosen[self.names]) for n, one in self.estimators.items()}
        chances = [expected[version][place] for place, version in enumerate(wanted)]
        np.testing.assert_allclose([[row.p_no, row.p_yes] for row in found], chances, rtol=1e-12)


@pytest.fixture(scope="module")
def two(server: Target) -> Iterator[Two]:
    with prepared(server) as db:
        fill(db, "bank", bank.generate(n_calls=200))
        yield Two(db)
        db.execute("DELETE FROM ml.scoring_runs WHERE procedure_name = N'dbo.RoutedJson'")
        routes.remove_route(db, "bank")
        db.execute_batches("\nGO\n".join(f"DROP PROCEDURE {one['name']}" for one in MORE.values()))
        db.execute("DROP TYPE dbo.KeyedCallRows; DROP TYPE dbo.KeylessCallRows")
        drop(db, BANK)


def score(two: Two, rows: Any, procedure: str = "dbo.RoutedJson", more: str = "") -> list[Any]:
    return two.db.rows(f"EXEC {procedure} @rows = ?{more}", (rows if isinstance(rows, str) else json.dumps(rows),))


def test_rows_of_one_call_go_to_the_versions_of_their_keys(two: Two) -> None:
    chosen = two.frame.sample(30, random_state=3)
    rows = objects(chosen, ["callID", *two.names])
    rows[3]["callID"] = str(rows[3]["callID"])
    found = score(two, rows)
    assert [row.row_no for row in found] == list(range(1, 31))
    assert [row.callID for row in found] == [str(number) for number in chosen["callID"]]
    two.check(found, chosen)
    runs = two.db.rows("SELECT TOP (2) * FROM ml.scoring_runs WHERE procedure_name = N'dbo.RoutedJson'"
                       " ORDER BY run_id DESC")  # fmt: skip
    assert {run.alias for run in runs} == {"champion", "challenger"}
    assert {run.call_run_id for run in runs} == {min(run.run_id for run in runs)}
    assert sum(run.rows for run in runs) == 30
    (one,) = score(two, rows[0])
    assert one.model_version == found[0].model_version


def test_an_alias_that_is_named_answers_for_all_and_so_does_a_procedure_without_routes(two: Two) -> None:
    rows = objects(two.frame[:10], ["callID", *two.names])
    assert {row.model_version for row in score(two, rows, more=", @alias = N'challenger'")} == {two.second}
    assert {row.model_version for row in score(two, rows, "dbo.FixedJson")} == {two.version}


BAD = {
    "none": ({"callID": None}, r"row 2: the route of model 'bank' goes by callID \(int\): give it"),
    "a text": ({"callID": "seven"}, "row 2: the route of model 'bank' goes by callID"),
    "a fraction": ({"callID": 1.5}, "row 2: the route of model 'bank' goes by callID"),
    "another key": ({"age": "41"}, "row 2: age takes a whole number"),
    "an extra one": ({"Age": 1}, "row 2: it has Age"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_a_wrong_row_is_named_by_its_own_number(two: Two, change: dict[str, Any], message: str) -> None:
    keys = [next(k for k in two.frame["callID"] if two.version_of(k) == n) for n in (two.version, two.second)]
    chosen = two.frame.set_index("callID", drop=False).loc[keys]
    good, bad = objects(chosen, ["callID", *two.names])
    with pytest.raises(DatabaseError, match=message) as caught:
        score(two, [good, bad | change])
    assert caught.value.number == 51006


@pytest.mark.parametrize(
    ("rows", "number"), [("[]", 51004), ("7", 51006), ("[{", 51006), ("[[1]]", 51006), ("[1]", 51006)]
)
def test_what_is_no_row_is_refused_as_without_a_route(two: Two, rows: str, number: int) -> None:
    with pytest.raises(DatabaseError) as caught:
        score(two, rows)
    assert caught.value.number == number


def test_a_call_that_fails_leaves_no_run_that_succeeded(two: Two) -> None:
    two.db.execute("DELETE FROM ml.scoring_runs WHERE procedure_name = N'dbo.RoutedJson'")
    rows = objects(two.frame[:20], ["callID", *two.names])
    broken = next(row for row in rows if two.version_of(row["callID"]) == two.version)
    broken["job"] = "unheard of"
    with pytest.raises(DatabaseError, match="unheard of"):
        score(two, rows)
    runs = two.db.rows("SELECT alias, status, rows FROM ml.scoring_runs WHERE procedure_name = N'dbo.RoutedJson'")
    assert {(run.alias, run.status, run.rows) for run in runs} == {
        ("challenger", "failed", 0),
        ("champion", "failed", 0),
    }


def test_one_row_goes_by_its_route_key(two: Two) -> None:
    keys = [next(k for k in two.frame["callID"] if two.version_of(k) == n) for n in (two.version, two.second)]
    chosen = two.frame.set_index("callID", drop=False).loc[keys]
    found = []
    for row in objects(chosen, ["callID", *two.names]):
        key = row.pop("callID")
        call = "EXEC dbo.ScoreCall " + ", ".join(f"@{name} = ?" for name in row)
        found += two.db.rows(f"{call}, @route_key = ?", (*row.values(), f" {key}"))
        for wrong in (None, "seven", ""):
            with pytest.raises(DatabaseError, match="goes by callID: give it as @route_key") as caught:
                two.db.rows(f"{call}, @route_key = ?", (*row.values(), None if wrong == "" else wrong))
            assert caught.value.number == 51006
        assert two.db.rows(f"{call}, @alias = N'champion'", tuple(row.values()))[0].model_version == two.version
    two.check(found, chosen)


def insert(two: Two, table_type: str, names: list[str], rows: list[tuple[Any, ...]]) -> str:
    """A batch that fills @rows; values are parameters."""
    marks = ", ".join(["(" + ", ".join("?" * (1 + len(names))) + ")"] * len(rows))
    return (f"SET NOCOUNT ON; DECLARE @rows {table_type}; INSERT INTO @rows (row_no, {', '.join(map(ident, names))})"
            f" VALUES {marks}; ")  # fmt: skip


def test_rows_of_a_table_go_by_the_keys_that_it_has(two: Two) -> None:
    chosen = two.frame[:12]
    names = ["callID", *two.names]
    rows = [(10 + n, *row.values()) for n, row in enumerate(objects(chosen, names))]
    batch = insert(two, "dbo.KeyedCallRows", names, rows)
    values = tuple(value for row in rows for value in row)
    found = two.db.rows(batch + "EXEC dbo.RoutedRows @rows;", values)
    assert [row.row_no for row in found] == list(range(10, 22))
    two.check(found, chosen)
    none = (rows[0][0], None, *rows[0][2:], *values[len(rows[0]) :])
    with pytest.raises(DatabaseError, match="row 10: the route of model 'bank' goes by callID"):
        two.db.rows(batch + "EXEC dbo.RoutedRows @rows;", none)


def test_rows_without_a_key_are_refused(two: Two) -> None:
    rows = [(1, *objects(two.frame[:1], two.names)[0].values())]
    batch = insert(two, "dbo.KeylessCallRows", two.names, rows)
    with pytest.raises(DatabaseError, match="declare route_by, the entity's keys") as caught:
        two.db.rows(batch + "EXEC dbo.KeylessRows @rows;", rows[0])
    assert caught.value.number == 51006
    (found,) = two.db.rows(batch + "EXEC dbo.KeylessRows @rows, @alias = N'challenger';", rows[0])
    assert found.model_version == two.second
    with pytest.raises(DatabaseError, match="declare id, the entity's key"):
        score(two, objects(two.frame[:1], two.names)[0] | {"anything": 1}, "dbo.BareJson")
    wrong = {"features": "calls", "model": "bank", **MORE["rows"], "route_by": ["age"]}
    with pytest.raises(DeclarationError, match=r"route_by: the keys of .* are callID"):
        parse(wrong, example("bank").features)


def test_an_alias_that_vanished_is_told(two: Two) -> None:
    two.db.execute("UPDATE ml.model_aliases SET alias = N'gone' WHERE alias = N'challenger'")
    try:
        with pytest.raises((DatabaseError, pyodbc.Error), match="gives a share to the alias 'challenger'"):
            score(two, objects(two.frame[:1], ["callID", *two.names]))
    finally:
        two.db.execute("UPDATE ml.model_aliases SET alias = N'challenger' WHERE alias = N'gone'")
