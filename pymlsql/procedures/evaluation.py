"""Evaluation, `kind = "evaluate"`: stored predictions against the labels that have arrived since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import model_validator

from pymlsql import quoting, templates
from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Column, Qualified
from pymlsql.modules import Module, TableColumn
from pymlsql.procedures.batch import Batch
from pymlsql.procedures.outputs import kind_of_label
from pymlsql.procedures.terms import MAX_KEY_BYTES, Declared, beside, key_bytes, stored_type

_KEY = (("model", "nvarchar(128)"), ("model_version", "int"), ("period", "nvarchar(5)"), ("period_start", "datetime"))
_FIGURES = {"classification": ("accuracy", "macro_f1"), "regression": ("mae", "rmse", "bias")}


class Evaluate(Declared):
    """A procedure that compares what `served` shows with the features' label, and keeps the figures.

    `evaluations` has a row for each model version and period, `confusion` (classes only) one for each pair of actual
    and predicted class among them.
    """

    kind: Literal["evaluate"]
    served: Qualified
    evaluations: Qualified
    confusion: Qualified | None = None

    loads_model: ClassVar[bool] = False

    @model_validator(mode="after")
    def _no_alias(self) -> Evaluate:
        if "alias" in self.model_fields_set:
            raise ValueError("alias: it evaluates all versions; the parameter @version names one")
        return self

    def check_others(self, others: Iterable[Declared]) -> None:
        """Raise DeclarationError where no batch procedure of the project fills what is evaluated."""
        served = quoting.qualified(self.served).lower()
        found = [one for one in others if isinstance(one, Batch) and quoting.qualified(one.served).lower() == served]
        if not found:
            raise DeclarationError(f"served: no batch procedure of this project serves {self.served}", ("served",))
        if found[0].features != self.features:
            raise DeclarationError(
                f"features: {self.served} shows predictions for features.{found[0].features}", ("features",)
            )

    def plan(self, features: FeatureSet) -> Plan:
        """What its templates print. Raises DeclarationError, with the key, for what cannot be meant."""
        if features.label is None:
            raise DeclarationError(f"features: {features.view} has no label to compare with", ("features",))
        made = Plan(self, features)
        if made.is_classification != (self.confusion is not None):
            why = "classes need a table for it" if made.is_classification else "the label is a number"
            raise DeclarationError(f"confusion: {why}", ("confusion",) if self.confusion else ())
        if made.is_classification and sum(key_bytes(one.sql_type) for one in made.confusion_columns) > MAX_KEY_BYTES:
            message = f"features: {made.value_type} is too long for a primary key with two classes"
            raise DeclarationError(message, ("features",))
        return made

    def render(self, features: FeatureSet) -> tuple[Module, ...]:
        """Its modules, in the order in which they can be created: tables, procedure."""
        plan = self.plan(features)
        made = [_table(self.evaluations, "tables/evaluations.sql.j2", plan, plan.evaluation_columns)]
        if self.confusion is not None:
            made.append(_table(self.confusion, "tables/confusion.sql.j2", plan, plan.confusion_columns))
        text = templates.render("procedures/evaluate.sql.j2", plan=plan)
        return (*made, Module(quoting.qualified(self.name), "procedure", text, granted_to=self.granted_to))


def _table(name: str, template: str, plan: Plan, columns: tuple[Column, ...]) -> Module:
    found = tuple(TableColumn(one.name, one.sql_type, nullable=False) for one in columns)
    return Module(quoting.qualified(name), "table", templates.render(template, plan=plan), columns=found)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the templates of an evaluation print. Text that a method gives is T-SQL."""

    declared: Evaluate
    features: FeatureSet

    @property
    def name(self) -> str:
        """The procedure."""
        return self.declared.name

    @property
    def served(self) -> str:
        """The view of what succeeded runs have predicted."""
        return self.declared.served

    @property
    def evaluations(self) -> str:
        """The table of figures."""
        return self.declared.evaluations

    @property
    def confusion(self) -> str | None:
        """The table of pairs of classes."""
        return self.declared.confusion

    @property
    def time(self) -> str | None:
        """The time key, where there is one."""
        return self.features.time

    @property
    def is_classification(self) -> bool:
        """Whether there are classes; else it is a number."""
        return kind_of_label(self.features) == "classification"

    @property
    def value_type(self) -> str:
        """The type in which labels and predictions are compared."""
        return label_type(self.features)

    @property
    def figures(self) -> str:
        """The columns of the figures, beside n."""
        return ", ".join(_FIGURES[kind_of_label(self.features)])

    @property
    def evaluation_columns(self) -> tuple[Column, ...]:
        """The columns of the table of figures."""
        named = [(name, "float") for name in _FIGURES[kind_of_label(self.features)]]
        return _columns(*_KEY, ("n", "bigint"), *named, ("evaluated_at", "datetime"))

    @property
    def confusion_columns(self) -> tuple[Column, ...]:
        """The columns of the table of pairs."""
        return _columns(*_KEY, ("actual", self.value_type), ("predicted", self.value_type), ("n", "bigint"))

    @property
    def evaluations_key(self) -> str:
        """The primary key of the table of figures."""
        return beside("PK_", quoting.parse_name(self.evaluations)[1])

    @property
    def confusion_key(self) -> str:
        """The primary key of the table of pairs."""
        assert self.confusion is not None
        return beside("PK_", quoting.parse_name(self.confusion)[1])

    def key_list(self, alias: str) -> str:
        """The keys of a row source."""
        return ", ".join(f"{alias}.{quoting.ident(column.name)}" for column in self.features.keys)

    def same(self, one: str, other: str) -> str:
        """That two rows have one key."""
        names = [quoting.ident(column.name) for column in self.features.keys]
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in names)

    def moment(self, alias: str) -> str:
        """The time that decides the period."""
        return f"{alias}.{'scored_at' if self.time is None else quoting.ident(self.time)}"

    def label(self, alias: str) -> str:
        """The label in the type of the comparison."""
        assert self.features.label is not None
        return f"CAST({alias}.{quoting.ident(self.features.label.name)} AS {self.value_type})"

    @property
    def label_rows(self) -> str:
        """Row source: keys and label of the range @since to @until."""
        given = ["NULL"] * len(self.features.entity) + (["@since", "@until"] if self.time else [])
        return f"{quoting.qualified(self.features.function)} ({', '.join(given)})"


def label_type(features: FeatureSet) -> str:
    """The type in which the labels of a view are compared with predictions: the classes' own, or float."""
    assert features.label is not None
    return stored_type(features.label.sql_type) if kind_of_label(features) == "classification" else "float"


def _columns(*pairs: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name=name, sql_type=sql_type) for name, sql_type in pairs)
