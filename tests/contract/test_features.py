"""The feature view on a server gives the numbers of its pandas twin."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from sqlalchemy.engine import Connection, Engine

from pymlsql import deployment
from pymlsql.examples.pdm.declaration import FEATURES, PROJECT
from pymlsql.features.reference import compute
from pymlsql.modules import Module
from tests.contract import pdm
from tests.machines import odd_frames

TABLES = ("telemetry", "errors", "maint", "machines", "failures")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with pdm.running_engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def odd(engine: Engine) -> dict[str, pd.DataFrame]:
    frames = odd_frames()
    pdm.prepare(engine, frames)
    return frames


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


RANGES = {
    "everything": (None, None, None),
    "one machine": (1, None, None),
    "machine that never reads": (5, None, None),
    "from a slot on": (None, "2020-01-02 09:00", None),
    "up to a slot": (None, None, "2020-01-02 09:00"),
    "between slots": (None, "2020-01-02 08:00", "2020-01-03 10:59"),
    "one slot of one machine": (1, "2020-01-02 09:00", "2020-01-02 09:00"),
    "slot behind a gap": (1, "2020-01-04 21:00", "2020-01-05 00:00"),
    "no slot at all": (None, "2020-01-02 09:01", "2020-01-02 11:59"),
}


@pytest.mark.parametrize(("machine", "since", "until"), RANGES.values(), ids=RANGES)
def test_function_equals_pandas_on_odd_data(
    odd: dict[str, pd.DataFrame], connection: Connection, machine: int | None, since: str | None, until: str | None
) -> None:
    expected = compute(FEATURES, odd, entity=machine, since=since, until=until)
    times = [None if time is None else pd.Timestamp(time).to_pydatetime() for time in (since, until)]
    declared = "DECLARE @machine_id int = ?, @since datetime = ?, @until datetime = ?; "
    sql = declared + "SELECT * FROM dbo.FeaturesAndLabels{} (@machine_id, @since, @until) AS f"
    pdm.assert_same_features(pdm.read(connection, sql.format("For"), machine, *times), expected)
    slots = pdm.read(connection, sql.format("Slots") + " ORDER BY machineID, datetime", machine, *times)
    assert list(slots.itertuples(index=False)) == list(expected[["machineID", "datetime"]].itertuples(index=False))


def test_literals_are_taken_as_well_as_variables(odd: dict[str, pd.DataFrame], connection: Connection) -> None:
    found = pdm.read(connection, "SELECT * FROM dbo.FeaturesAndLabelsFor(1, '2020-01-02T09:00:00', NULL)")
    pdm.assert_same_features(found, compute(FEATURES, odd, entity=1, since="2020-01-02 09:00"))


def test_view_says_the_types_that_are_declared(odd: dict[str, pd.DataFrame], connection: Connection) -> None:
    found = pdm.read(
        connection,
        "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH FROM INFORMATION_SCHEMA.COLUMNS"
        " WHERE TABLE_SCHEMA = 'dbo' AND TABLE_NAME = 'FeaturesAndLabels' ORDER BY ORDINAL_POSITION",
    )
    types = [kind if pd.isna(length) else f"{kind}({int(length)})" for _, kind, length in found.itertuples(index=False)]
    assert list(zip(found["COLUMN_NAME"], types, strict=True)) == [
        (column.name, column.sql_type) for column in FEATURES.columns
    ]


def test_second_deployment_changes_nothing_and_is_not_recorded(odd: dict[str, pd.DataFrame], engine: Engine) -> None:
    with engine.begin() as connection:
        n_before = connection.exec_driver_sql("SELECT COUNT(*) FROM ml.deployments").scalar()
        modules = PROJECT.modules
        assert [done.changes for done in deployment.deploy(connection, modules)] == [False] * len(modules)
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM ml.deployments").scalar() == n_before


def test_changed_module_is_recorded_with_what_was_there_before(odd: dict[str, pd.DataFrame], engine: Engine) -> None:
    modules = PROJECT.modules
    view = modules[2]
    changed = Module(view.name, view.type, view.text.replace("AS f;", "AS f WHERE 1 = 1;"))
    with engine.begin() as connection:
        deployment.deploy(connection, [changed])
        row = connection.exec_driver_sql(
            "SELECT TOP (1) object_name, definition, former_definition FROM ml.deployments ORDER BY deployment_id DESC"
        ).one()
        assert row.object_name == view.name
        assert "WHERE 1 = 1" in row.definition
        assert "WHERE 1 = 1" not in row.former_definition
        deployment.deploy(connection, [view])


def test_view_equals_pandas_on_the_data_of_the_example(pdm_data: object, engine: Engine) -> None:
    from pymlsql import loading

    frames = {loading.TABLES[name]: frame for name, frame in loading.read_folder(pdm_data.directory).items()}
    known = set(frames["dbo.PdM_telemetry"]["machineID"])
    frames = {name: frame[frame["machineID"].isin(known)] for name, frame in frames.items()}
    pdm.prepare(engine, frames)
    with engine.connect() as connection:
        found = pdm.read(connection, "SELECT * FROM dbo.FeaturesAndLabels")
    expected = compute(FEATURES, frames)
    assert len(expected) > 14_000
    pdm.assert_same_features(found, expected)
