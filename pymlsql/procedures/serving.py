"""Plain views over what a batch procedure serves, for reports: the latest prediction, who is at risk, counts by day.

They read the served view, so what it leaves out they leave out: runs that have not succeeded.
"""

from __future__ import annotations

from dataclasses import dataclass

from pymlsql import quoting, templates
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.meanings import Described
from pymlsql.features.terms import Column
from pymlsql.modules import Module
from pymlsql.procedures.outputs import Output
from pymlsql.procedures.terms import READERS, beside

_OF_RUN = {
    "alert": "1 where the row is one of its day's alerts, else 0.",
    "model_version": "The version of the model that predicted it.",
    "run_id": "The scoring run, as ml.scoring_history has it.",
    "scored_at": "When it was stored, UTC.",
}


@dataclass(frozen=True, slots=True)
class Serving:
    """What the templates of these views print; `columns` are those of the served view. Text of methods is T-SQL.

    `has_alerts` says that rows are marked as alerts: these are at risk then, and no others.
    """

    served: str
    predictions: str
    features: FeatureSet
    output: Output
    columns: tuple[str, ...]
    has_alerts: bool = False

    @property
    def latest(self) -> str:
        """The view with one row for each entity."""
        return self._name("Latest")

    @property
    def at_risk(self) -> str:
        """The view with those of them that call for something."""
        return self._name("AtRisk")

    @property
    def daily(self) -> str:
        """The view with a row for each day and version."""
        return self._name("Daily")

    def _name(self, suffix: str) -> str:
        schema, name = quoting.parse_name(self.predictions)
        return quoting.qualified((schema, beside("", name + suffix)))

    @property
    def entity(self) -> str:
        """The entity's columns."""
        return ", ".join(f"p.{quoting.ident(one.name)}" for one in self.features.entity)

    @property
    def scored_row(self) -> str:
        """What tells a row that was scored, whichever run did it, from others for which alerts are given."""
        time = self.day if self.features.time is None else f"p.{quoting.ident(self.features.time)}"
        return f"{self.entity}, {time}"

    @property
    def order(self) -> str:
        """The latest row first: by its time, where rows have one, then by the run."""
        time = f"p.{quoting.ident(self.features.time)} DESC, " if self.features.time is not None else ""
        return f"{time}p.run_id DESC"

    @property
    def day(self) -> str:
        """The day that a prediction counts for: that of the row's time, else that on which it was scored."""
        time = "scored_at" if self.features.time is None else quoting.ident(self.features.time)
        return f"CAST(p.{time} AS date)"

    @property
    def has_risk(self) -> bool:
        """Whether some predictions call for something: there are alerts, classes or anomalies."""
        return self.has_alerts or self.output.kind in ("classification", "anomaly")

    def risk(self, alias: str) -> str:
        """The condition for that."""
        if self.has_alerts:
            return f"{alias}.alert = 1"
        if self.output.kind == "anomaly":
            return f"{alias}.is_anomaly = 1"
        return f"{alias}.predicted <> {quoting.string(self.output.classes[0])}"

    @property
    def risk_words(self) -> str:
        """The same as comments and descriptions say it."""
        if self.has_alerts:
            return "an alert"
        return "an anomaly" if self.output.kind == "anomaly" else "predicted to be another class than the first"

    def render(self) -> tuple[Module, ...]:
        """The views, in the order in which they can be created, with what they and their columns mean."""
        entity = " and ".join(one.name for one in self.features.entity)
        meanings = tuple(column_meanings(self).items())
        latest = f"The latest prediction of each {entity}: of its latest row, by the latest run that succeeded."
        made = [_module(self.latest, "views/latest.sql.j2", latest, meanings, self)]
        if self.has_risk:
            risk = f"Of the latest prediction of each {entity} those that are {self.risk_words}."
            made.append(_module(self.at_risk, "views/at_risk.sql.j2", risk, meanings, self))
        counts = "How many predictions there are of each day and version, each run's own."
        made.append(_module(self.daily, "views/daily.sql.j2", counts, tuple(self._daily().items()), self))
        return tuple(made)

    def _daily(self) -> dict[str, str]:
        day = "on which it was scored, UTC" if self.features.time is None else f"of {self.features.time}"
        made = {
            "day": f"The day {day}.",
            "model_version": _OF_RUN["model_version"],
            "n_predictions": "Number of predictions.",
        }
        return {**made, "n_at_risk": f"How many of them are {self.risk_words}."} if self.has_risk else made


def column_meanings(serving: Serving) -> dict[str, str]:
    """A sentence for each column of a served view."""
    made = {one.name: "Whose prediction it is." for one in serving.features.entity}
    if serving.features.time is not None:
        made[serving.features.time] = "The time of the row that was scored."
    made |= {one.name: _meaning(serving.output, one) for one in serving.output.columns} | _OF_RUN
    return {name: made[name] for name in serving.columns}


def _meaning(output: Output, column: Column) -> str:
    name = column.name
    if name.startswith("top_"):
        place = name.removeprefix("top_").removesuffix("_p")
        is_probability = name.endswith("_p")
        return f"The probability of top_{place}." if is_probability else f"The class number {place} by probability."
    if name.startswith("p_"):
        return f"The probability of the class {name[2:]}."
    return {
        "urgency": f"1 minus the probability of the class {output.classes[0] if output.classes else ''}.",
        "score": "The higher, the stranger; above 0 it is an anomaly.",
        "is_anomaly": "1 where the score is above 0, else 0.",
    }.get(name, {"classification": "The predicted class.", "clustering": "The cluster."}.get(
        output.kind, "The predicted number."))  # fmt: skip


def describe_served(serving: Serving) -> str:
    """The batch that says what the served view and its columns mean."""
    meaning = "The predictions of runs that succeeded, a row for each row and run."
    return Described(serving.served, "VIEW", meaning, tuple(column_meanings(serving).items())).render()


def _module(
    name: str, template: str, meaning: str, columns: tuple[tuple[str, str], ...], serving: Serving
) -> Module:
    text = templates.render(template, serving=serving)
    said = Described(name, "VIEW", meaning, columns).render()
    return Module(name, "view", text, granted_to=(READERS,), extras=(said,))
