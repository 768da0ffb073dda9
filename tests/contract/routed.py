"""Routes for tests: whose rows are whose by the twin in Python, keys of all types, and shares."""

from __future__ import annotations

import contextlib
import datetime
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from pymlsql import deployment, models, routes, signature
from pymlsql.project import Project
from pymlsql.routes.declaration import DeclaredRoute
from pymlsql.toolkit import Toolkit
from tests.contract.test_batch import INPUTS, ROWS

KEYS = ["int", "nvarchar(20)"]


def push(db: Toolkit, name: str, *aliases: str) -> None:
    """A version for each alias, each of another model."""
    made = {}
    for number, alias in enumerate(aliases, start=1):
        made[alias] = LogisticRegression(C=float(number)).fit(INPUTS, ROWS["kind"])
        packed = models.pack(
            made[alias], signature.infer(INPUTS, made[alias], sql_types=dict.fromkeys(INPUTS, "float"))
        )
        db.push(packed, name, alias=alias)


@contextlib.contextmanager
def deployed(scored: Any, declared: Any, features: Any) -> Iterator[Any]:
    """Another declaration of the procedure for a while."""
    try:
        with scored.db.transaction() as connection:
            deployment.deploy(connection, declared.render(features))
        yield declared
    finally:
        with scored.db.transaction() as connection:
            deployment.deploy(connection, scored.declared.render(features))


@contextlib.contextmanager
def vanished(db: Toolkit, alias: str) -> Iterator[None]:
    """Without an alias for a while, taken away past the registry."""
    saved = db.rows("SELECT model_id, version, alias FROM ml.model_aliases WHERE alias = ?", (alias,))[0]
    db.execute("DELETE FROM ml.model_aliases WHERE alias = ?", (alias,))
    try:
        yield
    finally:
        db.execute("INSERT INTO ml.model_aliases (model_id, version, alias) VALUES (?, ?, ?)", tuple(saved))


def whose(db: Toolkit, model: str) -> dict[int, int]:
    """The version that answers for each row, by the twin in Python."""
    found = db.rows(
        "SELECT g.from_slot, g.to_slot, a.version FROM ml.route_ranges AS g JOIN ml.models AS m ON m.name = ?"
        " JOIN ml.model_aliases AS a ON a.model_id = m.model_id AND a.alias = g.alias"
        " WHERE g.route_id = (SELECT MAX(route_id) FROM ml.routes AS r WHERE r.model_id = m.model_id)", (model,),
    )  # fmt: skip
    made = {}
    for row in ROWS.itertuples():
        slot = routes.slot_of(model, (row.id, row.name), KEYS)
        made[row.id] = next(one.version for one in found if one.from_slot <= slot <= one.to_slot)
    return made


def versions(frame: pd.DataFrame) -> dict[int, int]:
    return dict(zip(frame["id"].tolist(), frame["model_version"].tolist(), strict=True))


LATIN = st.text(
    st.characters(max_codepoint=0x17F, exclude_categories=["Cs"], exclude_characters="ıŉſßµÿ\x00"), max_size=20
)
TYPED: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "bit": st.integers(0, 1),
    "nvarchar(20)": LATIN,
    "float": st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False),
    "decimal(12, 3)": st.decimals(-(10**8), 10**8, places=3),
    "date": st.dates(datetime.date(1753, 1, 1)),
    "uniqueidentifier": st.uuids().map(str),
}


@st.composite
def splits(draw: st.DrawFn) -> dict[str, int]:
    """Slots by alias; they add up to all."""
    aliases = draw(st.lists(st.sampled_from(["champion", "challenger", "candidate"]), min_size=1, unique=True))
    cuts = sorted(draw(st.sets(st.integers(1, 9999), min_size=len(aliases) - 1, max_size=len(aliases) - 1)))
    return {alias: high - low for alias, low, high in zip(aliases, [0, *cuts], [*cuts, 10_000], strict=True)}


def project_of(declared: Any, features: Any, name: str = "flat", **shares: float) -> Project:
    """A project with this procedure, and a route of its model where there are shares."""
    made = {"split": DeclaredRoute(model=declared.model, shares=shares)} if shares else {}
    return Project(Path("pymlsql.toml"), name, None, {"x": features}, {"split": declared}, {}, {}, made)


def ranges(db: Toolkit) -> list[str]:
    """The alias of each slot."""
    found = db.rows("SELECT from_slot, to_slot, alias FROM ml.route_ranges WHERE route_id = (SELECT MAX(route_id) FROM"
                    " ml.routes WHERE active = 1) ORDER BY from_slot")  # fmt: skip
    made = [row.alias for row in found for _ in range(row.from_slot, row.to_slot + 1)]
    assert len(made) == routes.N_SLOTS
    assert all(one.alias != two.alias for one, two in itertools.pairwise(found))
    return made


@contextlib.contextmanager
def missing_label(db: Toolkit, number: int) -> Iterator[None]:
    """A row whose label has not arrived."""
    db.execute("UPDATE dbo.Flat SET kind = NULL WHERE id = ?", (number,))
    yield
    db.execute("UPDATE dbo.Flat SET kind = ? WHERE id = ?", (str(ROWS["kind"][number - 1]), number))


REFUSED: list[tuple[dict[str, float], tuple[str, ...], int, str]] = [
    ({"champion": 90, "challenger": 20}, (), 51046, "add up to 110.00, not to 100"),
    ({"champion": 110, "challenger": -10}, (), 51046, "challenger' is -10: it is above 0"),
    ({"champion": 33.333, "challenger": 66.667}, (), 51046, "at most two decimals"),
    ({"champion": 100, "nobody": 0}, (), 51047, "has no alias 'nobody'"),
    ({"champion": 100}, ("nobody",), 51047, "has no alias 'nobody'"),
    ({"champion": 100}, ("champion",), 51046, "'champion' is named twice"),
    ({}, (), 51046, "add up to 0.00"),
]
"""What ml.SetRoute refuses: shares, shadow, number, sentence."""


def planned(db: Toolkit, declared: Project) -> list[tuple[str, str, str | None]]:
    return [(one.action, one.note, one.conflict) for one in db.plan(declared).route_changes]
