"""What a procedure gives for a row: classes, a number, a cluster or a score, in which columns, and by which rule.

The Python side of it is sql/scripts/outputs.py, which gets `rule_json` and `classes_json`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from pymlsql.errors import DeclarationError, TemplateError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Column, Name
from pymlsql.procedures.terms import SCORERS, Declared
from pymlsql.quoting import ident

Kind = Literal["classification", "regression", "clustering", "anomaly"]
"""As the signature of a model says it."""

_UNLABELLED: dict[str, Kind] = {"cluster": "clustering", "anomaly": "anomaly"}
_NUMBERS = ("float", "real", "bigint", "int", "smallint", "tinyint", "bit", "decimal", "numeric", "money", "smallmoney")


@dataclass(frozen=True, slots=True)
class Output:
    """The columns that a model's answer makes, all NOT NULL, in the order in which the script gives them.

    `classes` come in the order of the label, the first of them the harmless one. `urgency` is the column by which the
    most urgent rows are found, and whether its highest values are they.
    """

    kind: Kind
    columns: tuple[Column, ...]
    urgency: tuple[str, bool] | None
    classes: tuple[str, ...] = ()
    rule: dict[str, Any] = field(default_factory=dict)

    @property
    def classes_json(self) -> str:
        """What the script is told of the classes."""
        return json.dumps(self.classes)

    @property
    def rule_json(self) -> str:
        """What the script is told beside: the kind, which columns there are, and how a class is chosen."""
        return json.dumps({"output": self.kind, **self.rule})


class Predicting(Declared):
    """A declaration whose procedure gives predictions, with the words that say what these are.

    What the features' label is decides: classes or a number; a view without a label has `output`. A class is chosen by
    its probability, unless there are `thresholds` (a class counts from this probability on) or `costs` (of predicting
    a class, by the actual one: the least expected cost is chosen). With `route`, a call that names no alias follows
    the route of the model, where it has one. Members of ml_scorer may call it.
    """

    granted_to: tuple[Name, ...] = (SCORERS,)
    route: bool = True
    output: Literal["cluster", "anomaly"] | None = None
    probabilities: bool | None = None
    top_k: int | None = Field(default=None, ge=1, le=100)
    thresholds: dict[str, float] = {}
    costs: dict[str, dict[str, float]] = {}

    def output_of(self, features: FeatureSet) -> Output:
        """What the procedure gives. Raises DeclarationError, with the key, for what cannot be meant."""
        label = features.label
        if label is not None:
            if self.output is not None:
                raise DeclarationError(f"output: {features.view} has the label {label.name}: leave it out", ("output",))
            if kind_of_label(features) == "classification":
                return self._classification(label.classes, label.sql_type)
            self._refuse_class_options("the label is a number")
            return Output("regression", (Column(name="predicted", sql_type="float"),), ("predicted", True))
        if self.output is None:
            raise DeclarationError(
                f'features: {features.view} has no label: say output = "cluster" or output = "anomaly"', ("features",)
            )
        self._refuse_class_options(f'output = "{self.output}"')
        if self.output == "cluster":
            return Output("clustering", (Column(name="predicted", sql_type="int"),), None)
        score = (Column(name="score", sql_type="float"), Column(name="is_anomaly", sql_type="bit"))
        return Output(_UNLABELLED[self.output], score, ("score", True))

    def _refuse_class_options(self, why: str) -> None:
        for key in ("probabilities", "top_k", "thresholds", "costs"):
            if getattr(self, key) not in (None, {}):
                raise DeclarationError(f"{key}: there are no classes: {why}", (key,))

    def _classification(self, classes: tuple[str, ...], sql_type: str) -> Output:
        if len(classes) < 2:
            raise DeclarationError("features: the label has one class only: there is nothing to predict", ("features",))
        rule = {"probabilities": self.probabilities is not False, "top_k": self.top_k or 0, **self._choice(classes)}
        columns = [Column(name="predicted", sql_type=sql_type)]
        if rule["probabilities"]:
            columns += [Column(name=_probability(name), sql_type="float") for name in classes]
            urgency = (_probability(classes[0]), False)
        else:
            columns.append(Column(name="urgency", sql_type="float"))
            urgency = ("urgency", True)
        if rule["top_k"] > len(classes):
            raise DeclarationError(f"top_k: there are {len(classes)} classes only", ("top_k",))
        for place in range(1, rule["top_k"] + 1):
            columns += [
                Column(name=f"top_{place}", sql_type=sql_type), Column(name=f"top_{place}_p", sql_type="float")
            ]  # fmt: skip
        return Output("classification", tuple(columns), urgency, classes, rule)

    def _choice(self, classes: tuple[str, ...]) -> dict[str, Any]:
        """How the predicted class is chosen, for the script."""
        if self.thresholds and self.costs:
            raise DeclarationError("costs: a class is chosen by thresholds or by costs, not by both", ("costs",))
        for key in ("thresholds", "costs"):
            for name in getattr(self, key):
                _require_class(name, classes, (key, name))
        for name, threshold in self.thresholds.items():
            if not 0 < threshold <= 1:
                raise DeclarationError(
                    f"thresholds.{name}: a threshold is above 0 and at most 1", ("thresholds", name)
                )
        if self.thresholds and len(self.thresholds) == len(classes):
            raise DeclarationError(
                "thresholds: one class has none: the one that is predicted where no threshold is reached",
                ("thresholds",),
            )
        choice: dict[str, Any] = {"thresholds": self.thresholds} if self.thresholds else {}
        return {"costs": self._matrix(classes)} if self.costs else choice

    def _matrix(self, classes: tuple[str, ...]) -> list[list[float]]:
        """Costs by actual class (rows) and predicted class (columns)."""
        made = []
        for actual in classes:
            row = self.costs.get(actual, {})
            for name in row:
                _require_class(name, classes, ("costs", actual, name))
            for name in classes:
                if name != actual and name not in row:
                    raise DeclarationError(
                        f"costs: what predicting {name} costs where it is {actual} is missing: costs.{actual} = "
                        f"{{ {name} = ... }}", ("costs", *((actual,) if row else ())),
                    )  # fmt: skip
            made.append([float(row.get(name, 0)) for name in classes])
        return made


def kind_of_label(features: FeatureSet) -> Literal["classification", "regression"]:
    """What predicting the label of a view is. Raises DeclarationError for a label that is neither."""
    label = features.label
    assert label is not None
    if label.classes:
        return "classification"
    if label.sql_type.partition("(")[0] in _NUMBERS:
        return "regression"
    raise DeclarationError(
        f"features: the label {label.name} is {label.sql_type}, neither a number nor of declared values: give it "
        "values", ("features",),
    )  # fmt: skip


def _probability(name: str) -> str:
    """The probability column of a class."""
    made = f"p_{name}"
    try:
        ident(made)
    except TemplateError as error:
        message = f"features: no column can be made for the class {name}: {error}"
        raise DeclarationError(message, ("features",)) from None
    return made


def _require_class(name: str, classes: tuple[str, ...], path: tuple[str | int, ...]) -> None:
    if name not in classes:
        known = ", ".join(classes)
        raise DeclarationError(f"{'.'.join(map(str, path))}: the label has no class {name}; there are {known}", path)
