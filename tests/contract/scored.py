"""A project on a server with data and a model of it, for the tests of scoring on demand."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

from pymlsql import deployment, models, project, signature
from pymlsql.features import FeatureSet
from pymlsql.project import Project
from pymlsql.toolkit import Toolkit

BANK, DEMAND = project.example("bank"), project.example("demand")
CALLS, SALES = BANK.features["calls"], DEMAND.features["demand"]


def fitted(features: FeatureSet, frame: pd.DataFrame) -> Any:
    """A pipeline over all features of a view, strings one-hot, as `pymlsql.training` makes it, but smaller."""
    rows = frame[frame[features.label.name].notna()]
    texts = [column.name for column in features.features if column.sql_type.startswith("nvarchar")]
    names = [column.name for column in features.features]
    columns = ColumnTransformer(
        [("numbers", "passthrough", [name for name in names if name not in texts]),
         ("texts", OneHotEncoder(sparse_output=False), texts)], verbose_feature_names_out=False,
    )  # fmt: skip
    trees = HistGradientBoostingClassifier if features.label.classes else HistGradientBoostingRegressor
    with threadpool_limits(limits=1, user_api="openmp"):
        made = Pipeline([("columns", columns), ("trees", trees(max_iter=20, early_stopping=False))])
        return made.fit(rows[names], rows[features.label.name])


def read(db: Toolkit, features: FeatureSet) -> pd.DataFrame:
    """The view's rows as a script gets them: numbers as float, texts of the type that pandas infers."""
    frame = db.read(f"SELECT * FROM {features.view} ORDER BY 1, 2, 3")
    for column in features.features:
        is_text = column.sql_type.startswith("nvarchar")
        values = frame[column.name]
        frame[column.name] = pd.Series(["", *values]).iloc[1:].array if is_text else values.astype("float64")
    return frame


def push(db: Toolkit, features: FeatureSet, estimator: Any, frame: pd.DataFrame, name: str, **options: Any) -> int:
    types = {column.name: column.sql_type for column in features.features}
    found = signature.infer(frame, estimator, sql_types=types)
    packed = models.pack(estimator, found, sample=frame[:20], **options)
    return db.push(packed, name, alias="champion").version


class Example:
    """The project on a server with its data, the rows of its view, and a model of them."""

    def __init__(self, db: Toolkit, declared: Project, features: FeatureSet, model: str) -> None:
        self.db = db
        with db.transaction() as connection:
            deployment.deploy(connection, declared.modules)
        self.frame = read(db, features)
        self.estimator = fitted(features, self.frame)
        self.version = push(db, features, self.estimator, self.frame, model)
        self.names = [column.name for column in features.features]

    def expected(self, frame: pd.DataFrame) -> Any:
        """What the model gives for rows, here."""
        given = frame[self.names]
        classes = hasattr(self.estimator, "classes_")
        return self.estimator.predict_proba(given) if classes else self.estimator.predict(given)


def drop(db: Toolkit, declared: Project) -> None:
    """Leave the server to the next tests without the project's modules."""
    db.execute_batches("\nGO\n".join(f"DROP {module.type} {module.name}" for module in reversed(declared.modules)))
