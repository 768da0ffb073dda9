"""Routes: whose slots are whose, and batch procedures that follow them."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import json
from collections.abc import Iterator

import pyodbc
import pytest
from hypothesis import given, settings
from sklearn.linear_model import LogisticRegression

from pymlsql import deployment, doctor, models, registry, routes, signature
from pymlsql.errors import DatabaseError, DeploymentError, RegistryError, UsageError
from pymlsql.routes import operations
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract import routed
from tests.contract.people import people
from tests.contract.routed import REFUSED, missing_label, planned, project_of, push, ranges, splits, versions, whose
from tests.contract.test_batch import INPUTS, ROWS, Scored, declare, features, flat_server, missing


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.under_test() as target:
        yield target


@pytest.fixture(scope="module")
def db(target: servers.Target) -> Iterator[Toolkit]:
    with flat_server(target) as made:
        yield made


@pytest.fixture(scope="module")
def split(db: Toolkit) -> Scored:
    """A procedure with alerts, and a model with three versions: version n is that of ALIASES[n - 1]."""
    made = Scored(db, declare("Split", alerts_per_period=5), "kind", LogisticRegression().fit(INPUTS, ROWS["kind"]))
    push(db, "Split", "challenger", "candidate")
    return made


@pytest.fixture
def fresh(split: Scored) -> Scored:
    split.clear()
    routes.set_route(split.db, "Split", {"champion": 60, "challenger": 40})
    return split


# Slots --------------------------------------------------------------------------------------------------------------


def test_slot_folds_what_the_server_takes_for_one_key(db: Toolkit, split: Scored) -> None:
    assert operations.route_of(db, "split", ("ab",)) == operations.route_of(db, "Split", ("AB  ",))
    assert operations.route_of(db, "Split", (7,), ["int"])[0] == routes.slot_of("Split", ("7",), ["nvarchar(9)"])
    assert routes.slot_of("m", ("a", "bc"), ["nchar(2)"] * 2) != routes.slot_of("m", ("ab", "c"), ["nchar(2)"] * 2)
    moment = datetime.datetime(2015, 1, 1, 6, 0, 0, 997000)
    assert operations.route_of(db, "Split", (moment,), ["datetime"])[0] == routes.slot_of(
        "Split", (moment,), ["datetime"]
    )
    price = decimal.Decimal("1.5")
    assert operations.route_of(db, "Split", (price,), ["money"])[0] == routes.slot_of("Split", (price,), ["money"])
    with pytest.raises(RegistryError, match="no model nobody"):
        operations.route_of(db, "nobody", (1,))


# Changes ------------------------------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(wanted=splits())
def test_a_change_moves_only_what_it_must(split: Scored, wanted: dict[str, int]) -> None:
    routes.set_route(split.db, "Split", {"champion": 60, "challenger": 40})
    before = ranges(split.db)
    routes.set_route(split.db, "Split", {alias: n / 100 for alias, n in wanted.items()})
    after = ranges(split.db)
    assert collections.Counter(after) == wanted
    moved = sum(one != two for one, two in zip(before, after, strict=True))
    assert moved == sum(max(0, n - wanted.get(alias, 0)) for alias, n in collections.Counter(before).items())


@pytest.mark.parametrize(("shares", "shadow", "number", "sentence"), REFUSED)
def test_what_is_no_route_is_refused(
    fresh: Scored, shares: dict[str, float], shadow: tuple[str, ...], number: int, sentence: str
) -> None:
    with pytest.raises(RegistryError, match=sentence) as caught:
        routes.set_route(fresh.db, "Split", shares, shadow=shadow)
    assert caught.value.number == number
    assert routes.find_route(fresh.db, "Split").shares == {"champion": 60, "challenger": 40}


def test_a_change_is_recorded_and_a_change_of_nothing_is_none(fresh: Scored) -> None:
    db = fresh.db
    first = routes.set_route(db, "split", {"challenger": 25, "CHAMPION": 75}, shadow=["candidate"])
    assert routes.set_route(db, "Split", {"champion": 75, "challenger": 25.0}, shadow=["candidate"]) == first
    event = db.audit("Split", limit=1)[0]
    assert (event.action, event.detail["shadow"]) == ("set_route", [{"alias": "candidate"}])
    assert {one["alias"]: one["share"] for one in event.detail["former_shares"]} == {"champion": 60, "challenger": 40}
    assert {one["alias"]: one["share"] for one in event.detail["shares"]} == {"champion": 75, "challenger": 25}
    with pytest.raises(RegistryError, match="changed by somebody else") as caught:
        routes.set_route(db, "Split", {"champion": 100}, expected=first.route_id - 1)
    assert caught.value.number == 51038
    routes.remove_route(db, "Split", expected=first.route_id)
    assert (routes.find_route(db, "Split"), db.audit("Split", limit=1)[0].action) == (None, "remove_route")
    with pytest.raises(RegistryError, match="has no route"):
        routes.remove_route(db, "Split")
    with pytest.raises(RegistryError, match="no model 'nobody'"):
        routes.set_route(db, "nobody", {"champion": 100})
    for text in ("[1]", "nonsense", '{"champion": "100"}', '{"champion": null}'):
        with pytest.raises(DatabaseError, match="51046"):
            db.execute("EXEC ml.SetRoute @model = N'Split', @shares = ?", (text,))
    with pytest.raises(DatabaseError, match="51046"):
        db.execute("EXEC ml.SetRoute @model = N'Split', @shares = N'{\"champion\": 100}', @shadow = N'[[1]]'")


def test_an_alias_of_a_route_is_not_removed(fresh: Scored) -> None:
    with pytest.raises(RegistryError, match="The route of model 'Split' names the alias 'challenger'") as caught:
        registry.remove_alias(fresh.db, "Split", "challenger")
    assert caught.value.number == 51048


# Batch procedures ---------------------------------------------------------------------------------------------------


def test_each_row_is_scored_by_the_version_of_its_slot(fresh: Scored) -> None:
    wanted = whose(fresh.db, "Split")
    assert set(wanted.values()) == {1, 2}
    returned = fresh.run()
    assert returned["p_a"].is_monotonic_increasing
    assert versions(returned) == versions(fresh.stored()) == wanted
    runs = fresh.db.rows("SELECT * FROM ml.scoring_runs WHERE procedure_name = N'dbo.ScoreSplit' ORDER BY run_id")
    assert [(run.alias, run.status, run.is_shadow) for run in runs] == [
        ("champion", "succeeded", False), ("challenger", "succeeded", False),
    ]  # fmt: skip
    assert {run.call_run_id for run in runs} == {runs[0].run_id}
    assert sum(run.rows for run in runs) == len(ROWS)
    assert versions(fresh.run("@persist = 0")) == wanted
    assert len(fresh.run("@id = 3")) == 1


def test_alerts_of_a_day_count_over_all_versions(fresh: Scored) -> None:
    expected = fresh.run("@persist = 0")
    assert expected["alert"].sum() == 5
    returned = fresh.run()
    likely = returned[returned["predicted"] != "a"].sort_values("p_a")
    assert returned.loc[returned["alert"], "id"].tolist() == likely["id"].tolist()[:5]
    assert expected.loc[expected["alert"], "id"].tolist() == returned.loc[returned["alert"], "id"].tolist()
    assert fresh.stored()["alert"].sum() == 5
    assert not fresh.run()["alert"].any()


def test_an_alias_that_is_named_scores_all_rows(fresh: Scored) -> None:
    assert set(fresh.run("@alias = N'challenger'")["model_version"]) == {2}
    assert set(fresh.run("@alias = N'champion', @persist = 0")["model_version"]) == {1}
    run = fresh.db.rows("SELECT TOP (1) * FROM ml.scoring_runs ORDER BY run_id DESC")[0]
    assert (run.alias, run.route_id, run.call_run_id) == ("challenger", None, None)


def test_unscored_is_what_the_version_of_the_slot_has_not_scored(fresh: Scored) -> None:
    fresh.run("@id = 3")
    assert len(fresh.run("@unscored = 1")) == len(ROWS) - 1
    with pytest.raises(DatabaseError, match="versions of the route have scored every row") as caught:
        fresh.run("@unscored = 1")
    assert caught.value.number == 51004
    with pytest.raises(DatabaseError, match="51004"):
        fresh.run("@id = 99")
    before = whose(fresh.db, "Split")
    routes.set_route(fresh.db, "Split", {"champion": 40, "challenger": 60})
    moved = {key for key, version in whose(fresh.db, "Split").items() if version != before[key]}
    assert moved
    assert set(fresh.run("@unscored = 1")["id"]) == moved


def test_a_procedure_that_is_declared_without_routes_follows_none(fresh: Scored) -> None:
    with routed.deployed(fresh, declare("Split", alerts_per_period=5, route=False), features("kind")) as plain:
        assert "routed" not in fresh.db.scalar(f"SELECT OBJECT_DEFINITION(OBJECT_ID(N'{plain.name}'))")
        assert set(fresh.run()["model_version"]) == {1}
        with pytest.raises(DatabaseError, match="51004"):
            fresh.run("@unscored = 1")
        assert fresh.stored()["alert"].sum() > 0


def test_a_shadow_scores_and_is_not_seen(fresh: Scored) -> None:
    routes.set_route(fresh.db, "Split", {"champion": 100}, shadow=["candidate"])
    assert set(fresh.run()["model_version"]) == set(fresh.stored()["model_version"]) == {1}
    run = fresh.db.rows("SELECT TOP (1) * FROM ml.scoring_runs ORDER BY run_id DESC")[0]
    assert (run.alias, run.is_shadow, run.status, run.rows) == ("candidate", True, "succeeded", len(ROWS))
    table = fresh.declared.predictions
    assert fresh.db.scalar(f"SELECT COUNT(*) FROM {table} WHERE run_id = ? AND alert = 0", (run.run_id,)) == len(ROWS)
    # what it scored in the shade counts as not scored when it answers
    routes.set_route(fresh.db, "Split", {"candidate": 100})
    assert set(fresh.run("@unscored = 1")["model_version"]) == {3}
    routes.set_route(fresh.db, "Split", {"champion": 100}, shadow=["candidate"])
    fresh.run()
    n_runs = fresh.db.scalar("SELECT COUNT(*) FROM ml.scoring_runs WHERE is_shadow = 1")
    fresh.run("@persist = 0")
    with pytest.raises(DatabaseError, match="51004"):
        fresh.run("@unscored = 1")
    assert fresh.db.scalar("SELECT COUNT(*) FROM ml.scoring_runs WHERE is_shadow = 1") == n_runs


def test_a_shadow_that_fails_is_recorded_and_the_call_goes_on(fresh: Scored, target: servers.Target) -> None:
    db = fresh.db
    odd = LogisticRegression().fit(INPUTS.rename(columns={"x": "z"}), ROWS["kind"])
    made = signature.infer(INPUTS.rename(columns={"x": "z"}), odd, sql_types={"z": "float", "y": "float"})
    db.push(models.pack(odd, made), "Split", alias="broken")
    routes.set_route(db, "Split", {"champion": 100}, shadow=["broken"])
    with_messages = pyodbc.connect(target.odbc, autocommit=True)
    cursor = with_messages.execute(f"EXEC {fresh.declared.name}")
    assert len(cursor.fetchall()) == len(ROWS)
    said = [text for _, text in cursor.messages]
    while cursor.nextset():
        said += [text for _, text in cursor.messages]
    said += [text for _, text in cursor.messages]
    assert any("The shadow broken failed" in text for text in said), said
    with_messages.close()
    run = db.rows("SELECT TOP (1) * FROM ml.scoring_runs ORDER BY run_id DESC")[0]
    assert (run.alias, run.is_shadow, run.status) == ("broken", True, "failed")
    with db.transaction() as connection:
        rows = connection.exec_driver_sql(f"EXEC {fresh.declared.name}").fetchall()
        assert len(rows) == len(ROWS)
    assert db.rows("SELECT TOP (1) * FROM ml.scoring_runs ORDER BY run_id DESC")[0].alias == "champion"


def test_a_version_that_fails_leaves_what_the_others_scored(fresh: Scored) -> None:
    wanted = whose(fresh.db, "Split")
    broken = next(key for key, version in wanted.items() if version == 2)
    with missing(fresh.db, broken), pytest.raises(DatabaseError, match="The alias 'challenger' of the route") as caught:
        fresh.run()
    assert caught.value.number == 51005
    assert "What the others had to score is stored" in str(caught.value)
    assert versions(fresh.stored()) == {key: version for key, version in wanted.items() if version == 1}
    assert fresh.stored()["alert"].sum() == 5
    runs = fresh.db.rows("SELECT alias, status, error FROM ml.scoring_runs ORDER BY run_id")
    assert [(run.alias, run.status) for run in runs] == [("champion", "succeeded"), ("challenger", "failed")]
    assert versions(fresh.run("@unscored = 1")) == {key: version for key, version in wanted.items() if version == 2}


def test_in_a_transaction_of_the_caller_all_is_rolled_back(fresh: Scored) -> None:
    broken = next(key for key, version in whose(fresh.db, "Split").items() if version == 2)
    with missing(fresh.db, broken), pytest.raises(DatabaseError, match="NaN"), fresh.db.transaction() as connection:
        connection.exec_driver_sql(f"EXEC {fresh.declared.name}")
    assert len(fresh.stored()) == 0
    runs = fresh.db.rows("SELECT alias, status FROM ml.scoring_runs")
    assert [(run.alias, run.status) for run in runs] == [("challenger", "failed")]


def test_an_alias_that_vanished_is_told_and_nothing_is_scored(fresh: Scored) -> None:
    fresh.db.execute("UPDATE ml.model_aliases SET alias = N'gone' WHERE alias = N'challenger'")
    try:
        with pytest.raises(
            DatabaseError, match="gives a share to the alias 'challenger', which no version has"
        ) as caught:
            fresh.run()
    finally:
        fresh.db.execute("UPDATE ml.model_aliases SET alias = N'challenger' WHERE alias = N'gone'")
    assert caught.value.number == 51001
    assert len(fresh.stored()) == 0
    with pytest.raises(DatabaseError, match="leave it out"):
        fresh.run("@route_id = 1, @alias = N'champion'")


def test_runs_that_were_cut_off_are_taken_up_by_their_version(fresh: Scored) -> None:
    fresh.run()
    table = fresh.declared.predictions
    fresh.db.execute(f"DELETE FROM {table} WHERE id > 14")
    fresh.db.execute(f"UPDATE {table} SET alert = 0")
    fresh.db.execute("UPDATE ml.scoring_runs SET status = N'running', rows = NULL")
    before = {row.run_id for row in fresh.db.rows("SELECT run_id FROM ml.scoring_runs")}
    assert versions(fresh.run("@unscored = 1")) == whose(fresh.db, "Split")
    runs = fresh.db.rows("SELECT run_id, status, rows FROM ml.scoring_runs")
    assert {run.run_id for run in runs} == before
    assert {run.status for run in runs} == {"succeeded"}
    assert sum(run.rows for run in runs) == len(ROWS)
    assert fresh.stored()["alert"].sum() == 5


def test_who_may_execute_it_needs_no_more_for_a_route(fresh: Scored, target: servers.Target) -> None:
    with fresh.db.transaction() as connection:
        deployment.deploy(connection, fresh.declared.render(features("kind")))
    routes.set_route(fresh.db, "Split", {"champion": 60, "challenger": 40}, shadow=["candidate"])
    with people(target) as somebody:
        somebody.make("routecaller")
        somebody.run(f"GRANT EXECUTE ON {fresh.declared.name} TO routecaller")
        connection = somebody.connect("routecaller")
        rows = connection.execute(f"EXEC {fresh.declared.name}").fetchall()
        assert {row.model_version for row in rows} == {1, 2}
        with pytest.raises(pyodbc.Error, match="229"):
            connection.execute("SELECT * FROM ml.routes")
        with pytest.raises(pyodbc.Error, match="229"):
            connection.execute("EXEC ml.SetRoute N'Split', N'{\"champion\": 100}'")
    assert fresh.db.scalar("SELECT COUNT(*) FROM ml.scoring_runs WHERE is_shadow = 1 AND status = N'succeeded'") == 1


def test_with_approval_an_approver_changes_routes(fresh: Scored, target: servers.Target) -> None:
    given = json.dumps({"champion": 100})
    with people(target) as somebody:
        somebody.make("routeadmin", "routeapprover")
        somebody.run("ALTER ROLE ml_admin ADD MEMBER routeadmin", "ALTER ROLE ml_approver ADD MEMBER routeapprover",
                     "EXEC ml.SetPolicy N'approval', N'1'")  # fmt: skip
        try:
            with pytest.raises(pyodbc.Error, match="51037"):
                somebody.connect("routeadmin").execute("EXEC ml.SetRoute N'Split', ?", given)
            somebody.connect("routeapprover").execute("EXEC ml.SetRoute N'Split', ?", given)
        finally:
            somebody.run("EXEC ml.SetPolicy N'approval', N'0'")
    assert routes.find_route(fresh.db, "Split").created_by == "routeapprover"


# Declared routes ----------------------------------------------------------------------------------------------------


def test_a_declared_route_is_planned_applied_changed_and_removed(fresh: Scored) -> None:
    db, view = fresh.db, features("kind")
    routes.remove_route(db, "Split")
    declared = project_of(fresh.declared, view, champion=90, challenger=10)
    assert planned(db, declared) == [("create", "", None)]
    db.apply(declared, check=False)
    found = routes.find_route(db, "Split")
    assert (found.shares, found.project) == ({"champion": 90, "challenger": 10}, "flat")
    assert db.plan(declared).is_empty
    changed = project_of(fresh.declared, view, champion=80, challenger=20)
    assert planned(db, changed) == [("alter", "shares champion 90, challenger 10 on the server", None)]
    db.apply(changed, check=False)
    other = dataclasses.replace(changed, name="other", features={}, procedures={})
    with pytest.raises(DeploymentError, match="the route of Split belongs to the project flat"):
        db.apply(other, check=False, overwrite=True)
    assert planned(db, project_of(fresh.declared, view)) == [("drop", "not declared any more", None)]
    db.apply(project_of(fresh.declared, view), check=False)
    assert routes.find_route(db, "Split") is None
    assert db.plan(project_of(fresh.declared, view)).is_empty


def test_what_somebody_changed_is_refused_and_overwritten(fresh: Scored) -> None:
    db, view = fresh.db, features("kind")
    declared = project_of(fresh.declared, view, champion=90, challenger=10)
    db.apply(declared, check=False, overwrite=True)
    routes.set_route(db, "Split", {"champion": 50, "challenger": 50}, shadow=["candidate"])
    said = r"changed on the server since it was applied \(shares challenger 50, champion 50; shadow candidate on"
    with pytest.raises(DeploymentError, match=said):
        db.apply(declared, check=False)
    db.apply(declared, check=False, overwrite=True)
    assert routes.find_route(db, "Split").shares == {"champion": 90, "challenger": 10}
    routes.remove_route(db, "Split")
    with pytest.raises(DeploymentError, match="the route of Split was removed on the server since it was applied"):
        db.apply(declared, check=False)
    db.apply(declared, check=False, overwrite=True)
    routes.set_route(db, "Split", {"champion": 90, "challenger": 10})
    with pytest.raises(DeploymentError, match=r"changed on the server since it was applied \(as declared\)"):
        db.apply(declared, check=False)  # taken over it would be a change, from which on the report counts
    db.apply(declared, check=False, overwrite=True)
    assert routes.find_route(db, "Split").project == "flat"
    routes.set_route(db, "Split", {"champion": 60, "challenger": 40})
    assert db.plan(project_of(fresh.declared, view)).is_empty  # not declared any more, and somebody else's by now


def test_an_alias_that_there_is_not_yet_is_said(fresh: Scored) -> None:
    declared = project_of(fresh.declared, features("kind"), champion=90, tomorrow=10)
    done = fresh.db.apply(declared, check=False)
    assert "no version of Split has the alias tomorrow yet" in done.notes[0]
    assert [one.action for one in done.plan.entries if one.name == "Split"] == ["wait"]
    assert routes.find_route(fresh.db, "Split").shares == {"champion": 60, "challenger": 40}


def test_an_alias_that_vanished_is_seen_by_plan_and_doctor(fresh: Scored) -> None:
    declared = project_of(fresh.declared, features("kind"), champion=60, challenger=40)
    with routed.vanished(fresh.db, "challenger"):
        (note,) = [route.note for route in fresh.db.plan(declared).routes]
        assert "the alias challenger any more, and the route gives it a share: nothing is scored" in note
        (found,) = [one for one in doctor.examine(fresh.db.target.url) if one.name == "routes"]
        assert (found.state, found.detail) == ("fail", "Split gives a share to challenger, which no version has")

def test_the_report_compares_variants_by_their_labels(fresh: Scored, target: servers.Target) -> None:
    db, declared = fresh.db, project_of(fresh.declared, features("kind"))
    with pytest.raises(UsageError, match="batch procedures scores the model nobody"):
        db.report_route("nobody", declared)
    empty = db.report_route("Split", declared)
    assert [one.n_rows for one in empty.variants] == [0, 0]
    routes.set_route(db, "Split", {"champion": 60, "challenger": 40}, shadow=["candidate"])
    wanted = whose(db, "Split")
    fresh.run()
    with missing_label(db, 3):
        found = db.report_route("Split", declared)
    first, second, shadow = found.variants
    n_rows = [sum(version == n for key, version in wanted.items() if key != 3) for n in (1, 2)]
    assert [first.n_rows, second.n_rows, shadow.n_rows] == [*n_rows, len(ROWS) - 1]
    assert (first.verdict, second.verdict, shadow.is_shadow) == (None, "the data do not suffice", True)
    served = fresh.stored().merge(ROWS[["id", "kind"]], on="id")
    served = served[(served["model_version"] == 1) & (served["id"] != 3)]
    assert first.figures["accuracy"].value == pytest.approx((served["predicted"] == served["kind"]).mean())
    assert shadow.difference["accuracy"].low <= shadow.difference["accuracy"].value
    assert "entities with labels on each side" in second.sentence
    fresh.clear()
