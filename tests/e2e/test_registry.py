"""The registry from Python: versions, aliases, rollback, uploads, retention; and all that it refuses."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import pymlsql
from pymlsql import mlmodel, registry
from pymlsql.errors import MigrationError, ModelError, PymlsqlError, RegistryError
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract.people import PASSWORD, People, people
from tests.contract.registries import check_replay, estimator, packed, prepared, refused

pytestmark = pytest.mark.timeout(300)

ODD_NAMES = (
    "O'Brien's [model]",
    "]]; DROP TABLE ml.models; --",
    '"quoted" %s {0} ?',
    "Größe ≤ 模型",
    "\N{ROCKET}" * 64,
    "x" * 128,
    "N'' + CHAR(39)",
)


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.running() as found:
        yield found


@pytest.fixture(scope="module")
def db(target: servers.Target) -> Iterator[Toolkit]:
    with prepared(target) as found:
        yield found


@pytest.fixture
def model(db: Toolkit, request: pytest.FixtureRequest) -> str:
    """A model of the test's own with versions 1 to 4; champion is 1, then 2, then 3."""
    name = request.node.name[:100]
    for _ in range(4):
        db.push(packed(), name)
    for version in (1, 2, 3):
        db.promote(name, version)
    return name


# Aliases ------------------------------------------------------------------------------------------------------------


def test_rollback_goes_any_number_of_steps_back(db: Toolkit, model: str) -> None:
    assert db.rollback(model).version == 2
    assert db.rollback(model).version == 1
    assert refused(lambda: db.rollback(model)) == 51039
    assert db.promote(model, 4).version == 4
    assert db.rollback(model).version == 1
    db.promote(model, 2)
    db.promote(model, 3)
    db.promote(model, 3)  # nothing changes: no step
    assert db.rollback(model, steps=2).version == 1
    assert refused(lambda: db.rollback(model, steps=2)) == 51039
    assert registry.get_alias(db, model, "CHAMPION") == 1
    check_replay(db)


def test_a_removed_alias_comes_back_by_rollback(db: Toolkit, model: str) -> None:
    registry.remove_alias(db, model, "champion")
    assert refused(lambda: registry.remove_alias(db, model, "champion")) == 51044
    assert db.rollback(model).version == 3
    assert db.rollback(model).version == 2


def test_rollback_does_not_go_to_what_is_gone(db: Toolkit, model: str) -> None:
    registry.archive(db, model, 2)
    assert refused(lambda: db.rollback(model)) == 51036
    registry.archive(db, model, 2, undo=True)
    registry.delete(db, model, 2)
    assert refused(lambda: db.rollback(model)) == 51036
    assert db.rollback(model, steps=2).version == 1


def test_an_alias_changed_by_hand_is_not_rolled_back(db: Toolkit, model: str) -> None:
    db.execute("UPDATE a SET version = 4 FROM ml.model_aliases AS a JOIN ml.models AS m ON m.model_id = a.model_id "
               "WHERE m.name = ?", (model,))  # fmt: skip
    assert refused(lambda: db.rollback(model)) == 51039
    db.execute("UPDATE a SET version = 3 FROM ml.model_aliases AS a JOIN ml.models AS m ON m.model_id = a.model_id "
               "WHERE m.name = ?", (model,))  # fmt: skip


