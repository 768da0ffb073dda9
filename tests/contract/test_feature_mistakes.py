"""Mistakes that only a server can find: the sentence names file, line and key, and the database stays as it was."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pymlsql import connect, project
from pymlsql.cli.main import app
from pymlsql.errors import DeclarationError
from pymlsql.toolkit import Toolkit
from tests import servers

TOML = """\
[project]
name = "mistakes"

[features.days]
view = "dbo.MistakenDays"
entity = [{ name = "shop", type = "int", parameter = "shop" }]
time = "day"
rows = "sales"

[features.days.sources]
sales = { table = "dbo.M_sales", time_type = "date" }
shops = { table = "dbo.M_shops", static = true }

[[features.days.attributes]]
source = "shops"
columns = [{ name = "since", type = "date" }]

[[features.days.expressions]]
name = "x"
type = "float"
sql = "DATEDIFF(day, since, day)"

[features.days.store]
table = "dbo.StoredMistakenDays"
"""


@pytest.fixture(scope="module")
def url(server: servers.Target) -> str:
    return os.environ.get("PYMLSQL_TEST_URL") or server.sqlalchemy_url


@pytest.fixture
def db(url: str) -> Iterator[Toolkit]:
    with connect(url) as found:
        found.upgrade()
        found.execute("CREATE TABLE dbo.M_sales (shop int NOT NULL, day date NOT NULL)")
        found.execute("CREATE TABLE dbo.M_shops (shop int NULL, since date NULL)")
        found.execute("INSERT INTO dbo.M_shops VALUES (1, '20200101'), (2, NULL), (NULL, NULL), (NULL, NULL)")
        found.execute("INSERT INTO dbo.M_sales VALUES (1, '20210101'), (2, '20210101')")
        yield found
        found.execute("DROP TABLE dbo.M_sales; DROP TABLE dbo.M_shops")


def write(folder: Path, old: str = "", new: str = "") -> Path:
    """The project's file, with one text replaced."""
    assert old in TOML
    path = folder / "pymlsql.toml"
    path.write_text(TOML.replace(old, new, 1), encoding="utf-8")
    return path


def made(db: Toolkit) -> int:
    """How many objects of the project there are."""
    found = db.scalar(
        "SELECT COUNT(*) FROM sys.objects WHERE name LIKE N'%MistakenDays%' AND type IN ('U', 'V', 'IF', 'P')"
    )
    assert isinstance(found, int)
    return found


REFUSED = {
    "table that is not there": (
        '"dbo.M_shops"', '"dbo.M_shop"', 12,
        "features.days.sources.shops.table: there is no table or view dbo.M_shop that this login may see.",
    ),
    "column that is not there": (
        '{ name = "since"', '{ name = "sinse"', None,
        "expressions.0.sql: the row has no column since",
    ),
    "column that the table has not": (
        'static = true }', 'static = true, keys = { shop = "shopp" } }', 12,
        "features.days.sources.shops: dbo.M_shops has no column shopp (did you mean shop?).",
    ),
    "text that the server does not take": (
        "DATEDIFF(day, since, day)", "since + 1", 4,
        "features.days: the server refuses [dbo].[MistakenDaysFor]: Msg 206: Operand type clash: ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "sentence"), REFUSED.values(), ids=REFUSED)
def test_mistake_names_its_line_and_changes_nothing(
    db: Toolkit, tmp_path: Path, old: str, new: str, line: int | None, sentence: str
) -> None:
    path = write(tmp_path, old, new)
    with pytest.raises(DeclarationError) as caught:
        db.apply(path)
    assert sentence in str(caught.value)
    assert line is None or str(caught.value).startswith(f"{path}, line {line}, {sentence}")
    assert made(db) == 0
    assert db.scalar("SELECT COUNT(*) FROM ml.applies WHERE project = N'mistakes'") == 0


def test_keys_that_come_twice_are_found_before_and_after(db: Toolkit, url: str, tmp_path: Path) -> None:
    path = write(tmp_path)
    db.execute("INSERT INTO dbo.M_shops VALUES (2, '20200303')")
    with pytest.raises(DeclarationError) as caught:
        db.apply(path)
    twice = "dbo.M_shops has several rows of shop 2, and a static source has one of each."
    assert str(caught.value) == f"{path}, line 12, features.days.sources.shops.table: {twice}"
    assert made(db) == 0
    db.apply(path, check=False)
    assert made(db) == 5
    found = CliRunner().invoke(app, ["features", "check", "--project", str(path), "--url", url])
    assert found.exit_code != 0
    assert "dbo.MistakenDays: sources.shops: dbo.M_shops has rows of the same shop" in str(found.exception)
    assert f"{path}, line 12, " in str(found.exception)
    with pytest.raises(Exception, match=r"51082.*MistakenDays has two rows of one key"):
        db.execute("EXEC dbo.RefreshMistakenDays")
    db.execute("DELETE FROM dbo.M_shops WHERE since = '20200303'")
    db.execute("EXEC dbo.RefreshMistakenDays")
    assert [tuple(row) for row in db.rows("SELECT shop, x FROM dbo.StoredMistakenDays ORDER BY shop")] == [
        (1, 366.0),
        (2, None),
    ]
    assert CliRunner().invoke(app, ["features", "check", "--project", str(path), "--url", url]).exit_code == 0
    db.execute("DELETE FROM dbo.StoredMistakenDays")
    db.undo(project.read(path).required_name)
    assert made(db) == 0
