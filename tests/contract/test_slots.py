"""Slots of entities: how even they are, and that the server's are those of the twin in Python."""

from __future__ import annotations

import contextlib
from typing import Any

import pyodbc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymlsql import routes
from tests.contract.routed import TYPED
from tests.servers import Target


def test_shares_hold_within_one_per_cent_and_two_models_split_differently() -> None:
    slots = [routes.slot_of("failures", (number,), ["int"]) for number in range(100_000)]
    for share in (0.5, 0.9, 0.01):
        assert sum(slot < share * routes.N_SLOTS for slot in slots) / 100_000 == pytest.approx(share, abs=0.01)
    other = [routes.slot_of("bank", (number,), ["int"]) for number in range(10_000)]
    both = sum(one < 5000 and two < 5000 for one, two in zip(slots[:10_000], other, strict=True))
    assert both / 10_000 == pytest.approx(0.25, abs=0.02)


@settings(max_examples=8, deadline=None)
@given(keys=st.lists(st.tuples(*TYPED.values()), min_size=1, max_size=20), model=st.sampled_from(["Split", "Plain ü"]))
def test_slot_of_the_server_is_that_of_python(server: Target, keys: list[Any], model: str) -> None:
    names = [f"k{number}" for number in range(len(TYPED))]
    slot = routes.slot_text([(f"d.{name}", kind) for name, kind in zip(names, TYPED, strict=True)])
    one = ", ".join(f"CAST(? AS {kind})" for kind in TYPED)
    rows = " UNION ALL ".join([f"SELECT ?, {one}"] * len(keys))
    values = [value for number, key in enumerate(keys) for value in (number, *key)]
    sql = (f"DECLARE @route_salt nvarchar(200) = ?; SELECT {slot} AS slot FROM ({rows}) AS d (n, {', '.join(names)})"
           " ORDER BY d.n")  # fmt: skip
    salt = f"{len(model)}:{model}"
    with contextlib.closing(pyodbc.connect(server.odbc, autocommit=True)) as connection:
        found = [row.slot for row in connection.execute(f"SET NOCOUNT ON; {sql}", (salt, *values)).fetchall()]
    assert found == [routes.slot_of(model, key, list(TYPED)) for key in keys]
