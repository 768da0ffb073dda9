"""What each template is rendered with for its golden text: plain names once, hostile names once.

UPDATE_GOLDEN=1 in the environment writes the texts anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pymlsql import jobs, project, scripts
from pymlsql.examples.pdm.declaration import FEATURES, PROCEDURE
from pymlsql.features import (
    Attributes,
    ClassAhead,
    Column,
    Entity,
    EventCounts,
    Expression,
    FeatureSet,
    OneHot,
    OwnLabel,
    Source,
    Store,
    TimeSince,
    Windows,
    indexes,
)
from pymlsql.features.meanings import Described, column_meanings
from pymlsql.features.rendering import Plan
from pymlsql.features.store import Refresh
from pymlsql.procedures import SCORE_SCRIPT, Batch, ScoringProcedure
from pymlsql.procedures.batch import Plan as BatchPlan
from pymlsql.procedures.evaluation import Evaluate
from pymlsql.procedures.evaluation import Plan as EvaluationPlan
from pymlsql.procedures.json_text import Json
from pymlsql.procedures.purge import Purge
from pymlsql.procedures.rows import Rows
from pymlsql.procedures.single import Single
from pymlsql.procedures.train import Train
from pymlsql.signing import Signing
from tests import forms

FOLDER = Path(__file__).parent / "sql"

HOSTILE_FEATURES = FeatureSet(
    view="odd.[O'Brien's view]",
    entity=(Entity(name="asset]id", sql_type="nvarchar(40)", parameter="asset"),),
    time="time stamp",
    rows="readings",
    every="6h",
    sources={
        "readings": Source(table="odd.[read]]ings]"),
        "log": Source(table="odd.log"),
        "alarms": Source(table="odd.alarms"),
        "visits": Source(table="odd.visits"),
        "ends": Source(table="odd.ends"),
        "assets": Source(table="odd.assets", static=True),
    },
    windows=(Windows(source="readings", columns=("score]s", "select"), over=("6h", "12h", "48h")),),
    counts=(
        EventCounts(source="log", column="kind'", values={"it's": "n]1", "]": "n 2"}, over="12h"),
        EventCounts(source="alarms", column="code", values={"A": "alarms"}, over="24h"),
    ),
    since=(TimeSince(source="visits", column="what", values={"O'Brien": "since O'Brien"}),),
    attributes=(
        Attributes(
            source="assets",
            columns=(Column(name="group", sql_type="nvarchar(10)"), Column(name="built", sql_type="datetime")),
            one_hot=(OneHot(column="make", values=("A'1", "B]2")),),
        ),
    ),
    expressions=(
        Expression(
            name="it's]it",
            sql_type="nvarchar(20)",
            sql="""CASE WHEN [n]]1] > 1 OR "n 2" IS NULL THEN N'it''s' ELSE [group] + ' --' END""",
        ),
    ),
    label=ClassAhead(
        source="ends",
        column="end",
        name="next]end",
        sql_type="nvarchar(10)",
        values=("e'1",),
        none="no'ne",
        ahead="12h",
    ),
    store=Store(table="odd.[O'Brien's --]]table]", refresh="odd.[re]]fresh'd]"),
)
"""Names with brackets, quotes, spaces and keywords; text and time features; another rhythm."""

HOSTILE_OWN_ROWS = FeatureSet(
    view="odd.[ro]]ws]",
    entity=(Entity(name="a'b", sql_type="int", parameter="a"),),
    time="ti]me",
    rows="rows",
    sources={"rows": Source(table="odd.[r'ows]", keys={"a'b": "k]ey"}, time="w'hen", time_type="smalldatetime")},
    attributes=(Attributes(source="rows", columns=(Column(name="x]", sql_type="float"),)),),
    label=OwnLabel(kind="column", column="y'y", name="la]bel", sql_type="int"),
    store=Store(table="odd.[k]]ept]", primary_key=False),
)
"""Rows as they are, with a label of their own that becomes known late."""

HOSTILE_SOURCES = (
    "CREATE SCHEMA odd;",
    "CREATE TABLE odd.[read]]ings] ([asset]]id] nvarchar(40), [time stamp] datetime, [score]]s] float, [select] int);",
    "CREATE TABLE odd.log ([asset]]id] nvarchar(40), [time stamp] datetime, [kind'] nvarchar(9));",
    "CREATE TABLE odd.alarms ([asset]]id] nvarchar(40), [time stamp] datetime, code nvarchar(9));",
    "CREATE TABLE odd.visits ([asset]]id] nvarchar(40), [time stamp] datetime, what nvarchar(9));",
    "CREATE TABLE odd.ends ([asset]]id] nvarchar(40), [time stamp] datetime, [end] nvarchar(9));",
    "CREATE TABLE odd.assets ([asset]]id] nvarchar(40), [group] nvarchar(10), built datetime, make nvarchar(9));",
    "CREATE TABLE odd.[r'ows] ([k]]ey] int, [w'hen] smalldatetime, [x]]] float, [y'y] int);",
)
"""The tables that both read."""

BARE_FEATURES = FEATURES.model_copy(update={"view": "dbo.Bare", "counts": (), "since": (), "attributes": ()})
"""Telemetry and a label, nothing else."""

HOSTILE_PROCEDURE = ScoringProcedure.over(
    HOSTILE_FEATURES, name="odd.[score]]s]", predictions="odd.[O'Brien's]", served="odd.[serv]]ed]", model="O'Brien"
)

TABLE_PROCEDURE = ScoringProcedure(
    name="dbo.PredictRows",
    route=False,
    source="dbo.FeatureRows",
    entity=Column(name="machineID", sql_type="int"),
    parameter="machine_id",
    time="datetime",
    features=(Column(name="a", sql_type="float"), Column(name="b", sql_type="int")),
    classes=("none", "comp1"),
    predictions="dbo.RowPredictions",
    served="dbo.ServedRowPredictions",
    model="rows",
    chunk_rows=50_000,
)
"""Over a table instead of a feature function."""

HOSTILE_SIGNING = Signing(
    HOSTILE_PROCEDURE.name, looked_up=HOSTILE_PROCEDURE.signing.looked_up, read=("odd.[O'Brien's]",)
)
"""Names with brackets and quotes, and an object that the script's query reads."""

