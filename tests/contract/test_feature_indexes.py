"""Which indexes features want on their sources, and which of them a server has."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pymlsql import batches, connect
from pymlsql.features import indexes
from pymlsql.toolkit import Toolkit
from tests import forms, servers

DEMAND = forms.DEMAND.model_copy(update={"store": None})


@pytest.fixture
def db(server: servers.Target) -> Iterator[Toolkit]:
    with connect(os.environ.get("PYMLSQL_TEST_URL") or server.sqlalchemy_url) as found:
        for table in forms.TABLES:
            found.execute(table)
        yield found
        for table in forms.TABLES:
            found.execute(f"DROP TABLE {table.split()[2]}")


def keys(found: tuple[indexes.Index, ...]) -> dict[str, list[tuple[str, ...]]]:
    """The keys of the indexes by table."""
    made: dict[str, list[tuple[str, ...]]] = {}
    for one in found:
        made.setdefault(one.table, []).append(one.keys)
    return made


def test_windows_want_entity_and_time_and_what_is_read() -> None:
    found = indexes.suggest([DEMAND, forms.CALLS])
    assert keys(found) == {
        "[dbo].[F_sales]": [("shop", "item", "day"), ("day",)],
        "[dbo].[F_visits]": [("store", "seen")],
        "[dbo].[F_items]": [("item",)],
        "[dbo].[F_calls]": [("call_id",)],
    }
    assert found[0].included == ("price", "quantity", "note")
    stored = indexes.suggest([forms.DEMAND])
    assert keys(stored)["[dbo].[F_sales]"] == [("shop", "item", "day"), ("day", "shop", "item")]


def test_views_that_read_one_table_share_its_index() -> None:
    found = indexes.suggest([DEMAND, forms.WEEKLY.model_copy(update={"store": None})])
    (shared,) = [one for one in found if one.keys == ("store", "seen")]
    assert shared.views == ("[dbo].[V_Demand]", "[dbo].[V_Weekly]")
    assert set(shared.included) == {"kind", "amount"}


def test_what_is_suggested_can_be_made_and_is_missing_no_more(db: Toolkit) -> None:
    wanted = indexes.suggest([DEMAND])
    assert indexes.missing(db, wanted) == wanted
    for batch in batches.split(indexes.render(wanted)):
        db.execute(batch)
    assert indexes.missing(db, wanted) == ()


def test_index_that_does_the_same_serves(db: Toolkit) -> None:
    db.execute("ALTER TABLE dbo.F_items ADD PRIMARY KEY CLUSTERED (item)")
    db.execute("CREATE INDEX a ON dbo.F_sales (item, shop, day, price) INCLUDE (note, quantity)")
    db.execute("CREATE INDEX b ON dbo.F_visits (seen, store) INCLUDE (kind, amount)")
    db.execute("CREATE INDEX c ON dbo.F_visits (store, seen) INCLUDE (kind)")
    db.execute("CREATE INDEX d ON dbo.F_sales (day) WHERE shop = 1")
    found = indexes.missing(db, indexes.suggest([DEMAND]))
    assert keys(found) == {"[dbo].[F_sales]": [("day",)], "[dbo].[F_visits]": [("store", "seen")]}


def test_views_and_tables_that_are_not_there_are_left_out(db: Toolkit) -> None:
    db.execute("DROP TABLE dbo.F_items")
    db.execute("CREATE VIEW dbo.F_items AS SELECT N'p' AS item, N'a' AS grp, 1 AS size")
    found = indexes.missing(db, indexes.suggest([DEMAND]))
    assert "[dbo].[F_items]" not in keys(found)
    db.execute("DROP VIEW dbo.F_items")
    db.execute(forms.TABLES[2])
