"""Plan, apply and undo of a project on a server, and what each refuses."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pymlsql import connect, project, quoting, signing
from pymlsql.deployment import applying, render_script, state, verbs, write_scripts
from pymlsql.errors import DeclarationError, DeploymentError, MigrationError
from pymlsql.modules import Module, TableColumn
from pymlsql.project import Project
from pymlsql.signing import Signing
from pymlsql.toolkit import Toolkit
from tests import servers

TOML = """\
[project]
name = "shop"

[features.days]
view = "dbo.ShopDays"
entity = [{ name = "shop", type = "int", parameter = "shop" }]
time = "day"
rows = "sales"

[features.days.sources]
sales = { table = "dbo.[Shop's Sales]", time_type = "date" }

[[features.days.windows]]
source = "sales"
columns = ["quantity"]
statistics = ["mean"]
over = ["7d"]
"""
TABLE = "dbo.[Shop's Sales]"
VIEW = "[dbo].[ShopDays]"


def read(folder: Path, old: str = "", new: str = "") -> Project:
    """The project, with one text replaced."""
    assert old in TOML
    (folder / "pymlsql.toml").write_text(TOML.replace(old, new, 1), encoding="utf-8")
    return project.read(folder)


@pytest.fixture(scope="module")
def server_url(server: servers.Target) -> str:
    return os.environ.get("PYMLSQL_TEST_URL") or server.sqlalchemy_url


@pytest.fixture
def db(server_url: str) -> Iterator[Toolkit]:
    with connect(server_url) as found:
        found.upgrade()
        found.execute(
            f"CREATE TABLE {TABLE} (shop int NOT NULL, day date NOT NULL, quantity float NULL, note nvarchar(9))"
        )
        yield found
        for kind, name in reversed([*MADE]):
            found.execute(f"DROP {kind} IF EXISTS {name}")
        found.execute(f"DROP TABLE {TABLE}")
        found.execute("DELETE FROM ml.deployments WHERE apply_id IS NOT NULL")
        found.execute("DELETE FROM ml.applies WHERE undoes IS NOT NULL; DELETE FROM ml.applies")


MADE = [
    ("TABLE", "dbo.ShopTotals"),
    ("FUNCTION", "dbo.ShopDaysSlots"),
    ("FUNCTION", "dbo.ShopDaysFor"),
    ("VIEW", "dbo.ShopDays"),
    ("VIEW", "dbo.ShopExtra"),
    ("TYPE", "dbo.ShopRows"),
    ("PROCEDURE", "dbo.ShopScript"),
    ("PROCEDURE", "dbo.ShopStranger"),
]


def definition(db: Toolkit, name: str = VIEW) -> str | None:
    found = db.scalar("SELECT definition FROM sys.sql_modules WHERE object_id = OBJECT_ID(?)", (name,))
    return None if found is None else str(found)


def actions(found: object) -> list[str]:
    return [step.action for step in found.steps]  # type: ignore[attr-defined]


def with_modules(declared: Project, *modules: Module) -> Project:
    """The project with further modules, as another kind of declaration would make them."""

    class More(Project):
        @property
        def modules(self) -> tuple[Module, ...]:
            return (*super().modules, *modules)

    return More(*(getattr(declared, field.name) for field in dataclasses.fields(declared)))


def test_what_is_not_there_is_made_and_a_second_apply_does_nothing(db: Toolkit, tmp_path: Path) -> None:
    declared = read(tmp_path)
    assert actions(db.plan(declared)) == ["create"] * 3
    assert definition(db) is None
    done = db.apply(declared)
    assert done.apply_id is not None
    assert definition(db) is not None
    n_rows = db.scalar("SELECT COUNT(*) FROM ml.deployments")
    again = db.apply(declared)
    assert (again.apply_id, actions(again.plan)) == (None, ["same"] * 3)
    assert db.scalar("SELECT COUNT(*) FROM ml.deployments") == n_rows
    assert db.scalar("SELECT COUNT(*) FROM ml.applies WHERE project = N'shop'") == 1


def test_a_change_is_shown_line_by_line_and_taken_back(db: Toolkit, tmp_path: Path) -> None:
    db.apply(read(tmp_path))
    before = definition(db, "dbo.ShopDaysFor")
    changed = read(tmp_path, '["mean"]', '["mean", "max"]')
    found = db.plan(changed)
    assert actions(found) == ["same", "alter", "alter"]
    assert any(line.startswith("+") and "quantitymax_7d" in line for line in found.steps[1].diff)
    assert not any("ShopDaysSlots" in line for line in found.steps[1].diff)
    db.apply(changed)
    assert "quantitymax_7d" in (definition(db) or "")
    undone = db.undo("shop")
    assert [one.way for one in undone.objects] == ["restore", "restore"]
    assert definition(db, "dbo.ShopDaysFor") == before
    assert actions(db.plan(read(tmp_path))) == ["same"] * 3
    db.undo("shop")
    assert definition(db) is None
    with pytest.raises(DeploymentError, match="no apply of the project shop that could be undone"):
        db.undo("shop")


def test_what_was_edited_by_hand_is_refused_and_kept_for_undo(db: Toolkit, tmp_path: Path) -> None:
    declared = read(tmp_path)
    db.apply(declared)
    db.execute("ALTER VIEW dbo.ShopDays AS SELECT 1 AS mine")
    found = db.plan(declared)
    assert [step.name for step in found.steps if step.conflict] == [VIEW]
    assert "-CREATE OR ALTER VIEW dbo.ShopDays AS SELECT 1 AS mine" in found.steps[2].diff
    with pytest.raises(DeploymentError, match="was edited on the server since it was applied"):
        db.apply(declared)
    assert "mine" in (definition(db) or "")
    db.apply(declared, overwrite=True)
    assert "mine" not in (definition(db) or "")
    db.undo("shop")
    assert definition(db) == "CREATE VIEW dbo.ShopDays AS SELECT 1 AS mine"
    with pytest.raises(DeploymentError, match="was edited on the server since it was applied"):
        db.apply(declared)


def test_undo_is_refused_where_somebody_came_after_it(db: Toolkit, tmp_path: Path) -> None:
    db.apply(read(tmp_path))
    db.apply(read(tmp_path, '["mean"]', '["max"]'))
    db.execute("ALTER VIEW dbo.ShopDays AS SELECT 1 AS mine")
    before = definition(db, "dbo.ShopDaysFor")
    with pytest.raises(DeploymentError, match=r"\[ShopDays\] was edited on the server since"):
        db.undo("shop")
    assert definition(db, "dbo.ShopDaysFor") == before
    db.undo("shop", overwrite=True)
    assert "quantitymean_7d" in (definition(db) or "")


def test_what_is_declared_no_more_is_dropped_and_undo_brings_all_of_it_back(db: Toolkit, tmp_path: Path) -> None:
    text = "CREATE OR ALTER PROCEDURE dbo.ShopScript AS EXEC sp_execute_external_script N'Python', N'pass';"
    script = Module("[dbo].[ShopScript]", "procedure", text, Signing("dbo.ShopScript"), granted_to=("ml_scorer",))
    declared = read(tmp_path)
    db.apply(with_modules(declared, script))
    db.execute("DENY EXECUTE ON dbo.ShopScript TO ml_reader")
    permissions = "SELECT COUNT(*) FROM sys.database_permissions WHERE major_id = OBJECT_ID(N'dbo.ShopScript')"
    signed = "SELECT COUNT(*) FROM sys.crypt_properties WHERE major_id = OBJECT_ID(N'dbo.ShopScript')"
    certificates = "SELECT COUNT(*) FROM sys.certificates WHERE name LIKE N'%ShopScript'"
    users = "SELECT COUNT(*) FROM sys.database_principals WHERE name LIKE N'%ShopScript'"
    assert [db.scalar(one) for one in (permissions, signed, certificates, users)] == [2, 1, 1, 1]
    done = db.apply(declared)
    assert [(step.action, step.notes) for step in done.plan.changes] == [("drop", ("not declared any more",))]
    assert definition(db, "dbo.ShopScript") is None
    assert [db.scalar(one) for one in (certificates, users)] == [0, 0]
    db.undo("shop")
    assert definition(db, "dbo.ShopScript") == text.replace(" OR ALTER", "")
    assert [db.scalar(one) for one in (permissions, signed, certificates, users)] == [2, 1, 1, 1]
    assert actions(db.plan(with_modules(declared, script))) == ["same"] * 4


def test_flags_come_back_with_the_text(db: Toolkit, tmp_path: Path) -> None:
    extra = Module("[dbo].[ShopExtra]", "view", "CREATE OR ALTER VIEW dbo.ShopExtra AS SELECT 2 AS two")
    with db.transaction() as connection:
        applying.send(connection, "CREATE VIEW dbo.ShopExtra AS SELECT 1 AS one", quoted_identifier=False)
    declared = with_modules(read(tmp_path), extra)
    with pytest.raises(DeploymentError, match="is there already, and no project made it"):
        db.apply(declared)
    db.apply(declared, overwrite=True)
    flag = (
        "SELECT CAST(uses_quoted_identifier AS int) FROM sys.sql_modules WHERE object_id = OBJECT_ID(N'dbo.ShopExtra')"
    )
    assert db.scalar(flag) == 1
    db.undo("shop")
    assert (definition(db, "dbo.ShopExtra"), db.scalar(flag)) == ("CREATE VIEW dbo.ShopExtra AS SELECT 1 AS one", 0)


def test_grants_follow_the_declaration(db: Toolkit, tmp_path: Path) -> None:
    declared = read(tmp_path)
    extra = Module("[dbo].[ShopExtra]", "view", "CREATE OR ALTER VIEW dbo.ShopExtra AS SELECT 2 AS two")
    held = """SELECT STRING_AGG(USER_NAME(grantee_principal_id), N',') FROM sys.database_permissions
        WHERE major_id = OBJECT_ID(N'dbo.ShopExtra') AND permission_name = N'SELECT'"""
    db.apply(with_modules(declared, dataclasses.replace(extra, granted_to=("ml_reader",))))
    assert db.scalar(held) == "ml_reader"
    done = db.apply(with_modules(declared, dataclasses.replace(extra, granted_to=("ml_scorer",))))
    assert [step.notes for step in done.plan.changes] == [("grants to ml_scorer", "revokes from ml_reader")]
    assert db.scalar(held) == "ml_scorer"
    db.undo("shop")
    assert db.scalar(held) == "ml_reader"
    db.apply(with_modules(declared, extra))  # whom the project had granted it then, it knows again
    assert db.scalar(held) is None


def test_a_table_is_made_once_and_never_taken_with_its_rows(db: Toolkit, tmp_path: Path) -> None:
    columns = (TableColumn("shop", "INT", False), TableColumn("total", "DECIMAL(9)", True))  # spelt as one likes
    text = "CREATE TABLE dbo.ShopTotals (shop int NOT NULL, total decimal(9) NULL)"
    table = Module("[dbo].[ShopTotals]", "table", text, columns=columns)
    declared = read(tmp_path)
    db.apply(with_modules(declared, table))
    assert actions(db.plan(with_modules(declared, table))) == ["same"] * 4
    wider = dataclasses.replace(table, columns=(*columns, TableColumn("note", "nvarchar(20)", True)))
    with pytest.raises(DeploymentError, match=r"\[note\] is missing: nvarchar\(20\) NULL.*by a migration"):
        db.apply(with_modules(declared, wider), overwrite=True)
    db.execute("INSERT INTO dbo.ShopTotals VALUES (1, 2)")
    assert actions(db.apply(declared).plan)[-1] == "keep"
    db.undo("shop")
    assert db.scalar("SELECT COUNT(*) FROM dbo.ShopTotals") == 1


def test_a_table_type_is_replaced_with_what_takes_it_and_comes_back(db: Toolkit, tmp_path: Path) -> None:
    count = "CREATE OR ALTER PROCEDURE dbo.ShopScript @rows dbo.ShopRows READONLY AS SELECT COUNT(*) AS n FROM @rows;"
    taker = Module("[dbo].[ShopScript]", "procedure", count, granted_to=("ml_scorer",))

    def declared(*names: str) -> Project:
        columns = tuple(TableColumn(name, "int", True) for name in names)
        text = f"CREATE TYPE dbo.ShopRows AS TABLE ({', '.join(f'{name} int NULL' for name in names)});"
        return with_modules(
            read(tmp_path), Module("[dbo].[ShopRows]", "type", text, granted_to=("ml_scorer",), columns=columns), taker
        )

    def state_now() -> tuple[object, ...]:
        columns = """SELECT STRING_AGG(c.name, N',') FROM sys.columns AS c JOIN sys.table_types AS t
            ON t.type_table_object_id = c.object_id WHERE t.name LIKE N'ShopRows%'"""
        held = """SELECT STRING_AGG(CONCAT(USER_NAME(grantee_principal_id), N' ', permission_name), N',') WITHIN GROUP
            (ORDER BY grantee_principal_id) FROM sys.database_permissions WHERE class = 6"""
        on_taker = "SELECT COUNT(*) FROM sys.database_permissions WHERE major_id = OBJECT_ID(N'dbo.ShopScript')"
        call = "DECLARE @r dbo.ShopRows; INSERT INTO @r (a) VALUES (1), (2); EXEC dbo.ShopScript @r;"
        return (*(db.scalar(one) for one in (columns, held, on_taker)), db.rows(f"SET NOCOUNT ON; {call}")[0].n)

    db.apply(declared("a"))
    db.execute("GRANT REFERENCES ON TYPE::dbo.ShopRows TO ml_reader")
    before = state_now()
    assert (before[0], before[2:]) == ("a", (1, 2))
    found = db.plan(declared("a", "b"))
    assert [(step.name, step.action) for step in found.changes] == [
        ("[dbo].[ShopRows]", "alter"), ("[dbo].[ShopScript]", "alter"),
    ]  # fmt: skip
    assert any("b int NULL" in line for line in found.changes[0].diff)
    db.execute("CREATE PROCEDURE dbo.ShopStranger @rows dbo.ShopRows READONLY AS SELECT 1 AS one")
    with pytest.raises(DeploymentError, match=r"\[ShopStranger\], which is not declared, takes it: drop that first"):
        db.apply(declared("a", "b"), overwrite=True)
    assert state_now() == before
    db.execute("DROP PROCEDURE dbo.ShopStranger")
    db.apply(declared("a", "b"))
    assert state_now() == ("a,b", *before[1:])
    assert db.plan(declared("a", "b")).is_empty
    db.undo("shop")
    assert state_now() == before
    assert db.plan(declared("a")).is_empty
    db.apply(declared("b", "a"))  # the order of the columns alone is no other type to those who name them
    db.apply(declared("a"))
    assert state_now() == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'columns = ["quantity"]',
            'columns = ["quantiti"]',
            r"line 13, .*no column quantiti \(did you mean quantity\?\)",
        ),
        (
            TABLE,
            "dbo.ShopSales",
            r"line 11, features.days.sources.sales.table: there is no table or view dbo.ShopSales",
        ),
    ],
)
def test_a_mistake_names_its_line_and_changes_nothing(
    db: Toolkit, tmp_path: Path, old: str, new: str, message: str
) -> None:
    declared = read(tmp_path, old, new)
    with pytest.raises(DeclarationError, match=message):
        db.apply(declared)
    assert db.scalar("SELECT COUNT(*) FROM sys.objects WHERE name LIKE N'ShopDays%'") == 0
    assert db.scalar("SELECT COUNT(*) FROM ml.applies") == 0


def test_a_module_that_the_server_refuses_names_the_line_of_its_declaration(db: Toolkit, tmp_path: Path) -> None:
    text = f"CREATE OR ALTER VIEW dbo.ShopExtra AS SELECT nothing FROM {TABLE}"
    wrong = Module("[dbo].[ShopExtra]", "view", text, declared=("features", "days"))
    with pytest.raises(DeclarationError, match=r"line 4, features\.days: the server refuses .*ShopExtra\]: Msg 207"):
        db.apply(with_modules(read(tmp_path), wrong))
    assert db.scalar("SELECT COUNT(*) FROM sys.objects WHERE name LIKE N'ShopDays%'") == 0
    assert db.scalar("SELECT COUNT(*) FROM ml.applies") == 0


def test_two_projects_cannot_own_one_view(db: Toolkit, tmp_path: Path) -> None:
    db.apply(read(tmp_path))
    with pytest.raises(DeploymentError, match=r"\[ShopDaysSlots\] belongs to the project shop.*2 more"):
        db.apply(read(tmp_path, 'name = "shop"', 'name = "store"'), overwrite=True)


def test_one_apply_at_a_time(db: Toolkit, server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "LOCK_TIMEOUT_MS", 300)
    with (
        connect(server_url) as other,
        other.transaction() as connection,
        applying.locked(connection),
        pytest.raises(DeploymentError, match="Another apply or undo is running"),
    ):
        db.apply(read(tmp_path))
    assert db.scalar("SELECT COUNT(*) FROM ml.applies") == 0


def test_scripts_of_a_project_do_what_apply_does(db: Toolkit, tmp_path: Path) -> None:
    declared = read(tmp_path)
    paths = write_scripts(tmp_path / "sql", declared.modules)
    assert [path.name for path in paths] == [
        "010_dbo.ShopDaysSlots.sql",
        "020_dbo.ShopDaysFor.sql",
        "030_dbo.ShopDays.sql",
    ]
    for _ in range(2):
        for path in paths:
            script = path.read_text(encoding="utf-8")
            db.execute_batches("\n".join(line for line in script.splitlines() if not line.startswith(":")))
    found = db.plan(declared)
    assert [(step.action, step.notes) for step in found.steps] == [("settle", ("records",))] * 3
    db.apply(declared)
    assert actions(db.plan(declared)) == ["same"] * 3
    (tmp_path / "sql" / "999_other.sql").write_text("SELECT 1")
    with pytest.raises(DeploymentError, match=r"999_other\.sql"):
        write_scripts(tmp_path / "sql", declared.modules)


@pytest.mark.parametrize("text", ["-- $(HOME)", "/*\nGO\n*/", "/*\n:quit\n*/", "/*\n  exit\n*/", "/*\n!!ls\n*/"])
def test_scripts_hold_nothing_that_sqlcmd_takes_for_its_own(text: str) -> None:
    module = Module("[dbo].[V]", "view", f"CREATE OR ALTER VIEW dbo.V AS {text}\nSELECT 1 AS a")
    with pytest.raises(DeploymentError, match="sqlcmd takes"):
        render_script([module])


def test_a_database_without_the_tables_says_what_comes_first(server_url: str, tmp_path: Path) -> None:
    with connect(server_url) as db:
        db.upgrade("ml_0003")
        db.downgrade("ml_0003") if db.scalar("SELECT OBJECT_ID(N'ml.applies')") else None
        with pytest.raises(MigrationError, match="run pymlsql db upgrade"):
            verbs.plan(db, read(tmp_path))
        db.upgrade()


def test_odd_names_are_deployed_and_taken_back(db: Toolkit, tmp_path: Path) -> None:
    name = quoting.qualified(("dbo", "Läden's [größe]"))
    declared = read(tmp_path, '"dbo.ShopDays"', f'"{name}"')
    db.apply(declared)
    assert db.scalar("SELECT OBJECT_ID(?)", (name,)) is not None
    assert actions(db.plan(declared)) == ["same"] * 3
    db.undo("shop")
    assert db.scalar("SELECT OBJECT_ID(?)", (name,)) is None


def test_many_modules_are_asked_for_at_once(db: Toolkit) -> None:
    names = [f"[dbo].[A view with a name that is not short at all, number {n}]" for n in range(200)]
    with db.connect(autocommit=True) as connection:
        assert state.read_objects(connection, [*names, "ml.models"]).keys() == {"[ml].[models]"}
        states = signing.read_states(connection, [Signing(name) for name in names])
    assert set(states.values()) == {"unsigned"}