SCRIPT = scripts.read(SCORE_SCRIPT)


HOSTILE_BATCH = Batch(
    kind="batch",
    name="odd.[batch]] it's]",
    features="assets",
    model="O'Brien]",
    alias="cham'pion",
    predictions="odd.[it's \u00fc]]ber]",
    served="odd.[serv]]ed \u00fc]",
    top_k=2,
    thresholds={"e'1": 0.25},
    alerts_per_period=3,
    chunk_rows=1_500_000,
    parallel=True,
    language="Py'thon]",
    granted_to=("O'Brien]s",),
)
"""All words of a batch procedure, on names with brackets, quotes and letters that are not ASCII."""

FLAT_BATCH = Batch(
    kind="batch",
    name="dbo.ClusterCalls",
    route=False,
    features="calls",
    model="clusters",
    predictions="dbo.CallClusters",
    served="dbo.ServedCallClusters",
    output="cluster",
)
"""Clusters of a view without a time or a label."""

FLAT_FEATURES = forms.CALLS.model_copy(update={"label": None})


def _plan(example: str, name: str) -> BatchPlan:
    declared = project.example(example)
    procedure = declared.procedures[name]
    assert isinstance(procedure, Batch)
    return procedure.plan(declared.features[procedure.features])


def _evaluation(example: str) -> EvaluationPlan:
    declared = project.example(example)
    procedure = declared.procedures["evaluate"]
    assert isinstance(procedure, Evaluate)
    return procedure.plan(declared.features[procedure.features])


