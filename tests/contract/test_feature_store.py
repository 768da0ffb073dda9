"""What is stored of a feature view is what the view says, whatever comes late, is corrected, or is taken away."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from sqlalchemy.engine import Connection, Engine

from pymlsql.features import FeatureSet
from pymlsql.features.indexes import suggest
from pymlsql.features.modules import render_features
from pymlsql.features.parity import differences
from tests import forms
from tests.contract import pdm
from tests.contract.test_feature_forms import fill
from tests.golden.cases import HOSTILE_FEATURES, HOSTILE_OWN_ROWS, HOSTILE_SOURCES

STORED = {name: features for name, features in forms.FORMS.items() if features.store}

VISITS = FeatureSet.parse(
    {
        "view": "dbo.V_Visits",
        "entity": [{"name": "store", "type": "int", "parameter": "store"}],
        "time": "seen",
        "rows": "visits",
        "sources": {"visits": {"table": "dbo.F_seen", "time_type": "smalldatetime"}},
        "counts": [{"source": "visits", "over": "1d", "name": "n_visits"}],
        "history": "1min",
        "label": {"kind": "column", "column": "paid", "name": "paid", "type": "nvarchar(3)", "values": ["no", "yes"]},
        "store": {"table": "dbo.V_VisitsStored", "late": "1h"},
    }
)
"""Rows as they are whose label is written into them later."""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with pdm.running_engine() as engine:
        with engine.begin() as connection:
            for table in (*forms.TABLES, "CREATE TABLE dbo.F_seen (store int, seen smalldatetime, paid nvarchar(3))"):
                connection.exec_driver_sql(table)
            for features in (*STORED.values(), VISITS):
                for module in render_features(features):
                    connection.exec_driver_sql(module.text)
        yield engine


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        fill(connection, forms.frames())
        yield connection
        connection.rollback()


def refresh(connection: Connection, features: FeatureSet, *, full: int = 0, since: object = None,
            until: object = None) -> int:  # fmt: skip
    """Execute the procedure; the number of rows that it made."""
    text = (
        "DECLARE @n bigint, @since datetime = ?, @until datetime = ?, @full bit = ?;"
        f" EXEC {features.refresh} @since, @until, @full, @n OUTPUT; SELECT @n AS n"
    )
    found = connection.exec_driver_sql("SET NOCOUNT ON; " + text, (since, until, full)).scalar()
    assert isinstance(found, int)
    return found


def rows(connection: Connection, source: str | None) -> pd.DataFrame:
    """All rows of the view, or of what is stored."""
    return pdm.read(connection, f"SELECT * FROM {source}")


def is_same(connection: Connection, features: FeatureSet) -> bool:
    """Whether both hold the same rows; numbers may differ in what hangs on the order of adding up."""
    return not differences(features, rows(connection, features.stored), rows(connection, features.view))


def assert_same(connection: Connection, features: FeatureSet) -> int:
    """That both hold the same rows; how many."""
    stored = rows(connection, features.stored)
    assert differences(features, stored, rows(connection, features.view)) == []
    return len(stored)


@pytest.mark.parametrize("features", STORED.values(), ids=STORED)
def test_full_refresh_is_the_view_however_often(features: FeatureSet, connection: Connection) -> None:
    assert refresh(connection, features) == assert_same(connection, features) > 3
    assert refresh(connection, features, full=1) == assert_same(connection, features)
    connection.exec_driver_sql(f"DELETE FROM {features.sources[features.rows].table}")
    assert refresh(connection, features) == assert_same(connection, features) == 0


MOMENTS = {"demand": "2021-03-08", "weekly": "2021-03-10", "readings": "2021-05-03 05:00"}
"""Times at which the rows so far are stored, for the rest to come later."""


@pytest.mark.parametrize("name", MOMENTS)
def test_incremental_refresh_adds_rows_and_labels(name: str, connection: Connection) -> None:
    features = STORED[name]
    now = pd.Timestamp(MOMENTS[name])
    fill(connection, forms.until(forms.frames(), now))
    first = refresh(connection, features)
    before = rows(connection, features.stored)
    assert first == len(before)
    fill(connection, forms.frames())
    again = refresh(connection, features)
    assert again < assert_same(connection, features)
    after = rows(connection, features.stored)
    after = after[after[features.time] <= before[features.time].max()]
    unlabelled, label = features.model_copy(update={"label": None}), features.label
    assert label is not None
    names = [column.name for column in unlabelled.columns]
    assert differences(unlabelled, before[names], after[names]) == []
    assert before[label.name].notna().sum() < after[label.name].notna().sum()


CHANGES = {
    "demand": [
        "INSERT INTO dbo.F_sales VALUES (2, N'p', '2021-03-13', 99.5, 3.25, N'late')",
        "UPDATE dbo.F_sales SET quantity = 1000, note = NULL WHERE shop = 3 AND day >= '2021-03-12'",
        "DELETE FROM dbo.F_sales WHERE shop = 1 AND day = '2021-03-13'",
        "INSERT INTO dbo.F_visits VALUES (1, '2021-03-13T12:00:00', N'in', 2.5)",
        "DELETE FROM dbo.F_sales WHERE day >= '2021-03-14'",
    ],
    "weekly": [
        "INSERT INTO dbo.F_sales VALUES (1, N'p', '2021-03-13', 99.5, 3.25, N'late')",
        "INSERT INTO dbo.F_visits VALUES (1, '2021-03-12T12:00:00.001', N'o''ut', 2.5)",
        "UPDATE dbo.F_sales SET quantity = 1000 WHERE day >= '2021-03-13'",
        "DELETE FROM dbo.F_sales WHERE day >= '2021-03-14'",
    ],
    "readings": [
        "INSERT INTO dbo.F_readings VALUES (1, '2021-05-03T05:31:00', 17.5, 99)",
        "UPDATE dbo.F_readings SET x = -1 WHERE id = 2 AND at >= '2021-05-03T05:20:00'",
        "DELETE FROM dbo.F_readings WHERE at >= '2021-05-03T05:50:00'",
    ],
}


@pytest.mark.parametrize("name", CHANGES)
def test_late_corrected_and_removed_rows_are_taken_in(name: str, connection: Connection) -> None:
    features = STORED[name]
    refresh(connection, features)
    for change in CHANGES[name]:
        connection.exec_driver_sql(change)
        assert not is_same(connection, features), change
        refresh(connection, features)
        assert_same(connection, features)


def test_range_is_made_anew_and_nothing_else(connection: Connection) -> None:
    features = STORED["demand"]
    refresh(connection, features)
    before = rows(connection, features.stored)
    connection.exec_driver_sql("UPDATE dbo.F_sales SET price = 3, note = N'x'")
    refresh(connection, features, since="2021-03-05", until="2021-03-06")
    view = rows(connection, features.view)
    inside = [frame["day"].between("2021-03-05", "2021-03-06") for frame in (view, before)]
    expected = pd.concat([view[inside[0]], before[~inside[1]]])
    assert inside[0].any() and differences(features, before, expected) != []
    assert differences(features, rows(connection, features.stored), expected) == []
    refresh(connection, features, since="2021-03-02")
    assert_same(connection, features)


def test_label_of_the_own_row_is_filled_in_however_late(connection: Connection) -> None:
    for minutes, paid in ((0, "no"), (10, None), (3000, None), (6000, "yes")):
        moment = pd.Timestamp("2021-03-01") + pd.Timedelta(minutes=minutes)
        connection.exec_driver_sql("INSERT INTO dbo.F_seen VALUES (1, ?, ?)", (moment.to_pydatetime(), paid))
    refresh(connection, VISITS)
    assert assert_same(connection, VISITS) == 3
    connection.exec_driver_sql("UPDATE dbo.F_seen SET paid = N'yes' WHERE seen = '2021-03-01T00:10:00'")
    assert refresh(connection, VISITS) == 1  # the last row; the label is filled in besides
    assert_same(connection, VISITS)


def test_two_rows_of_one_key_are_said(connection: Connection) -> None:
    features = STORED["demand"]
    connection.exec_driver_sql("INSERT INTO dbo.F_sales SELECT * FROM dbo.F_sales WHERE day = '2021-03-06'")
    connection.commit()
    with pytest.raises(Exception, match=r"V_Demand has two rows of one key.*51082"):
        refresh(connection, features)
    connection.rollback()
    connection.exec_driver_sql("DELETE FROM dbo.F_sales")
    connection.exec_driver_sql(f"DELETE FROM {features.stored}")
    connection.commit()


def test_names_of_every_kind_are_stored_and_described(engine: Engine) -> None:
    with engine.begin() as connection:
        for text in HOSTILE_SOURCES:
            connection.exec_driver_sql(text)
        connection.exec_driver_sql(
            "INSERT INTO odd.[r'ows] VALUES (1, '20210101 10:00', 1.5, NULL), (2, '20210102', 2, 1)"
        )
        for hours in range(0, 90, 2):
            moment = pd.Timestamp("2021-01-01") + pd.Timedelta(hours=hours)
            connection.exec_driver_sql(
                "INSERT INTO odd.[read]]ings] VALUES (N'a'']', ?, 1.5, ?)", (moment.to_pydatetime(), hours)
            )
        connection.exec_driver_sql("INSERT INTO odd.visits VALUES (N'a'']', '20210102', N'O''Brien')")
        for features in (HOSTILE_FEATURES, HOSTILE_OWN_ROWS):
            for module in render_features(features):
                for text in (module.text, *module.extras):
                    connection.exec_driver_sql(text)
            assert refresh(connection, features) == assert_same(connection, features) > 1
            for index in suggest([features]):
                connection.exec_driver_sql(index.render())
        connection.exec_driver_sql("UPDATE odd.[r'ows] SET [y'y] = 7 WHERE [k]]ey] = 1")
        refresh(connection, HOSTILE_OWN_ROWS)
        assert_same(connection, HOSTILE_OWN_ROWS)
        meanings = (
            "SELECT CAST(value AS nvarchar(3000)) FROM sys.extended_properties WHERE minor_id = 2 AND major_id = "
        )
        found = connection.exec_driver_sql(meanings + "OBJECT_ID('odd.[k]]ept]')").scalar()
        assert found == "The time of the row: what is stamped later is not known in it."


def test_table_has_a_columnstore_and_its_key(connection: Connection) -> None:
    found = pdm.read(
        connection,
        "SELECT OBJECT_NAME(object_id) AS name, type_desc, is_primary_key FROM sys.indexes"
        " WHERE object_id IN (OBJECT_ID('dbo.V_DemandStored'), OBJECT_ID('dbo.V_WeeklyStored')) ORDER BY 1, 2",
    )
    assert list(found.itertuples(index=False, name=None)) == [
        ("V_DemandStored", "CLUSTERED COLUMNSTORE", False),
        ("V_DemandStored", "NONCLUSTERED", True),
        ("V_WeeklyStored", "CLUSTERED COLUMNSTORE", False),
    ]
