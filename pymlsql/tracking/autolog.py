"""What a scikit-learn estimator says of itself when it is fitted in a run.

`run.fit(estimator, X, y)` fits and records. `with db.autolog():` makes the `fit` of scikit-learn's own classes do the
same inside a run's block; at its end the classes are as they were. The first fit of a run is recorded in the run, each
further one in a child run of its own, so that their parameters and scores do not mix.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
import json
import re
import threading
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pymlsql.errors import PymlsqlError
from pymlsql.tracking import scores
from pymlsql.tracking.active import ActiveRun, current_run
from pymlsql.tracking.values import MAX_NAME, length

if TYPE_CHECKING:
    from pymlsql.database import Database

MAX_VALUE = 1000
"""Characters of a parameter's value that are recorded."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_INSIDE: contextvars.ContextVar[bool] = contextvars.ContextVar("pymlsql_inside_fit", default=False)


class NotRecorded(UserWarning):
    """A part of what autolog records is missing; the text says which and why."""


def fit(run: ActiveRun, estimator: Any, features: Any, target: Any = None, *, test: Any = None, **options: Any) -> Any:
    """Fit an estimator and record it in `run`; returns the fitted estimator.

    `test` is (features, target) of rows that it is tested on. `options` go to the estimator's `fit`. An error of the
    fit goes on as it is; an error of the recording comes after the fit.
    """
    token = _INSIDE.set(True)
    try:
        given = (features,) if target is None else (features, target)
        fitted = estimator.fit(*given, **options)
    finally:
        _INSIDE.reset(token)
    record(run, estimator, features, target, test=test)
    return fitted


def record(run: ActiveRun, estimator: Any, features: Any, target: Any = None, *, test: Any = None) -> None:
    """Record a fitted estimator: in `run` if it is the first of the run, else in a child run."""
    run.n_fits += 1
    if run.n_fits == 1:
        _record(run, estimator, features, target, test)
    else:
        with run.child(type(estimator).__name__) as child:
            _record(child, estimator, features, target, test)


def _record(run: ActiveRun, estimator: Any, features: Any, target: Any, test: Any) -> None:
    import sklearn

    run.set_tags({"estimator": type(estimator).__name__, "scikit-learn": sklearn.__version__})
    run.log_params(find_params(estimator))
    if not run.is_described:
        frame = _frame(features, target)
        if frame is not None:
            run.describe_training(frame)
    log_search(run, estimator)
    parts = {"train": (features, target)} | ({} if test is None else {"test": test})
    token = _INSIDE.set(True)  # scoring may fit inside: a voting classifier's own encoders
    try:
        for part, (rows, truth) in parts.items():
            found = scores.score(estimator, rows, truth)
            run.log_metrics({f"{part}_{name}": value for name, value in found.items()})
        part, (rows, truth) = list(parts.items())[-1]
        confusion = scores.find_confusion(estimator, rows, truth)
    finally:
        _INSIDE.reset(token)
    if confusion is not None:
        log_confusion(run, confusion, part)


def log_confusion(run: ActiveRun, confusion: scores.Confusion, part: str) -> None:
    """Keep a confusion matrix as {part}_confusion_matrix.json and .png; without matplotlib a warning, no picture."""
    values = {"classes": confusion.classes, "counts": confusion.counts}
    run.log_artifact(json.dumps(values).encode(), f"{part}_confusion_matrix.json")
    try:
        picture = scores.render_confusion(confusion, f"Confusion matrix, {part} rows")
    except ImportError:
        warnings.warn(f"No picture of the confusion matrix: {scores.NO_MATPLOTLIB}.", NotRecorded, stacklevel=2)
        run.set_tag("not recorded", f"confusion matrix as PNG ({scores.NO_MATPLOTLIB})")
        return
    run.log_artifact(picture, f"{part}_confusion_matrix.png")


def find_params(estimator: Any) -> dict[str, str]:
    """An estimator's parameters, those of its parts too, as text.

    Of an estimator within it the class's name is given, of anything else at most MAX_VALUE characters, without
    addresses in memory. A name of more than 250 characters is left out, with a warning.
    """
    found = {}
    for name, value in sorted(estimator.get_params(deep=True).items()):
        if length(name) > MAX_NAME:
            warnings.warn(
                f"The parameter {name[:60]}... has too long a name to be recorded.", NotRecorded, stacklevel=2
            )
        else:
            found[name] = render_param(value)
    return found


