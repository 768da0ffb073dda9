"""Batch scoring, `kind = "batch"`: rows of a feature view are scored, and what is predicted is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from pymlsql import quoting, scripts, templates
from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Column, Name, Qualified
from pymlsql.modules import Module, TableColumn
from pymlsql.procedures import routing
from pymlsql.procedures.existing import ScoringProcedure, render_procedure
from pymlsql.procedures.outputs import Output, Predicting
from pymlsql.procedures.routing import Routed
from pymlsql.procedures.serving import Serving, describe_served
from pymlsql.procedures.terms import (
    CHUNK_ROWS,
    READERS,
    beside,
    check_columns,
    check_key,
    check_parameters,
    columns_json,
    kind_of,
    staged_type,
    stored_type,
)
from pymlsql.signing import Signing

SCRIPT = "predict"
STAGED_ROWS = 1_000_000
"""So many rows have their features in the temporary table at once, or as many chunks as come near it."""

LOCALS = (
    "model_version_id version sha256 bytes signature language missing forgery refusal failure number text message"
    " started_at n_rows n_stored first last chunk chunk_end query locked lock run_lock cut_off from to"
    " trusted is_pinned format name python_version packages sample seal seal_key statement columns classes rule script"
).split() + routing.LOCALS
"""The variables of the procedure; its parameters are called otherwise."""

_OF_RUN = {"model_version": "int", "run_id": "bigint", "scored_at": "datetime"}
"""The last columns of a prediction table."""

PARAMETERS = ("since", "until", "unscored", "model", "alias", "persist", "return_rows", "run_id", *routing.PARAMETERS)


class Batch(Predicting):
    """A procedure that scores rows of a feature view and stores what it predicts.

    The prediction table is made where it is missing, unless `table` is "existing": then a migration has made it, as
    ScoringProcedure has it. With `from_store` the stored rows of the view are scored. `alerts_per_period` marks
    at most so many rows a day, the most urgent. Unless `serving` is False, views for reports are made over `served`.
    """

    kind: Literal["batch"]
    predictions: Qualified
    served: Qualified
    serving: bool = True
    table: Literal["declared", "existing"] = "declared"
    from_store: bool = False
    alerts_per_period: int | None = Field(default=None, ge=1, le=1_000_000)
    chunk_rows: int = Field(default=CHUNK_ROWS, ge=1, le=10_000_000)
    parallel: bool = False
    language: Name | None = None

    def existing(self, features: FeatureSet) -> ScoringProcedure:
        """The procedure over a table that is there. Raises DeclarationError for a view that it cannot score."""
        for key in ("alerts_per_period", "from_store", "parallel", "language", "top_k", "thresholds", "costs"):
            if getattr(self, key) not in (None, False, {}):
                raise DeclarationError(f'{key}: not with table = "existing": let the table be declared', (key,))
        if self.probabilities is False:
            message = 'probabilities: with table = "existing" each class has its column'
            raise DeclarationError(message, ("probabilities",))
        made = ScoringProcedure.over(
            features, name=self.name, predictions=self.predictions, served=self.served, model=self.model
        )
        return made.model_copy(update={"alias": self.alias, "route": self.route, "chunk_rows": self.chunk_rows})

    def plan(self, features: FeatureSet) -> Plan:
        """What its templates print. Raises DeclarationError, with the key, for what cannot be meant."""
        made = Plan(self, features, self.output_of(features))
        check_plan(made)
        return made

    def render(self, features: FeatureSet) -> tuple[Module, ...]:
        """Its modules, in the order in which they can be created: table, procedure, views."""
        if self.table == "existing":
            scoring = self.existing(features)
            procedure, served = render_procedure(scoring)
            serving = self._serving(features, scoring)
            return replace(procedure, granted_to=self.granted_to), *self._views(served, serving)
        plan = self.plan(features)
        columns = tuple(TableColumn(one.name, one.sql_type, nullable=False) for one in plan.table_columns)
        table = templates.render("tables/predictions.sql.j2", plan=plan)
        text = templates.render("procedures/batch.sql.j2", plan=plan, script=scripts.read(SCRIPT))
        view = templates.render("views/served.sql.j2", plan=plan)
        signing = Signing(self.name, looked_up=(plan.source,))
        return (
            Module(quoting.qualified(self.predictions), "table", table, columns=columns),
            Module(quoting.qualified(self.name), "procedure", text, signing, self.granted_to),
            *self._views(Module(quoting.qualified(self.served), "view", view), plan.serving),
        )

    def _serving(self, features: FeatureSet, scoring: ScoringProcedure) -> Serving:
        columns = (*(one.name for one in features.keys), "predicted", *scoring.probabilities, *_OF_RUN)
        return Serving(self.served, self.predictions, features, self.output_of(features), columns)

    def _views(self, served: Module, serving: Serving) -> tuple[Module, ...]:
        """The served view, with those over it."""
        served = replace(served, granted_to=(READERS,), extras=(describe_served(serving),))
        return (served, *serving.render()) if self.serving else (served,)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the templates of a batch procedure print. Text that a method gives is T-SQL."""

    declared: Batch
    features: FeatureSet
    output: Output

    @property
    def name(self) -> str:
        """The procedure."""
        return self.declared.name

    @property
    def source(self) -> str:
        """The feature view, or the table that keeps its rows."""
        store = self.features.store
        return store.table if self.declared.from_store and store is not None else self.features.view

    @property
    def predictions(self) -> str:
        """The prediction table."""
        return self.declared.predictions

    @property
    def served(self) -> str:
        """The view of what succeeded runs have predicted."""
        return self.declared.served

    @property
    def serving(self) -> Serving:
        """What the views over the served one print."""
        columns = tuple(one.name for one in self.table_columns)
        return Serving(self.served, self.predictions, self.features, self.output, columns, self.alerts is not None)

    @property
    def time(self) -> str | None:
        """The time key, where there is one."""
        return self.features.time

    @property
    def keys(self) -> tuple[Column, ...]:
        """Time and entity: the order in which rows are scored."""
        entity, time = self.features.keys[: len(self.features.entity)], self.features.keys[len(self.features.entity) :]
        return (*time, *entity)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The feature columns."""
        return self.features.features

    @property
    def table_columns(self) -> tuple[Column, ...]:
        """The columns of the prediction table, with their types as sys.columns shows them."""
        alert = [Column(name="alert", sql_type="bit")] if self.alerts else []
        kept = [Column(name=name, sql_type=sql_type) for name, sql_type in _OF_RUN.items()]
        found = (*self.features.keys, *self.output.columns, *alert, *kept)
        return tuple(Column(name=one.name, sql_type=stored_type(one.sql_type)) for one in found)

    @property
    def alerts(self) -> int | None:
        """At most so many a day."""
        return self.declared.alerts_per_period

    @property
    def chunk_rows(self) -> int:
        """Rows of one call of the script."""
        return self.declared.chunk_rows

    @property
    def stage_rows(self) -> int:
        """Rows whose features are in the temporary table at once: whole chunks."""
        return self.chunk_rows * max(1, STAGED_ROWS // self.chunk_rows)

    @property
    def answers(self) -> tuple[Column, ...]:
        """The columns of the result: the entity, the time, what is predicted, and the version."""
        kept = ("run_id", "scored_at")
        return tuple(column for column in self.table_columns if column.name not in kept)

    @property
    def routed(self) -> Routed:
        """How it follows a route."""
        limits = ("since", "until") if self.time else ()
        return Routed(
            name=self.name,
            alias=self.declared.alias,
            handed=(*(one.parameter for one in self.features.entity), *limits, "unscored"),
            entity=self.features.keys[: len(self.features.entity)],
            slot_rows=self.slot_rows,
            predictions=self.predictions,
            answers=self.answers,
            order=self.result_order("k", "k"),
            nothing=self.nothing,
            alerts=self.alerts is not None,
            lock=self.lock,
            shares=True,
        )

    @property
    def columns_json(self) -> str:
        """What the script is told of the feature columns."""
        return columns_json(self.columns)

    @property
    def rule_json(self) -> str:
        """What the script is told of the output, and whether several of it run at once."""
        parallel = {"parallel": True} if self.declared.parallel else {}
        return replace(self.output, rule={**self.output.rule, **parallel}).rule_json

    @property
    def lock(self) -> str:
        """The application lock of who scores what is unscored."""
        return beside("pymlsql.unscored ", self.predictions, 255)

    @property
    def alert_lock(self) -> str:
        """The application lock of who gives alerts."""
        return beside("pymlsql.alerts ", self.predictions, 255)

    @property
    def key_name(self) -> str:
        """The primary key of the prediction table."""
        return beside("PK_", quoting.parse_name(self.predictions)[1])

    @property
    def index_name(self) -> str:
        """The index of the prediction table by runs."""
        return beside("IX_run_id_", quoting.parse_name(self.predictions)[1])

    def staged_type(self, column: Column) -> str:
        """How a feature column travels to the script."""
        return staged_type(column)

    def key_list(self, alias: str = "", entity_first: bool = False) -> str:
        """The keys, of a row source where one is named."""
        return _list(self.features.keys if entity_first else self.keys, alias)

    def entity_list(self, alias: str) -> str:
        """The entity's columns."""
        return _list(self.features.entity, alias)

    def output_list(self, alias: str = "") -> str:
        """The columns that the script gives."""
        return _list(self.output.columns, alias)

    def same(self, one: str, other: str) -> str:
        """That two rows have one key."""
        names = [quoting.ident(column.name) for column in self.keys]
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in names)

    def result_order(self, output: str, key: str) -> str:
        """The most urgent first, then by keys."""
        first = f"{output}.[predicted], "
        if self.output.urgency is not None:
            name, is_highest = self.output.urgency
            first = f"{output}.{quoting.ident(name)}{' DESC' if is_highest else ''}, "
        return first + self.key_list(key, entity_first=True)

    def day(self, alias: str) -> str:
        """The day by which alerts are counted: that of the row's time, else that on which it was scored."""
        if self.time is not None:
            return f"CAST({alias}.{quoting.ident(self.time)} AS date)"
        return "CAST(GETUTCDATE() AS date)" if alias == "k" else f"CAST({alias}.scored_at AS date)"

    def candidate(self, alias: str) -> str:
        """A further condition for a row that may be an alert: it is not predicted to be harmless."""
        if self.output.kind == "classification":
            return f" AND {alias}.predicted <> {quoting.string(self.output.classes[0])}"
        return f" AND {alias}.is_anomaly = 1" if self.output.kind == "anomaly" else ""

    @property
    def slot_rows(self) -> str:
        """Row source: the keys of the range @since to @until."""
        return self._rows(self.features.slots, "@since", "@until")

    @property
    def feature_rows(self) -> str:
        """Row source: keys and features of the range @from to @to."""
        return self._rows(self.features.function, "@from", "@to")

    def _rows(self, function: str, since: str, until: str) -> str:
        if self.declared.from_store:
            return self._stored_rows(since, until)
        given = [f"@{one.parameter}" for one in self.features.entity] + ([since, until] if self.time else [])
        return f"{quoting.qualified(function)} ({', '.join(given)})"

    def _stored_rows(self, since: str, until: str) -> str:
        limits = [(f"@{one.parameter}", "=", one.name) for one in self.features.entity]
        limits += [(since, ">=", self.time), (until, "<=", self.time)] if self.time else []
        where = [f"({limit} IS NULL OR t.{quoting.ident(name)} {sign} {limit})" for limit, sign, name in limits]
        return f"(SELECT t.* FROM {quoting.qualified(self.source)} AS t WHERE {' AND '.join(where)})"

    @property
    def head_comment(self) -> list[str]:
        """Which rows are scored."""
        entity = self.entity_list("").replace("\n", " ")
        if self.time is None:
            return [f"Without a key: all rows of the view. With one ({entity}): its rows."]
        return [f"Without a range: the latest row of each {entity}.", "With one: all its rows, both ends included."]

    @property
    def nothing(self) -> str:
        """What is said where there is no row."""
        if self.time is None:
            return f"Nothing to score: {self.source} has no such row."
        return (
            "Nothing to score: no row lies in the range. Compare @since, @until and the keys with the feature view, "
            "and load data where they are missing."
        )


