"""Batch scoring into a prediction table that is there already: the first form of such a procedure.

One entity, a time key and classes, each with its probability. All other batch procedures bring their table with them:
`batch`.
"""

from __future__ import annotations

import json

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pymlsql import quoting, scripts, templates
from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Column, Name, Parameter, Qualified, Type
from pymlsql.modules import Module
from pymlsql.procedures import routing
from pymlsql.procedures.routing import Routed
from pymlsql.procedures.terms import CHUNK_ROWS, columns_json, kind_of, staged_type
from pymlsql.signing import Signing

SCORE_SCRIPT = "score"

NOTHING = (
    "Nothing to score: no slot lies in the range. Compare @since, @until and the machine with the times in the feature "
    "view, and load data where they are missing."
)


class ScoringProcedure(BaseModel):
    """A procedure that scores rows of a view or table, with all that its template prints.

    `function` and `slots` are inline functions over (entity, since, until); without them `source` itself is
    filtered. Classes come in the order of their probability columns p_{class}; the first is the harmless one, so that
    the rows with the least of it are the most urgent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Qualified
    source: Qualified
    function: Qualified | None = None
    slots: Qualified | None = None
    entity: Column
    parameter: Parameter
    time: Name
    features: tuple[Column, ...] = Field(min_length=1)
    classes: tuple[str, ...] = Field(min_length=2)
    predicted_type: Type = "nvarchar(20)"
    predictions: Qualified
    served: Qualified
    model: Name
    alias: Name = "champion"
    route: bool = True
    chunk_rows: int = Field(default=CHUNK_ROWS, ge=1, le=10_000_000)

    @classmethod
    def over(cls, features: FeatureSet, *, name: str, predictions: str, served: str, model: str) -> ScoringProcedure:
        """A procedure over a declared feature view. Raises DeclarationError for one that no procedure can score yet."""
        if len(features.entity) != 1 or features.time is None or features.label is None or not features.label.classes:
            raise DeclarationError(f"{features.view} needs one entity key, a time key and a label with classes.")
        return cls(
            name=name,
            source=features.view,
            function=features.function,
            slots=features.slots,
            entity=features.keys[0],
            parameter=features.entity[0].parameter,
            time=features.time,
            features=features.features,
            classes=features.label.classes,
            predicted_type=features.label.sql_type,
            predictions=predictions,
            served=served,
            model=model,
        )

    @property
    def probabilities(self) -> tuple[str, ...]:
        """The probability columns, in the order of the classes."""
        return tuple(f"p_{name}" for name in self.classes)

    @property
    def columns_json(self) -> str:
        """What the script is told of the feature columns: names and types as the view has them."""
        return columns_json(self.features)

    @property
    def classes_json(self) -> str:
        """What the script is told of the classes."""
        return json.dumps(self.classes)

    @property
    def routed(self) -> Routed:
        """How it follows a route."""
        scores = [Column(name=name, sql_type="float") for name in self.probabilities]
        predicted = Column(name="predicted", sql_type=self.predicted_type)
        names = [self.probabilities[0], self.entity.name, self.time]
        return Routed(
            name=self.name,
            alias=self.alias,
            handed=(self.parameter, "since", "until", "unscored"),
            entity=(self.entity,),
            slot_rows=self.slot_rows,
            predictions=self.predictions,
            answers=(self.entity, Column(name=self.time, sql_type="datetime"), predicted, *scores,
                     Column(name="model_version", sql_type="int")),
            order=", ".join(f"k.{quoting.ident(name)}" for name in names),
            nothing=NOTHING,
            returns=False,
        )  # fmt: skip

    @property
    def feature_rows(self) -> str:
        """T-SQL row source: keys and features of the range @since to @until."""
        return self._rows(self.function)

    @property
    def slot_rows(self) -> str:
        """T-SQL row source: the keys alone."""
        return self._rows(self.slots)

    @property
    def signing(self) -> Signing:
        """What its callers need not have: the script reads a temporary table only, so no SELECT is among it."""
        return Signing(self.name, looked_up=(self.source,))

    def staged_type(self, column: Column) -> str:
        """How a feature column travels to the script: numbers as float, text and times as they are."""
        return staged_type(column)

    def _rows(self, function: str | None) -> str:
        if function is not None:
            return f"{quoting.qualified(function)} (@{self.parameter}, @since, @until)"
        entity, time = quoting.ident(self.entity.name), quoting.ident(self.time)
        return (
            f"(SELECT t.* FROM {quoting.qualified(self.source)} AS t"
            f" WHERE (@{self.parameter} IS NULL OR t.{entity} = @{self.parameter})"
            f" AND (@since IS NULL OR t.{time} >= @since) AND (@until IS NULL OR t.{time} <= @until))"
        )

    @model_validator(mode="after")
    def _consistent(self) -> ScoringProcedure:
        own = ("since", "until", "unscored", "model", "alias", "persist", "run_id", *routing.PARAMETERS)
        if self.parameter.lower() in own:
            raise ValueError(f"the procedure has a parameter @{self.parameter} of its own")
        for column in self.features:
            kind_of(column)
        names = [name.lower() for name in self.probabilities]
        if len(set(names)) != len(names):
            raise ValueError("two classes differ in case only: SQL Server takes their columns for one")
        for name in self.probabilities:
            quoting.ident(name)
        return self


def render_procedure(procedure: ScoringProcedure) -> tuple[Module, ...]:
    """The procedure and the view of what it has predicted."""
    text = templates.render("procedures/predict.sql.j2", procedure=procedure, script=scripts.read(SCORE_SCRIPT))
    served = templates.render("views/predictions.sql.j2", procedure=procedure)
    return (
        Module(quoting.qualified(procedure.name), "procedure", text, procedure.signing),
        Module(quoting.qualified(procedure.served), "view", served),
    )
