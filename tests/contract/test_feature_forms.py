"""Every form of a feature declaration gives on a server what its pandas twin gives, and nothing looks ahead."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from sqlalchemy.engine import Connection, Engine

from pymlsql import database
from pymlsql.features import FeatureSet
from pymlsql.features.modules import render_features
from pymlsql.features.parity import differences, without_twin
from pymlsql.features.reference import compute
from tests import forms
from tests.contract import pdm


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with pdm.running_engine() as engine:
        with engine.begin() as connection:
            for table in forms.TABLES:
                connection.exec_driver_sql(table)
            for features in forms.FORMS.values():
                for module in render_features(features):
                    connection.exec_driver_sql(module.text)
        yield engine


def fill(connection: Connection, frames: dict[str, pd.DataFrame]) -> None:
    """These rows and no others."""
    for table, frame in frames.items():
        connection.exec_driver_sql(f"DELETE FROM {table}")
        database.insert_frame(connection, table, frame)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        fill(connection, forms.frames())
        yield connection
        connection.rollback()


@pytest.mark.parametrize("features", forms.FORMS.values(), ids=forms.FORMS)
def test_view_equals_pandas(features: FeatureSet, connection: Connection) -> None:
    expected = compute(features, forms.frames())
    assert len(expected) > 3
    found = pdm.read(connection, f"SELECT * FROM {features.view}")
    assert differences(features, found, expected, skipped=without_twin(features)) == []


RANGES = [
    ("demand", "2021-03-04", "2021-03-08"),
    ("demand", None, "2021-03-06 12:00"),
    ("weekly", "2021-03-05", None),
    ("weekly", "2021-03-04", "2021-03-08"),
    ("readings", "2021-05-03 01:00", "2021-05-03 03:00"),
]


@pytest.mark.parametrize(("name", "since", "until"), RANGES)
def test_range_equals_pandas(name: str, since: str | None, until: str | None, connection: Connection) -> None:
    features = forms.FORMS[name]
    expected = compute(features, forms.frames(), entity=1, since=since, until=until)
    limits = ["1", *["NULL"] * (len(features.entity) - 1)]
    limits += ["NULL" if moment is None else f"'{pd.Timestamp(moment):%Y-%m-%dT%H:%M:%S}'" for moment in (since, until)]
    found = pdm.read(connection, f"SELECT * FROM {features.function} ({', '.join(limits)})")
    assert differences(features, found, expected, skipped=without_twin(features)) == []
    keys = [column.name for column in features.keys]
    slots = pdm.read(connection, f"SELECT * FROM {features.slots} ({', '.join(limits)})").sort_values(keys)
    assert slots.astype("object").to_numpy().tolist() == expected[keys].astype("object").to_numpy().tolist()


@pytest.mark.parametrize(
    ("name", "moment"), [("demand", "2021-03-08"), ("weekly", "2021-03-05 12:00"), ("readings", "2021-05-03 02:30")]
)
def test_rows_that_come_later_move_no_feature(name: str, moment: str, connection: Connection) -> None:
    features = forms.FORMS[name]
    names = [column.name for column in (*features.keys, *features.features)]
    now = pd.Timestamp(moment)
    after = pdm.read(connection, f"SELECT * FROM {features.view}")
    fill(connection, forms.until(forms.frames(), now))
    before = pdm.read(connection, f"SELECT * FROM {features.view}")
    unlabelled = features.model_copy(update={"label": None})
    after = after[after[features.time] <= before[features.time].max()]
    assert 0 < len(before) < len(compute(features, forms.frames()))
    assert differences(unlabelled, before[names], after[names]) == []