def _list(columns: Sequence[Column], alias: str) -> str:
    prefix = f"{alias}." if alias else ""
    return ", ".join(prefix + quoting.ident(column.name) for column in columns)


def check_plan(plan: Plan) -> None:
    """Raise DeclarationError, with the key, for what no such procedure can do."""
    if plan.declared.from_store and plan.features.store is None:
        raise DeclarationError(f"from_store: no rows of {plan.features.view} are stored", ("from_store",))
    check_parameters(plan.features, (*PARAMETERS, *LOCALS))
    check_columns([*plan.features.keys, *plan.columns], ("row_no",), plan.features.view)
    check_columns(plan.table_columns, ("row_no",), plan.predictions)
    check_key(plan.features)
    for column in plan.columns:
        kind_of(column)
    if plan.alerts and plan.output.urgency is None:
        raise DeclarationError("alerts_per_period: no cluster is more urgent than another", ("alerts_per_period",))
    found = [plan.name, plan.predictions, plan.served, plan.features.view]
    if plan.declared.serving:
        found += [plan.serving.latest, plan.serving.at_risk, plan.serving.daily]
    names = [quoting.qualified(name).lower() for name in found]
    if len(set(names)) != len(names):
        message = "name: procedure, predictions, served, the views over it and feature view need different names"
        raise DeclarationError(message, ("name",))
