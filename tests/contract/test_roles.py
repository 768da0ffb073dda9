"""Every role tries every action, through a login of its own; members of roles as a project declares them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pymlsql import doctor, project, registry
from pymlsql.errors import DeclarationError, DeploymentError
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.contract.people import People, outcome, people, values
from tests.contract.registries import packed, prepared
from tests.contract.roles import ACTIONS, FACTS, ROLES, TOML, Action, render_table
from tests.meta.sources import ROOT

LOGINS = {role: f"role_{role.removeprefix('ml_')}" for role in ROLES}


@pytest.fixture(scope="module")
def target() -> Iterator[servers.Target]:
    with servers.under_test() as found:
        yield found


@pytest.fixture(scope="module")
def db(target: servers.Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolkit]:
    """A project with a model of two versions, scored once; the alias champion is protected."""
    with prepared(target) as made:
        made.execute(FACTS)
        made.push(packed(), "roles", alias="champion")
        made.push(packed(1), "roles")
        made.apply(read(tmp_path_factory.mktemp("project")))
        made.execute("EXEC dbo.RoleScore")
        registry.set_policy(made, "approval", "1")
        yield made


def read(folder: Path, more: str = "") -> project.Project:
    (folder / "pymlsql.toml").write_text(TOML + more, encoding="utf-8")
    return project.read(folder)


@pytest.fixture(scope="module")
def crew(target: servers.Target, db: Toolkit) -> Iterator[People]:
    with people(target) as made:
        made.make(*LOGINS.values())
        for role, login in LOGINS.items():
            if role != "public":
                made.run(f"ALTER ROLE {role} ADD MEMBER {login}")
        yield made


@pytest.fixture(scope="module")
def texts(db: Toolkit) -> dict[str, str]:
    """What the actions name: a run with an artifact, and what registering a version takes."""
    with db.start_run("roles") as run:
        run.log_artifact(b"x", "f")
    row = db.rows(
        "SELECT v.sha256, v.format, v.signature, v.python_version, v.packages FROM ml.model_versions AS v"
        " JOIN ml.models AS m ON m.model_id = v.model_id WHERE m.name = N'roles' AND v.version = 1"
    )[0]
    quoted = [f"N'{text}'" for text in (row.format, row.signature, row.python_version, row.packages)]
    return {"run": str(run.run_id), "version": f"N'roles', 0x{bytes(row.sha256).hex()}, {', '.join(quoted)}"}


@pytest.fixture(scope="module")
def tries(crew: People, texts: dict[str, str]) -> Iterator[Any]:
    """The number that a role gets for an action; what it has done is rolled back."""
    connections = {role: crew.connect(login, autocommit=False) for role, login in LOGINS.items()}

    def attempt(role: str, action: Action) -> int:
        sql = action.sql
        for name, text in texts.items():
            sql = sql.replace(f"{{{name}}}", text)
        try:
            return outcome(connections[role], sql)
        finally:
            connections[role].rollback()

    yield attempt
    for connection in connections.values():
        connection.close()


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.words)
def test_each_role_gets_its_answer(tries: Any, action: Action) -> None:
    found = {role: tries(role, action) for role in ROLES}
    assert found == {role: action.expected(role) for role in ROLES}


def test_the_documented_table_is_this_one() -> None:
    assert render_table() in (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_a_reader_sees_what_is_served_and_nothing_else(crew: People) -> None:
    connection = crew.connect(LOGINS["ml_reader"])
    seen = values(connection, "SELECT TABLE_SCHEMA + '.' + TABLE_NAME, TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES")
    names = ("PredictionsAtRisk", "PredictionsDaily", "PredictionsLatest")
    served = [*(f"dbo.Role{name}" for name in names), "dbo.ServedRolePredictions", "ml.scoring_history"]
    assert sorted(seen) == [(name, "VIEW") for name in served]
    assert values(connection, "SELECT name FROM sys.procedures") == []


# Members as a project declares them -------------------------------------------------------------------------------


def changes(db: Toolkit, declared: project.Project) -> list[tuple[str, str]]:
    return [(one.name, one.action) for one in db.plan(declared).member_changes]


def members_of(db: Toolkit, role: str) -> set[str]:
    rows = db.rows(
        "SELECT u.name FROM sys.database_role_members AS m"
        " JOIN sys.database_principals AS r ON r.principal_id = m.role_principal_id"
        " JOIN sys.database_principals AS u ON u.principal_id = m.member_principal_id WHERE r.name = ?", (role,)
    )  # fmt: skip
    return {row.name for row in rows}


@pytest.fixture
def users(db: Toolkit) -> Iterator[None]:
    for name in ("powerbi", "app", "by hand"):
        db.execute(f"CREATE USER [{name}] WITHOUT LOGIN")
    yield
    for name in ("powerbi", "app", "by hand"):
        db.execute(f"DROP USER IF EXISTS [{name}]")
    db.execute("DELETE FROM ml.role_members")


def test_members_are_added_removed_and_taken_back(db: Toolkit, users: None, tmp_path: Path) -> None:
    before = members_of(db, "ml_reader")
    both = read(tmp_path, '[grants]\nml_reader = ["PowerBI", "by hand"]\nml_scorer = ["app"]\n')
    db.execute("ALTER ROLE ml_reader ADD MEMBER [by hand]")
    assert changes(db, both) == [("powerbi of ml_reader", "create"), ("app of ml_scorer", "create")]
    assert db.apply(both).apply_id is not None
    assert changes(db, both) == []
    assert db.apply(both).apply_id is None
    assert members_of(db, "ml_reader") == {*before, "powerbi", "by hand"}
    fewer = read(tmp_path, '[grants]\nml_scorer = ["app"]\n')
    assert changes(db, fewer) == [("powerbi of ml_reader", "drop")]
    db.apply(fewer)
    assert members_of(db, "ml_reader") == {*before, "by hand"}
    assert [one.name for one in db.undo("roles").members] == ["powerbi of ml_reader"]
    assert members_of(db, "ml_reader") == {*before, "powerbi", "by hand"}
    db.undo("roles")
    assert members_of(db, "ml_reader") == {*before, "by hand"}
    assert "app" not in members_of(db, "ml_scorer")


def test_who_was_removed_by_hand_is_added_again_or_forgotten(db: Toolkit, users: None, tmp_path: Path) -> None:
    declared = read(tmp_path, '[grants]\nml_reader = ["powerbi"]\n')
    db.apply(declared)
    db.execute("ALTER ROLE ml_reader DROP MEMBER powerbi")
    (change,) = db.plan(declared).member_changes
    assert (change.action, change.note) == ("create", "it was removed on the server")
    none = read(tmp_path)
    assert changes(db, none) == [("powerbi of ml_reader", "forget")]
    db.apply(none)
    db.execute("ALTER ROLE ml_reader ADD MEMBER powerbi")
    assert changes(db, none) == []


@pytest.mark.parametrize(
    ("member", "sentence"),
    [("nobody", r"this database has no user or role nobody: CREATE USER \[nobody\]"),
     ("dbo", "dbo is no user who can")],
)
def test_who_is_not_there_is_a_sentence_and_nothing_is_half_done(
    db: Toolkit, users: None, tmp_path: Path, member: str, sentence: str
) -> None:
    text = f'[grants]\nml_reader = ["powerbi", "{member}"]\n[procedures.more]\nkind = "single"\nname = "dbo.RoleMore"\n'
    declared = read(tmp_path, text + 'features = "facts"\nmodel = "roles"\n')
    assert [one.conflict is not None for one in db.plan(declared).members] == [False, True]
    with pytest.raises(DeploymentError, match=f"grants.ml_reader: {sentence}"):
        db.apply(declared, overwrite=True)
    assert "powerbi" not in members_of(db, "ml_reader")
    assert db.scalar("SELECT OBJECT_ID(N'dbo.RoleMore')") is None


def test_doctor_names_who_is_missing(
    db: Toolkit, target: servers.Target, users: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    read(tmp_path, '[grants]\nml_reader = ["powerbi", "nobody"]\n')
    (found,) = [one for one in doctor.examine(target.sqlalchemy_url) if one.name == "members"]
    assert found.state == "fail"
    assert "no user or role nobody" in found.detail
    assert "powerbi is not in ml_reader" in found.detail


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("grants = 1", "grants: a table"),
        ('[grants]\nml_readers = ["a"]', r"line \d+, grants.ml_readers: members are declared of ml_admin"),
        ('[grants]\ndb_owner = ["a"]', "members are declared of"),
        ('[grants]\nml_reader = "a"', r'a list of names is wanted'),
        ('[grants]\nml_reader = ["a", "A"]', "a member is named twice"),
        ('[grants]\nml_reader = [""]', "grants.ml_reader: "),
    ],
)  # fmt: skip
def test_a_mistake_in_grants_names_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pymlsql.toml").write_text(f'{text}\n[project]\nname = "roles"\n', encoding="utf-8")
    with pytest.raises(DeclarationError, match=message):
        project.read(tmp_path)
