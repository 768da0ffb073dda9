"""Predictive maintenance, declared: which component of which machine fails within the next 24 hours."""

from __future__ import annotations

from pymlsql.features import (
    Attributes,
    ClassAhead,
    Column,
    Entity,
    EventCounts,
    FeatureSet,
    OneHot,
    Source,
    TimeSince,
    Windows,
)
from pymlsql.procedures import Module, ScoringProcedure, render_features, render_procedure

ERRORS = tuple(f"error{n}" for n in range(1, 6))
COMPONENTS = tuple(f"comp{n}" for n in range(1, 5))
MODELS = tuple(f"model{n}" for n in range(1, 5))

FEATURES = FeatureSet(
    view="dbo.FeaturesAndLabels",
    entity=(Entity(name="machineID", sql_type="int", parameter="machine_id"),),
    time="datetime",
    rows="telemetry",
    every="3h",
    sources={
        "telemetry": Source(table="dbo.PdM_telemetry"),
        "errors": Source(table="dbo.PdM_errors"),
        "maint": Source(table="dbo.PdM_maint"),
        "failures": Source(table="dbo.PdM_failures"),
        "machines": Source(table="dbo.PdM_machines", static=True),
    },
    windows=(
        Windows(
            source="telemetry",
            columns=("volt", "rotate", "pressure", "vibration"),
            statistics=("mean", "sd"),
            over=("3h", "24h"),
        ),
    ),
    counts=(
        EventCounts(source="errors", column="errorID", over="24h", values={error: f"{error}count" for error in ERRORS}),
    ),
    since=(TimeSince(source="maint", column="comp", values={comp: comp for comp in COMPONENTS}),),
    attributes=(
        Attributes(
            source="machines",
            columns=(Column(name="age", sql_type="int"),),
            one_hot=(OneHot(column="model", values=MODELS),),
        ),
    ),
    label=ClassAhead(
        source="failures",
        column="failure",
        name="failure",
        sql_type="nvarchar(20)",
        values=COMPONENTS,
        ahead="24h",
    ),
)
"""One row per machine and three hours: 30 features and the label."""

PROCEDURE = ScoringProcedure.over(
    FEATURES,
    name="dbo.PredictFailures",
    predictions="dbo.FailurePredictions",
    served="dbo.ServedFailurePredictions",
    model="failures",
)
"""Scores slots of the view and stores what it predicts."""


def render_all() -> tuple[Module, ...]:
    """Every module of the example, in the order in which they can be created: what `pymlsql apply` deploys."""
    return (*render_features(FEATURES), *render_procedure(PROCEDURE))
