"""Train a classifier on a feature view, read over ODBC, tested on later time than it was trained on.

Rows whose label is not known yet (NULL) are left out. The test range begins at `test_from`; training rows end a gap
before it, at least as long as the label looks ahead, so that no training label has seen the test range.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pymlsql.database import Database
from pymlsql.display import Listing
from pymlsql.errors import TrainingError
from pymlsql.models import Input, PackedModel, dtype_for, pack
from pymlsql.quoting import ident, qualified
from pymlsql.signature import infer

if TYPE_CHECKING:
    import pandas as pd

    from pymlsql.tracking import ActiveRun

GAP = datetime.timedelta(hours=24)
SEED = 20150101
N_ITERATIONS = 100
LEARNING_RATE = 0.1


@dataclass(frozen=True, slots=True)
class TrainingTask:
    """What to learn: a view with one row per entity and time, its label, and how far ahead the label looks."""

    view: str = "dbo.FeaturesAndLabels"
    entity: str = "machineID"
    time: str = "datetime"
    label: str = "failure"
    gap: datetime.timedelta = GAP


@dataclass(frozen=True, slots=True)
class ClassMetrics:
    """How well one class is found in the test range; `n_support` counts its rows there."""

    name: str
    precision: float
    recall: float
    f1: float
    n_support: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """The test of a model.

    `macro_f1` is the mean F1 of the classes that occur in the test range. `confusion` has a row per true class and a
    column per predicted class, in the order of `classes`.
    """

    macro_f1: float
    classes: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]
    n_train: int
    n_test: int
    train_since: datetime.datetime
    train_until: datetime.datetime
    test_since: datetime.datetime
    test_until: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        """As it is stored in ml.model_versions.metrics: JSON values only."""
        return {
            "macro_f1": self.macro_f1,
            "classes": [
                {"name": c.name, "precision": c.precision, "recall": c.recall, "f1": c.f1, "support": c.n_support}
                for c in self.classes
            ],
            "confusion": [list(row) for row in self.confusion],
            "train": {
                "rows": self.n_train, "since": self.train_since.isoformat(), "until": self.train_until.isoformat(),
            },
            "test": {"rows": self.n_test, "since": self.test_since.isoformat(), "until": self.test_until.isoformat()},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """The fitted pipeline, its bytes with signature, and its test."""

    estimator: Any
    packed: PackedModel
    metrics: Metrics

    @property
    def run_id(self) -> int | None:
        """The run that recorded the training, if one did."""
        return None if self.packed.run is None else self.packed.run.run_id

    def _repr_html_(self) -> str:
        return Listing(self.metrics.classes)._repr_html_()


def train(
    db: Database,
    *,
    task: TrainingTask | None = None,
    test_from: datetime.datetime | None = None,
    seed: int = SEED,
    run: ActiveRun | None = None,
) -> TrainedModel:
    """Read the view, split it in time, fit, test and pack.

    `test_from` is the first time of the test range; by default the day in which the last third of the labelled time
    begins. The model returned is the one that was tested. A `run` gets what it was trained on, the parameters and the
    scores. Raises TrainingError where either range lacks rows or the training range holds fewer than two classes.
    """
    task = task or TrainingTask()
    inputs = read_inputs(db, task)
    frame = read_labelled(db, task, inputs)
    train_rows, test_rows = split_in_time(frame, task, test_from)
    names = [column.name for column in inputs]
    empty = [name for name in names if train_rows[name].isna().all()]
    if empty:
        raise TrainingError(
            f"{', '.join(empty)} of {task.view} hold no value in the training range: load the rows they are made of."
        )
    if run is not None:
        run.describe_training(train_rows, query=render_query(task, inputs, train_rows), view=task.view)
    estimator = fit(train_rows[names], train_rows[task.label], inputs, seed=seed)
    metrics = evaluate(estimator, train_rows, test_rows, names, task)
    if run is not None:
        record(run, task, estimator, metrics)
    signature = infer(train_rows[names], estimator, sql_types={column.name: column.sql_type for column in inputs})
    with _one_thread():
        packed = pack(estimator, signature, metrics.to_dict(), sample=test_rows)
    return TrainedModel(estimator, packed if run is None else replace(packed, run=run.origin), metrics)


def train_in_run(db: Database, experiment: str, **options: Any) -> TrainedModel:
    """`train` in a run of its own, which says that it failed where it does."""
    from pymlsql.tracking import start_run

    with start_run(db, experiment) as run:
        return train(db, run=run, **options)


def record(run: ActiveRun, task: TrainingTask, estimator: Any, metrics: Metrics) -> None:
    """Record a fitted and tested pipeline in a run: task, parameters, scores and confusion matrix."""
    import sklearn

    from pymlsql.tracking import autolog
    from pymlsql.tracking.scores import Confusion

    hours = task.gap.total_seconds() / 3600
    given = {"view": task.view, "label": task.label, "gap_h": f"{hours:g}", "test_from": metrics.test_since.isoformat()}
    run.log_params(given | autolog.find_params(estimator))
    run.set_tags({"estimator": type(estimator).__name__, "scikit-learn": sklearn.__version__})
    scores = {"test_macro_f1": metrics.macro_f1, "train_rows": metrics.n_train, "test_rows": metrics.n_test}
    run.log_metrics(scores | {f"test_f1 {found.name}": found.f1 for found in metrics.classes if found.n_support})
    names = tuple(found.name for found in metrics.classes)
    autolog.log_confusion(run, Confusion(names, metrics.confusion), "test")


def read_inputs(db: Database, task: TrainingTask) -> tuple[Input, ...]:
    """The view's columns in order, without entity, time and label: what the model takes."""
    types = read_sql_types(db, task.view)
    if not types:
        raise TrainingError(f"There is no view {task.view}: run pymlsql apply.")
    missing = [name for name in (task.entity, task.time, task.label) if name not in types]
    if missing:
        raise TrainingError(f"{task.view} has no column {missing[0]}: run pymlsql apply again.")
    keys = {task.entity, task.time, task.label}
    return tuple(
        Input(name=name, sql_type=sql_type, dtype=dtype_for(sql_type))
        for name, sql_type in types.items()
        if name not in keys
    )