BANK_PLAN = _plan("bank", "score")
DEMAND_PLAN = _plan("demand", "forecast")
HOSTILE_PLAN = HOSTILE_BATCH.plan(HOSTILE_FEATURES)
STORED_PLAN = HOSTILE_BATCH.model_copy(update={"from_store": True}).plan(HOSTILE_FEATURES)
SERVINGS = {
    "": BANK_PLAN.serving, "-hostile": HOSTILE_PLAN.serving, "-classes": _plan("pdm", "predict").serving,
    "-number": DEMAND_PLAN.serving, "-flat": FLAT_BATCH.plan(FLAT_FEATURES).serving,
}  # fmt: skip
BANK_EVALUATION = _evaluation("bank")
HOSTILE_EVALUATION = Evaluate(
    kind="evaluate",
    name="odd.[compare]] it's]",
    features="assets",
    model="O'Brien]",
    served=HOSTILE_BATCH.served,
    evaluations="odd.[fig\u00fc]]res it's]",
    confusion="odd.[con'fus]]ion]",
).plan(HOSTILE_FEATURES)
FLAT_EVALUATION = Evaluate(
    kind="evaluate", name="dbo.E", features="calls", model="m", served="dbo.S", evaluations="dbo.F", confusion="dbo.C"
).plan(forms.CALLS)
HOSTILE_PURGE = Purge(
    kind="purge",
    name="odd.[pur]]ge it's]",
    features="assets",
    model="O'Brien]",
    procedure=HOSTILE_BATCH.name,
    predictions=HOSTILE_BATCH.predictions,
    keep_days=3,
)
SCORE_JSON = Json(kind="json", name="dbo.ScoreFailures", features="failures", model="failures", id="machineID")
SCORE_ONE = Single(kind="single", name="dbo.ScoreFailure", features="failures", model="failures")
SCORE_ROWS = Rows(
    kind="rows", name="dbo.ScoreFailureRows", type="dbo.FailureRows", features="failures", model="failures"
)  # fmt: skip

HOSTILE_JSON = Json(
    kind="json", name="odd.[js]]on]", features="f", model="O'Brien", id="it's]", optional=("since O'Brien",), log=True
)  # fmt: skip
HOSTILE_PARAMETERS = {
    column.name: f"f_{number}" for number, column in enumerate(HOSTILE_FEATURES.features)
}  # fmt: skip
HOSTILE_ONE = Single(
    kind="single", name="odd.[O'Brien's]", features="f", model="O'Brien", parameters=HOSTILE_PARAMETERS, log=True,
    language="Py'thon]",
)  # fmt: skip
HOSTILE_TABLE = Rows(
    kind="rows", name="odd.[r]]ows]", type="odd.[O'Brien's type]", features="f", model="O'Brien", log=True
)  # fmt: skip

_JOB = jobs.parse(
    {
        "schedule": ["*/15 6-20 * * mon-fri", "0 0 1 * *"],
        "steps": [
            {"name": "score", "procedure": "predict", "arguments": {"unscored": True}, "retries": 2},
            {"name": "tell", "command": "EXEC dbo.TellSomebody;", "on_failure": "continue"},
        ],
    },
    project.example("pdm").procedures,
)
JOB = jobs.render_job("nightly", _JOB, "pdm", project.example("pdm").procedures)
HOSTILE_JOB = jobs.render_job(
    "nightly",
    jobs.parse(
        {
            "name": "O'Brien's [job]", "description": "it's", "enabled": False, "owner": "DOM\\O'Brien",
            "notify": "o'p", "steps": [{"name": "st'ep]", "command": "PRINT N'it''s'", "database": "da'ta]"}],
        },
        {},
    ),
    "odd",
    {},
)  # fmt: skip
HOSTILE_TRAINING = Train(
    kind="train", name="odd.[tr]]ain it's]", features="f", model="O'Brien]", alias="cham'pion", experiment="it's",
    estimator="RandomForestRegressor", parameters={"criterion": "it's", "max_depth": 3}, impute="median",
    language="Py'thon]",
).plan(HOSTILE_OWN_ROWS)  # fmt: skip
BANK_TRAINING = Train.model_validate(
    {**project.example("bank").procedures["train"].model_dump(), "impute": "median", "scale": True}
).plan(project.example("bank").features["calls"])
FLAT_TRAINING = Train(
    kind="train", name="dbo.TrainClusters", features="calls", model="clusters", estimator="KMeans", scale=True
).plan(FLAT_FEATURES)  # fmt: skip

