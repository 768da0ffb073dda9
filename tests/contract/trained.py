"""The examples bank and demand on a server: tables filled, a pipeline fitted and pushed, the project applied."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pymlsql import connect, models, project, signature
from pymlsql.examples.bank import generator as bank
from pymlsql.examples.demand import generator as demand
from pymlsql.examples.filling import fill
from pymlsql.features.reference import compute
from pymlsql.runtime import ENABLE_SCRIPTS
from pymlsql.toolkit import Toolkit
from tests import servers

FRAMES = {
    "bank": bank.generate(n_calls=900),
    "demand": demand.generate(n_shops=2, n_items=3, n_days=60),
}


@contextlib.contextmanager
def examples(target: servers.Target | None = None) -> Iterator[Toolkit]:
    """A server with the tables of both examples; one of its own unless one is given."""
    place = servers.under_test() if target is None else contextlib.nullcontext(target)
    with place as found, connect(found.sqlalchemy_url) as made:
        made.upgrade()
        made.execute_batches(ENABLE_SCRIPTS)
        for name, frames in FRAMES.items():
            fill(made, name, frames)
        yield made


def typed(rows: pd.DataFrame, features: Any) -> pd.DataFrame:
    """The features as a script gets them: numbers as float64, texts as pandas makes them, with NaN where NULL is."""
    numbers = [one.name for one in features.features if not one.sql_type.startswith("nvarchar")]
    texts = {
        one.name: pd.Series([None if value != value else value for value in rows[one.name]], index=rows.index)
        for one in features.features
        if one.name not in numbers
    }
    return rows.astype(dict.fromkeys(numbers, "float64")).assign(**texts)[[one.name for one in features.features]]


class Example:
    """A project applied, its rows in pandas, and a pipeline pushed as the champion."""

    def __init__(self, db: Toolkit, name: str, procedure: str) -> None:
        self.db = db
        self.project = project.example(name)
        self.features = next(iter(self.project.features.values()))
        self.declared = self.project.procedures[procedure]
        self.rows = compute(self.features, FRAMES[name])
        self.inputs = typed(self.rows, self.features)

    def fit(self, estimator: Any, truth: Any = None) -> Any:
        """Fitted where the label is known, pushed and applied."""
        label = self.rows[self.features.label.name]
        known = label.notna()
        truth = label if truth is None else truth
        estimator.fit(self.inputs[known], truth[known].tolist())
        types = {one.name: one.sql_type for one in self.features.features}
        made = signature.infer(self.inputs, estimator, sql_types=types)
        packed = models.pack(estimator, made, sample=self.inputs.head(50))
        self.db.push(packed, self.declared.model, alias="champion")
        self.db.apply(self.project)
        return estimator

    def stored(self, where: str = "1 = 1") -> pd.DataFrame:
        """The rows of the served view, by keys."""
        keys = ", ".join(f"[{one.name}]" for one in self.features.keys)
        return self.db.read(f"SELECT * FROM {self.declared.served} WHERE {where} ORDER BY {keys}")

    def wanted(self) -> pd.DataFrame:
        """The keys of all rows, sorted as `stored` sorts them; the index is that of `inputs`."""
        return self.rows.sort_values([one.name for one in self.features.keys])


def pipeline(features: Any, last: Any) -> Any:
    """Texts and categories one-hot, numbers filled."""
    texts = [one.name for one in features.features if one.sql_type.startswith("nvarchar")]
    numbers = [one.name for one in features.features if one.name not in texts]
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), texts), (scaled, numbers))
    return make_pipeline(columns, last)