def read_sql_types(db: Database, view: str) -> dict[str, str]:
    """Column names of a view in order, each with its T-SQL type; empty where there is no such view."""
    schema, _, name = view.rpartition(".")
    rows = db.rows(
        "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH FROM INFORMATION_SCHEMA.COLUMNS"
        " WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION",
        (schema or "dbo", name),
    )
    return {row.COLUMN_NAME: _sql_type(row.DATA_TYPE, row.CHARACTER_MAXIMUM_LENGTH) for row in rows}


def _sql_type(name: str, length: int | None) -> str:
    return name if length is None else f"{name}({'max' if length == -1 else length})"


def read_labelled(db: Database, task: TrainingTask, inputs: tuple[Input, ...]) -> pd.DataFrame:
    """All rows of the view whose label is known, ordered by time and entity, with the dtypes of the signature."""
    import pandas as pd

    frame = db.read(f"{_select(task, inputs)} ORDER BY {ident(task.time)}, {ident(task.entity)}")
    if frame.empty:
        raise TrainingError(f"{task.view} has no row whose label is known: load more than 48 hours of data.")
    for column in inputs:
        if column.dtype == "float64":
            frame[column.name] = frame[column.name].astype(column.dtype)
        elif column.dtype == "str":  # as pandas infers it: NULL is to the model what it is to the server's script
            frame[column.name] = pd.Series(["", *frame[column.name]]).iloc[1:].array
    return frame


def render_query(task: TrainingTask, inputs: tuple[Input, ...], rows: pd.DataFrame) -> str:
    """The query that gives the rows trained on, in their order, as long as the tables under the view are the same."""
    until = rows[task.time].max().to_pydatetime().isoformat(timespec="milliseconds")
    return (
        f"{_select(task, inputs)} AND {ident(task.time)} <= '{until}' ORDER BY {ident(task.time)}, {ident(task.entity)}"
    )


def _select(task: TrainingTask, inputs: tuple[Input, ...]) -> str:
    columns = [task.entity, task.time, *(column.name for column in inputs), task.label]
    return (
        f"SELECT {', '.join(ident(name) for name in columns)} FROM {qualified(task.view)}"
        f" WHERE {ident(task.label)} IS NOT NULL"
    )


