"""Training in the database, `kind = "train"`: `EXEC dbo.TrainFailures` makes the next version of a model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import Field

from pymlsql import quoting, scripts, templates
from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.groups import ClassAhead, NumberAhead
from pymlsql.features.terms import Column, Duration, Name, parse_duration
from pymlsql.modules import Module
from pymlsql.procedures.outputs import Kind
from pymlsql.procedures.terms import Declared, kind_of
from pymlsql.signature import dtype_for
from pymlsql.signing import Signing
from pymlsql.wording import suggest

SCRIPT = "train"
SEED = 20150101
"""The random_state of every estimator that has one and is not told another."""

ESTIMATORS: dict[str, tuple[str, Kind]] = {
    "HistGradientBoostingClassifier": ("sklearn.ensemble", "classification"),
    "HistGradientBoostingRegressor": ("sklearn.ensemble", "regression"),
    "RandomForestClassifier": ("sklearn.ensemble", "classification"),
    "RandomForestRegressor": ("sklearn.ensemble", "regression"),
    "LogisticRegression": ("sklearn.linear_model", "classification"),
    "Ridge": ("sklearn.linear_model", "regression"),
    "KMeans": ("sklearn.cluster", "clustering"),
    "IsolationForest": ("sklearn.ensemble", "anomaly"),
    "LGBMClassifier": ("lightgbm", "classification"),
    "LGBMRegressor": ("lightgbm", "regression"),
    "XGBRegressor": ("xgboost", "regression"),
}
"""What may be declared: its module, and what it gives. XGBClassifier is not among them: it takes numbers for classes
only, and gives numbers back."""

Setting = str | int | float | bool | None | list[str | int | float | bool]


class Train(Declared):
    """A procedure that trains a model on a feature view and registers it, with its run.

    Text columns are one-hot, numbers stay as they are unless `impute` fills in what is missing and `scale` brings them
    to one scale. `gap` lies between training and test, by default as long as the label looks ahead.
    """

    kind: Literal["train"]
    estimator: str
    parameters: dict[str, Setting] = Field(default_factory=dict)
    impute: Literal["median", "mean", "most_frequent"] | None = None
    scale: bool = False
    gap: Duration | None = None
    experiment: Name | None = None
    language: Name = "Python"

    loads_model: ClassVar[bool] = False

    def plan(self, features: FeatureSet) -> Training:
        """What its template prints. Raises DeclarationError, with the key, for what cannot be meant."""
        found = ESTIMATORS.get(self.estimator)
        if found is None:
            known = suggest(self.estimator, ESTIMATORS)
            raise DeclarationError(
                f"estimator: {self.estimator} is none that a procedure trains{known}: {', '.join(ESTIMATORS)}",
                ("estimator",),
            )
        for name in self.parameters:
            if not name.isidentifier():
                raise DeclarationError(f"parameters.{name}: this is no name of a parameter", ("parameters", name))
        for column in features.features:
            if kind_of(column) == "time":
                raise DeclarationError(
                    f"features: {column.name} is a time, which no estimator takes: give the hours since it instead",
                    ("features",),
                )
        _check_label(self.estimator, found[1], features)
        return Training(self, features, *found)

    def render(self, features: FeatureSet) -> tuple[Module, ...]:
        """The procedure."""
        text = templates.render("procedures/train.sql.j2", plan=self.plan(features), script=scripts.read(SCRIPT))
        made = (features.function, features.slots)
        signing = Signing(self.name, looked_up=(features.view, *made), read=(features.function,))
        return (Module(quoting.qualified(self.name), "procedure", text, signing, granted_to=self.granted_to),)


def _check_label(estimator: str, kind: Kind, features: FeatureSet) -> None:
    label = features.label
    if kind in ("clustering", "anomaly"):
        if label is not None:
            raise DeclarationError(
                f"estimator: {estimator} takes no label, and {features.view} has {label.name}: declare a view without",
                ("estimator",),
            )
        return
    if label is None:
        raise DeclarationError(f"estimator: {estimator} needs a label, and {features.view} has none", ("estimator",))
    if features.time is None:
        raise DeclarationError(
            f"features: {features.view} has no time, and a test is on later time than the training", ("features",)
        )
    if (kind == "classification") != bool(label.classes):
        what = "classes" if label.classes else "a number"
        raise DeclarationError(f"estimator: {estimator} is for {kind}, and {label.name} is {what}", ("estimator",))


@dataclass(frozen=True, slots=True)
class Training:
    """What the template of a training procedure prints. Text that a method gives is T-SQL."""

    declared: Train
    features: FeatureSet
    module: str
    kind: Kind

    @property
    def name(self) -> str:
        """The procedure."""
        return self.declared.name

    @property
    def run_name(self) -> str:
        """What its runs are called: at most 128 characters."""
        return self.name.encode("utf-16-le")[:256].decode("utf-16-le", "ignore").rstrip()

    @property
    def view(self) -> str:
        """The feature view."""
        return self.features.view

    @property
    def time(self) -> str | None:
        """The time key, where there is one."""
        return self.features.time

    @property
    def label(self) -> str | None:
        """The label, where there is one."""
        return None if self.features.label is None else self.features.label.name

    @property
    def experiment(self) -> str:
        """Where its runs belong."""
        return self.declared.experiment or self.declared.model

    @property
    def task_json(self) -> str:
        """What the script is told."""
        declared = self.declared
        columns = [
            {"name": one.name, "sql_type": shown_type(one), "dtype": dtype_for(one.sql_type)}
            for one in self.features.features
        ]
        return json.dumps({
            "view": self.view, "columns": columns, "time": self.time, "label": self.label, "kind": self.kind,
            "module": self.module, "estimator": declared.estimator, "parameters": declared.parameters, "seed": SEED,
            "gap_s": self.gap.total_seconds(), "impute": declared.impute, "scale": declared.scale,
        })  # fmt: skip

    @property
    def gap(self) -> timedelta:
        """Between the last training row and the test: declared, or as long as the label looks ahead."""
        label = self.features.label
        ahead = label.ahead if isinstance(label, ClassAhead | NumberAhead) else None
        span = self.declared.gap or ahead
        return timedelta(0) if span is None else timedelta(minutes=parse_duration(span).minutes)

    @property
    def selected(self) -> str:
        """The columns of the script's query, alias f: numbers as float, the label as text or as float."""
        parts = [] if self.time is None else [f"f.{quoting.ident(self.time)}"]
        for column in self.features.features:
            name = quoting.ident(column.name)
            is_number = kind_of(column) == "number"
            parts.append(f"CAST(f.{name} AS float) AS {name}" if is_number else f"f.{name}")
        if self.features.label is not None:
            name = quoting.ident(self.features.label.name)
            kind = "float" if self.kind == "regression" else "nvarchar(4000)"
            parts.append(f"CAST(f.{name} AS {kind}) AS {name}")
        return ", ".join(parts)

    @property
    def nulls(self) -> str:
        """The arguments of the function that limit no entity."""
        return ", ".join("NULL" for _ in self.features.entity)

    @property
    def condition(self) -> str:
        """Which rows are trained on, and in which order."""
        known = "" if self.label is None else f" WHERE f.{quoting.ident(self.label)} IS NOT NULL"
        return known + self.order

    @property
    def order(self) -> str:
        """By time, then entity."""
        names = [*([] if self.time is None else [self.time]), *(one.name for one in self.features.entity)]
        return f" ORDER BY {', '.join(f'f.{quoting.ident(name)}' for name in names)}"

    @property
    def all_columns(self) -> str:
        """The columns that the record of the training names: keys, features, label."""
        return ", ".join(quoting.ident(column.name) for column in self.features.columns)


def shown_type(column: Column) -> str:
    """A type as a signature names it, which INFORMATION_SCHEMA shows: only texts have a length."""
    base = column.sql_type.partition("(")[0]
    if base == "float" and column.sql_type != "float":
        return "real" if int(column.sql_type[6:-1]) <= 24 else "float"
    return column.sql_type if kind_of(column) == "text" else base