def render_param(value: Any) -> str:
    """A parameter's value as text; see `find_params`."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, type) or inspect.isroutine(value):
        text = getattr(value, "__qualname__", repr(value))
    elif hasattr(value, "get_params"):
        text = type(value).__name__
    elif isinstance(value, list | tuple):
        text = f"[{', '.join(map(render_param, value))}]"
    else:
        text = repr(value)
    text = _ADDRESS.sub("", text).replace("\x00", "")
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 3] + "..."


def log_search(run: ActiveRun, estimator: Any) -> None:
    """Record what a search over parameters found: its best, each candidate's scores as steps, and all of it as CSV.

    A candidate whose fit failed has no score, so that its step is missing.
    """
    results = getattr(estimator, "cv_results_", None)
    if not isinstance(results, Mapping):
        return
    import math

    import pandas as pd

    best = getattr(estimator, "best_params_", {})
    run.log_params(
        {f"best_{name}": render_param(value) for name, value in best.items() if length(name) <= MAX_NAME - 5}
    )
    if isinstance(getattr(estimator, "best_score_", None), float) and math.isfinite(estimator.best_score_):
        run.log_metric("best_cv_score", estimator.best_score_)
    for name in sorted(results):
        if name.startswith(("mean_test_", "std_test_", "mean_fit_time")):
            curve = {step: value for step, value in enumerate(results[name]) if math.isfinite(value)}
            run.log_curve(f"cv_{name}", curve)
    frame = pd.DataFrame({name: list(map(_plain, values)) for name, values in results.items()})
    run.log_artifact(frame.to_csv(index_label="candidate").encode(), "cv_results.csv")


def _plain(value: Any) -> Any:
    return json.dumps({name: render_param(item) for name, item in value.items()}) if isinstance(value, dict) else value


def _frame(features: Any, target: Any) -> Any:
    """Features and target as one DataFrame, for the checksum; None of what is no table."""
    import numpy as np
    import pandas as pd

    if not isinstance(features, pd.DataFrame):
        values = np.asarray(features) if isinstance(features, list | tuple | np.ndarray) else None
        if values is None or values.ndim != 2:
            return None
        features = pd.DataFrame(values)
    if target is None:
        return features
    labels = pd.DataFrame(target).reset_index(drop=True)
    labels.columns = [f"target {place}" for place in range(labels.shape[1])]
    return pd.concat([features.reset_index(drop=True), labels], axis=1)


# --- scikit-learn's own classes --------------------------------------------------------------------------------------


class _Hooks:
    """The classes whose `fit` is replaced, while anybody wants that."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.databases: list[Database] = []
        self.originals: list[tuple[type, Any]] = []

    def add(self, db: Database) -> None:
        with self.lock:
            if not self.databases:
                self.originals = [(kind, vars(kind)["fit"]) for kind in _classes()]
                for kind, original in self.originals:
                    kind.fit = _recording(original)  # type: ignore[attr-defined]
            self.databases.append(db)

    def remove(self, db: Database) -> None:
        with self.lock:
            self.databases.remove(db)
            if not self.databases:
                for kind, original in self.originals:
                    kind.fit = original  # type: ignore[attr-defined]
                self.originals = []


_HOOKS = _Hooks()


@contextmanager
def autolog(db: Database) -> Generator[None]:
    """While the block lasts, `fit` of scikit-learn's classes records in the run of `db` whose block it is called in.

    Outside of a run nothing is recorded, nor are fits inside other fits, in other threads, or of transformers that do
    not predict. What cannot be recorded is a warning (NotRecorded): the fit counts.
    """
    _HOOKS.add(db)
    try:
        yield
    finally:
        _HOOKS.remove(db)


def _classes() -> list[type]:
    """Those classes of scikit-learn that define a `fit` of their own."""
    from sklearn.utils import all_estimators

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [kind for _, kind in all_estimators()]
    kinds = dict.fromkeys(base for kind in found for base in kind.__mro__ if base.__module__.startswith("sklearn."))
    return [kind for kind in kinds if inspect.isfunction(vars(kind).get("fit"))]


def _recording(original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **options: Any) -> Any:
        run = current_run()
        if run is None or _INSIDE.get() or not hasattr(self, "predict") or run.db not in _HOOKS.databases:
            return original(self, *args, **options)
        token = _INSIDE.set(True)
        try:
            fitted = original(self, *args, **options)
        finally:
            _INSIDE.reset(token)
        given = signature.bind(self, *args, **options).arguments
        try:
            record(run, self, given.get("X"), given.get("y"))
        except PymlsqlError as error:
            warnings.warn(f"The fit was not recorded in run {run.run_id}: {error}", NotRecorded, stacklevel=2)
        return fitted

    return fit