def split_in_time(
    frame: pd.DataFrame, task: TrainingTask, test_from: datetime.datetime | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(training rows, test rows): test from `test_from` on, training until a gap before it."""
    times = frame[task.time]
    since, until = times.min(), times.max()
    if test_from is None:
        test_from = (since + (until - since) * 2 / 3).floor("D").to_pydatetime()
    train_rows = frame[(times <= test_from - task.gap) & (times < test_from)]
    test_rows = frame[times >= test_from]
    if train_rows.empty or test_rows.empty:
        purpose = "train" if train_rows.empty else "test"
        raise TrainingError(
            f"The labelled rows run from {since} to {until}: with a test from {test_from} on and a gap of "
            f"{task.gap.total_seconds() / 3600:.0f} h before it, nothing is left to {purpose} on."
        )
    if train_rows[task.label].nunique() < 2:
        only = train_rows[task.label].iloc[0]
        raise TrainingError(f"Until {train_rows[task.time].max()} every label is '{only}': load a longer range.")
    if test_rows[task.label].nunique() < 2:
        only = test_rows[task.label].iloc[0]
        raise TrainingError(
            f"From {test_from} on every label is '{only}', so that the test would say nothing: choose an earlier "
            "--test-from, or load a longer range."
        )
    return train_rows, test_rows


def build_pipeline(inputs: tuple[Input, ...], *, seed: int) -> Any:
    """One-hot columns for strings, numbers as they are, gradient boosted trees; all columns by name.

    A string that the training range did not hold is an error when scoring, not a row of zeros.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder

    strings = [column.name for column in inputs if column.dtype == "str"]
    numbers = [column.name for column in inputs if column.dtype == "float64"]
    others = [column.name for column in inputs if column.name not in {*strings, *numbers}]
    if others:
        raise TrainingError(f"The view's column {others[0]} is a time: give the hours since it instead.")
    steps: list[Any] = [("numbers", "passthrough", numbers)]
    if strings:
        steps.append(("strings", OneHotEncoder(handle_unknown="error", sparse_output=False), strings))
    columns = ColumnTransformer(steps, verbose_feature_names_out=False)
    trees = HistGradientBoostingClassifier(
        max_iter=N_ITERATIONS,
        learning_rate=LEARNING_RATE,
        class_weight="balanced",
        early_stopping=False,
        random_state=seed,
    )
    return Pipeline([("columns", columns), ("trees", trees)])


def _one_thread() -> Any:
    """A context in which OpenMP uses one thread."""
    return import_module("threadpoolctl").threadpool_limits(limits=1, user_api="openmp")


def fit(features: pd.DataFrame, labels: pd.Series[Any], inputs: tuple[Input, ...], *, seed: int) -> Any:
    """The fitted pipeline.

    One OpenMP thread: with two threads on two busy cores the same fit was measured ten times slower.
    """
    pipeline = build_pipeline(inputs, seed=seed)
    with _one_thread():
        return pipeline.fit(features, labels)


def evaluate(
    estimator: Any, train_rows: pd.DataFrame, test_rows: pd.DataFrame, names: list[str], task: TrainingTask
) -> Metrics:
    """Test a fitted pipeline on the test rows."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    truth = test_rows[task.label].astype(str)
    with _one_thread():
        predicted = estimator.predict(test_rows[names])
    known = [str(name) for name in estimator.classes_]
    labels = known + sorted(set(truth) - set(known))
    precision, recall, f1, support = precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0.0)
    present = support > 0
    return Metrics(
        macro_f1=float(f1[present].mean()),
        classes=tuple(
            ClassMetrics(labels[i], float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
            for i in range(len(labels))
        ),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion_matrix(truth, predicted, labels=labels)),
        n_train=len(train_rows),
        n_test=len(test_rows),
        train_since=train_rows[task.time].min().to_pydatetime(),
        train_until=train_rows[task.time].max().to_pydatetime(),
        test_since=test_rows[task.time].min().to_pydatetime(),
        test_until=test_rows[task.time].max().to_pydatetime(),
    )