SHORT_PARTS = {"script": "x = 1\n", "formats": "f = 'O''Brien'\n", "verifying": "v = 1\n"}
"""Texts in place of the scripts'."""

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "slots": ("functions/slots.sql.j2", {"plan": Plan(FEATURES)}),
    "slots-hostile": ("functions/slots.sql.j2", {"plan": Plan(HOSTILE_FEATURES)}),
    "features": ("functions/features.sql.j2", {"plan": Plan(FEATURES)}),
    "features-hostile": ("functions/features.sql.j2", {"plan": Plan(HOSTILE_FEATURES)}),
    "features-bare": ("functions/features.sql.j2", {"plan": Plan(BARE_FEATURES)}),
    "features-rows": ("functions/features.sql.j2", {"plan": Plan(forms.DEMAND)}),
    "features-slots": ("functions/features.sql.j2", {"plan": Plan(forms.WEEKLY)}),
    "features-flat": ("functions/features.sql.j2", {"plan": Plan(forms.CALLS)}),
    "slots-rows": ("functions/slots.sql.j2", {"plan": Plan(forms.DEMAND)}),
    "slots-flat": ("functions/slots.sql.j2", {"plan": Plan(forms.CALLS)}),
    "view": ("views/features.sql.j2", {"plan": Plan(FEATURES)}),
    "view-hostile": ("views/features.sql.j2", {"plan": Plan(HOSTILE_FEATURES)}),
    "store": ("tables/features.sql.j2", {"refresh": Refresh(forms.DEMAND)}),
    "store-hostile": ("tables/features.sql.j2", {"refresh": Refresh(HOSTILE_FEATURES)}),
    "refresh": ("procedures/refresh.sql.j2", {"refresh": Refresh(forms.DEMAND)}),
    "refresh-hostile": ("procedures/refresh.sql.j2", {"refresh": Refresh(HOSTILE_FEATURES)}),
    "refresh-rows-hostile": ("procedures/refresh.sql.j2", {"refresh": Refresh(HOSTILE_OWN_ROWS)}),
    "predict": ("procedures/predict.sql.j2", {"procedure": PROCEDURE, "script": SCRIPT}),
    "predict-hostile": ("procedures/predict.sql.j2", {"procedure": HOSTILE_PROCEDURE, "script": "x = 'O''Brien'\n"}),
    "predict-table": ("procedures/predict.sql.j2", {"procedure": TABLE_PROCEDURE, "script": "x = 1\n"}),
    "batch": ("procedures/batch.sql.j2", {"plan": BANK_PLAN, "script": "x = 1\n"}),
    "batch-keys": ("procedures/batch.sql.j2", {"plan": DEMAND_PLAN, "script": "x = 1\n"}),
    "batch-flat": ("procedures/batch.sql.j2", {"plan": FLAT_BATCH.plan(FLAT_FEATURES), "script": "x = 1\n"}),
    "batch-hostile": ("procedures/batch.sql.j2", {"plan": HOSTILE_PLAN, "script": "x = 'O''Brien'\n"}),
    "batch-stored-hostile": ("procedures/batch.sql.j2", {"plan": STORED_PLAN, "script": "x = 1\n"}),
    "table": ("tables/predictions.sql.j2", {"plan": BANK_PLAN}),
    "table-hostile": ("tables/predictions.sql.j2", {"plan": HOSTILE_PLAN}),
    "served": ("views/served.sql.j2", {"plan": BANK_PLAN}),
    "served-hostile": ("views/served.sql.j2", {"plan": HOSTILE_PLAN}),
    **{f"{name}{ending}": (f"views/{name}.sql.j2", {"serving": serving})
       for name in ("latest", "at_risk", "daily") for ending, serving in SERVINGS.items()
       if name != "at_risk" or serving.has_risk},
    "evaluate": ("procedures/evaluate.sql.j2", {"plan": BANK_EVALUATION}),
    "evaluate-number": ("procedures/evaluate.sql.j2", {"plan": _evaluation("demand")}),
    "evaluate-flat": ("procedures/evaluate.sql.j2", {"plan": FLAT_EVALUATION}),
    "evaluate-hostile": ("procedures/evaluate.sql.j2", {"plan": HOSTILE_EVALUATION}),
    "evaluations": ("tables/evaluations.sql.j2", {"plan": BANK_EVALUATION}),
    "evaluations-hostile": ("tables/evaluations.sql.j2", {"plan": HOSTILE_EVALUATION}),
    "confusion": ("tables/confusion.sql.j2", {"plan": BANK_EVALUATION}),
    "confusion-hostile": ("tables/confusion.sql.j2", {"plan": HOSTILE_EVALUATION}),
    "purge": ("procedures/purge.sql.j2", {"plan": project.example("bank").procedures["purge"]}),
    "purge-hostile": ("procedures/purge.sql.j2", {"plan": HOSTILE_PURGE}),
    **{name: (template, {**variables, **SHORT_PARTS}) for name, (template, variables) in {
        "json": SCORE_JSON.printed(FEATURES),
        "json-hostile": HOSTILE_JSON.printed(HOSTILE_FEATURES),
        "single": SCORE_ONE.printed(FEATURES),
        "single-hostile": HOSTILE_ONE.printed(HOSTILE_FEATURES),
        "rows": SCORE_ROWS.printed(FEATURES),
        "rows-hostile": HOSTILE_TABLE.printed(HOSTILE_FEATURES),
    }.items()},
    "rows_type": ("procedures/rows_type.sql.j2", {"table_type": SCORE_ROWS.type, "columns": FEATURES.features}),
    "rows_type-hostile": (
        "procedures/rows_type.sql.j2", {"table_type": HOSTILE_TABLE.type, "columns": HOSTILE_FEATURES.features}
    ),
    "job": ("agent/job.sql.j2", {"job": JOB}),
    "job-hostile": ("agent/job.sql.j2", {"job": HOSTILE_JOB}),
    "train": ("procedures/train.sql.j2", {"plan": BANK_TRAINING, "script": "x = 1\n"}),
    "train-cluster": ("procedures/train.sql.j2", {"plan": FLAT_TRAINING, "script": "x = 1\n"}),
    "train-hostile": ("procedures/train.sql.j2", {"plan": HOSTILE_TRAINING, "script": "x = 'O''Brien'\n"}),
    "sign": ("signing/procedure.sql.j2", {"signing": PROCEDURE.signing}),
    "sign-hostile": ("signing/procedure.sql.j2", {"signing": HOSTILE_SIGNING}),
    "unsign-hostile": ("signing/removal.sql.j2", {"signing": HOSTILE_SIGNING}),
    "described": ("descriptions/object.sql.j2", {"described": Described("dbo.V", "VIEW", "A view.", (("a", "b"),))}),
    "described-hostile": (
        "descriptions/object.sql.j2",
        {"described": Described("odd.[O'Brien's]", "PROCEDURE", "It's --\nGO;", ())},
    ),
    "described-view-hostile": (
        "descriptions/object.sql.j2",
        {"described": Described("odd.[v]]w]", "VIEW", "'", tuple(column_meanings(HOSTILE_FEATURES).items()))},
    ),
    "index": ("indexes/source.sql.j2", {"index": indexes.suggest([FEATURES])[0]}),
    "index-hostile": ("indexes/source.sql.j2", {"index": indexes.suggest([HOSTILE_OWN_ROWS])[0]}),
    "index-keys-hostile": ("indexes/source.sql.j2", {"index": indexes.suggest([HOSTILE_FEATURES])[1]}),
    "predictions": ("views/predictions.sql.j2", {"procedure": PROCEDURE}),
    "predictions-hostile": ("views/predictions.sql.j2", {"procedure": HOSTILE_PROCEDURE}),
}
"""Golden text by name: template and variables."""


def check_golden(name: str, text: str) -> None:
    """Compare with the golden text of that name, or write it where UPDATE_GOLDEN says so."""
    path = FOLDER / f"{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), f"{path.name} is missing: UPDATE_GOLDEN=1 writes it"
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs: look at it, then UPDATE_GOLDEN=1"