def test_of_two_promotions_at_once_one_wins(target: servers.Target, db: Toolkit, model: str) -> None:
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def promote(version: int) -> None:
        with pymlsql.connect(target.sqlalchemy_url) as own:
            barrier.wait(30)
            try:
                own.promote(model, version, expected=3)
                outcomes.append("won")
            except RegistryError as error:
                assert f"means version {7 - version - 1} now, not version 3" in str(error) or error.number == 51038
                outcomes.append("lost")

    threads = [threading.Thread(target=promote, args=(version,)) for version in (2, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["lost", "won"]


def test_only_approvers_move_protected_aliases(target: servers.Target, db: Toolkit, model: str) -> None:
    with people(target) as made:
        made.make("publisher", "approver", "administrator")
        for name, role in (("publisher", "ml_publisher"), ("approver", "ml_approver"),
                           ("administrator", "ml_admin")):  # fmt: skip
            made.run(f"ALTER ROLE {role} ADD MEMBER {name}")
        with as_login(made, "administrator") as admin:
            registry.set_policy(admin, "approval", "1")
            assert refused(lambda: admin.promote(model, 4)) == 51037
        with as_login(made, "publisher") as publisher:
            version = publisher.push(packed(), model).version
            assert publisher.promote(model, version, alias="challenger").version == version
            for move in (
                lambda: publisher.promote(model, 4, alias="Champion"),
                lambda: publisher.rollback(model),
                lambda: registry.remove_alias(publisher, model, "champion"),
            ):
                assert refused(move) == 51037
            with pytest.raises(PymlsqlError, match="EXECUTE permission was denied"):
                registry.delete(publisher, model, 1)
            with pytest.raises(PymlsqlError, match="SELECT permission was denied"):
                publisher.rows("SELECT data FROM ml.blobs")
            with pytest.raises(PymlsqlError, match="UPDATE permission was denied"):
                publisher.execute("UPDATE ml.events SET login = N'x'")
        with as_login(made, "approver") as approver:
            assert approver.promote(model, 4).version == 4
            assert approver.audit(model)[0].login == "approver"
        registry.set_policy(db, "approval", "0")
        with as_login(made, "publisher") as publisher:
            assert publisher.rollback(model).version == 3


@contextlib.contextmanager
def as_login(made: People, name: str) -> Iterator[Toolkit]:
    from sqlalchemy import make_url

    url = make_url(made.server.sqlalchemy_url).set(username=name, password=PASSWORD)
    with pymlsql.connect(url.render_as_string(hide_password=False)) as found:
        yield found


# Versions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ODD_NAMES, ids=range(len(ODD_NAMES)))
def test_odd_names_go_all_the_way(db: Toolkit, name: str, tmp_path: Path) -> None:
    pushed = db.push(packed(), name, alias=name, comment=name, description=name, tags={name: name})
    assert (pushed.name, pushed.aliases, pushed.comment, pushed.description) == (name, (name,), name, name)
    assert pushed.tags == {name: name}
    assert db.audit(name)[0].alias == name
    assert db.pull(name, 1, tmp_path / "model.pkl").read_bytes() == packed().data
    folder = db.pull(name, 1, tmp_path / "mlflow", mlflow=True)
    assert "python_env.yaml" in (folder / "MLmodel").read_text()
    assert (folder / "python_env.yaml").read_text().startswith("python: ")
    with pytest.raises(ModelError, match="names its classes itself"):
        mlmodel.read_directory(folder, classes=("b", "a"))
    again = mlmodel.read_directory(folder)
    assert (bytes(again.data), again.signature) == (packed().data, packed().signature)
    with pytest.raises(ModelError, match="not empty"):
        db.pull(name, 1, folder, mlflow=True)
    registry.remove_alias(db, name, name)
    registry.delete(db, name)
    assert db.audit(name)[0].action == "delete_model"


def test_identical_bytes_are_stored_once(db: Toolkit) -> None:
    one = packed(seed=7)
    first, second = db.push(one, "once"), db.push(one, "once as well")
    assert first.sha256 == second.sha256
    assert db.scalar("SELECT COUNT(*) FROM ml.blobs WHERE sha256 = ?", (one.sha256,)) == 1


def test_numbers_are_not_given_again(db: Toolkit, model: str) -> None:
    registry.delete(db, model, 4)
    assert db.push(packed(), model).version == 5
    registry.remove_alias(db, model, "champion")
    registry.delete(db, model)
    assert db.push(packed(), model).version == 6
    assert db.promote(model, 6).version == 6
    assert refused(lambda: db.rollback(model)) == 51039  # the past of the deleted model is not its own


def test_what_is_used_is_not_deleted(db: Toolkit, model: str) -> None:
    assert refused(lambda: registry.delete(db, model, 3)) == 51040
    assert refused(lambda: registry.delete(db, model)) == 51040
    assert refused(lambda: registry.archive(db, model, 3)) == 51040
    assert refused(lambda: registry.archive(db, model)) == 51040
    db.execute("""INSERT INTO ml.scoring_runs (model_version_id, procedure_name, status)
        SELECT v.model_version_id, N'p', N'succeeded'
        FROM ml.model_versions AS v JOIN ml.models AS m ON m.model_id = v.model_id
        WHERE m.name = ? AND v.version = 1""", (model,))  # fmt: skip
    assert refused(lambda: registry.delete(db, model, 1)) == 51041
    registry.delete(db, model, 1, with_scoring_runs=True)
    assert db.audit(model)[0].detail["scoring_runs"] == 1
    with pytest.raises(RegistryError, match="no version 1:"):
        db.show(model, 1)


def test_what_is_archived_is_not_promoted(db: Toolkit, model: str) -> None:
    registry.archive(db, model, 4)
    assert db.show(model, 4).archived_at is not None
    assert refused(lambda: db.promote(model, 4)) == 51036
    registry.remove_alias(db, model, "champion")
    registry.archive(db, model)
    assert model not in [found.name for found in db.models()]
    assert model in [found.name for found in db.models(archived=True)]
    assert refused(lambda: db.push(packed(), model)) == 51036
    registry.archive(db, model, undo=True)
    assert db.push(packed(), model).version == 5


def test_descriptions_and_tags(db: Toolkit, model: str) -> None:
    registry.describe(db, model, "what it is for")
    registry.describe(db, model, "why", version=2)
    registry.set_tag(db, model, "owner", "me")
    registry.set_tag(db, model, "stage", "old", version=2)
    registry.set_tag(db, model, "stage", "new", version=2)
    found = registry.show_model(db, model)
    assert (found.description, found.tags) == ("what it is for", {"owner": "me"})
    assert (db.show(model, 2).description, db.show(model, 2).tags) == ("why", {"stage": "new"})
    registry.set_tag(db, model, "owner", None)
    registry.describe(db, model, "")
    found = registry.show_model(db, model)
    assert (found.description, found.tags) == (None, {})


REFUSED: dict[str, tuple[Callable[[Toolkit], Any], str]] = {
    "no such model": (lambda db: db.promote("none", 1), "There is no model none"),
    "no such version": (lambda db: db.promote("refusing", 99), "has no version 99"),
    "no such alias": (lambda db: db.show("refusing", alias="none"), "has no alias none"),
    "an empty name": (lambda db: db.push(packed(), ""), "cannot be the name of a model"),
    "blanks at the end": (lambda db: db.push(packed(), "a "), "cannot be the name of a model"),
    "a line break": (lambda db: db.push(packed(), "a", alias="a\nb"), "cannot be the name of an alias"),
    "half an emoji": (lambda db: db.push(packed(), "\ud83d"), "cannot be the name of a model"),
    "129 characters": (lambda db: db.push(packed(), "\N{ROCKET}" * 64 + "x"), "cannot be the name of a model"),
    "a run that there is not": (lambda db: db.push(packed(), "refusing", run_id=99), "There is no run 99"),
    "a long comment": (lambda db: db.push(packed(), "refusing", comment="x" * 4001), "4000 fit"),
    "no steps": (lambda db: db.rollback("refusing", steps=0), "at least one step"),
    "an unknown policy": (lambda db: registry.set_policy(db, "nonsense", "1"), "There is no policy 'nonsense'"),
    "a wrong policy": (lambda db: registry.set_policy(db, "scan", "1"), "report or refuse"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_each_mistake_has_its_sentence(db: Toolkit, case: str) -> None:
    if "refusing" not in [found.name for found in db.models()]:
        db.push(packed(), "refusing")
    n_events = db.scalar("SELECT COUNT(*) FROM ml.events")
    work, sentence = REFUSED[case]
    with pytest.raises(RegistryError, match=sentence):
        work(db)
    assert db.scalar("SELECT COUNT(*) FROM ml.events") == n_events


def test_an_estimator_is_pushed_with_rows_that_it_takes(db: Toolkit) -> None:
    fitted = estimator(3)
    rows = pd.DataFrame({"a": [0.1, 0.2], "b": [0.3, 0.9]})
    found = db.push(fitted, "an estimator", sample=rows)
    assert [column.name for column in found.signature.inputs] == ["a", "b"]
    assert found.signature.output.classes == ("no", "yes")
    with pytest.raises(ModelError, match="pushed with sample="):
        db.push(fitted, "an estimator")
    with pytest.raises(ModelError, match=r"A str cannot be pushed: .* models.read_model_file"):
        db.push("model.pkl", "an estimator")


# Databases that are not at this revision ----------------------------------------------------------------------------


@pytest.mark.parametrize(("revision", "sentence"), [("ml_0002", "run pymlsql db upgrade"), ("ml_0099", "newer")])
def test_another_revision_is_told(db: Toolkit, revision: str, sentence: str) -> None:
    db.execute("UPDATE ml.alembic_version SET version_num = ? WHERE version_num = N'ml_0006'", (revision,))
    try:
        for work in (db.models, db.audit, lambda: db.push(packed(), "m"), lambda: db.promote("m", 1)):
            with pytest.raises(MigrationError, match=sentence):
                work()
    finally:
        db.execute("UPDATE ml.alembic_version SET version_num = N'ml_0006' WHERE version_num = ?", (revision,))
