"""A run that is going on: what is logged is in the database at once, and the end says how it went."""

from __future__ import annotations

import contextvars
import io
import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pymlsql import settings
from pymlsql.content import Content, read_content
from pymlsql.database import Database, fetch
from pymlsql.errors import DatabaseError, PymlsqlError, RunError
from pymlsql.models import RunOrigin
from pymlsql.tracking import origin
from pymlsql.tracking.artifacts import store
from pymlsql.tracking.checksum import checksum
from pymlsql.tracking.facts import RunDetail, Status
from pymlsql.tracking.reading import call, check_migrated, show_run
from pymlsql.tracking.values import MAX_RUN_NAME, check_metric, check_name, check_path, check_step, render_value

if TYPE_CHECKING:
    import pandas as pd

_STARTED = "SELECT run_id, started_at FROM ml.runs WHERE run_id = @run_id;"
MSG_NO_PROCEDURE = 2812
MSG_DENIED = 229
MAX_ERROR = 20_000
N_CALLS = 200
"""Procedure calls of one batch: SQL Server takes 2,100 parameters."""

_ACTIVE: contextvars.ContextVar[tuple[ActiveRun, ...]] = contextvars.ContextVar("pymlsql_runs", default=())


def current_run() -> ActiveRun | None:
    """The innermost run whose `with` block this thread is in."""
    runs = _ACTIVE.get()
    return runs[-1] if runs else None


def start_run(
    db: Database,
    experiment: str | None = None,
    *,
    name: str | None = None,
    parent: ActiveRun | int | None = None,
    tags: Mapping[str, Any] | None = None,
) -> ActiveRun:
    """Begin a run of `experiment`, which is made where there is none of that name, or a child run of `parent`.

    A child belongs to its parent's experiment, which need not be named. The run is "running" from now on, until its
    `with` block is left or `end` is called. Raises RunError for names that cannot be, DatabaseError 51021 for a parent
    that there is not, and 51022 where the parent belongs to another experiment.
    """
    if experiment is None and parent is None:
        raise RunError("A run needs an experiment: start_run('churn').")
    if experiment is not None:
        check_name(experiment, "an experiment", MAX_RUN_NAME)
    if name is not None:
        check_name(name, "a run", MAX_RUN_NAME)
    check_migrated(db)
    commit = parent.commit if isinstance(parent, ActiveRun) else origin.find_commit()
    sql, values = call(
        "ml.StartRun",
        experiment=experiment,
        name=name,
        parent_run_id=parent.run_id if isinstance(parent, ActiveRun) else parent,
        git_commit=commit,
        source=origin.find_source(),
    )
    sql = f"DECLARE @run_id bigint; {sql.rstrip(';')}, @run_id = @run_id OUTPUT; {_STARTED}"
    try:
        with db.transaction() as connection:
            row = fetch(connection, sql, values).rows[0]
    except DatabaseError as error:
        if error.number == MSG_NO_PROCEDURE:
            raise RunError("This database has no procedures for runs yet: run pymlsql db upgrade.") from None
        if error.number == MSG_DENIED:
            raise RunError(f"This login records no runs ({error}): have it made a member of ml_publisher.") from None
        raise
    run = ActiveRun(db, RunOrigin(int(row.run_id), row.started_at), name, commit)
    if tags:
        try:
            run.set_tags(tags)
        except PymlsqlError as error:
            run.end("failed", error=str(error))
            raise
    return run


class ActiveRun:
    """A run that `start_run` began.

    In a `with` block it ends as "finished", or as "failed" with the traceback where an exception leaves the block, or
    as "killed" where that is a KeyboardInterrupt. The exception goes on. Every method is a transaction of its own.
    """

    def __init__(self, db: Database, origin: RunOrigin, name: str | None = None, commit: str | None = None) -> None:
        """A run that the database has already; `start_run` makes one."""
        self.db = db
        self.origin = origin
        self.run_id = origin.run_id
        self.name = name
        self.commit = commit
        self.is_ended = False
        self.n_fits = 0
        self.is_described = False

    def __repr__(self) -> str:
        return f"ActiveRun({self.run_id}, {self.name!r})"

    def _repr_html_(self) -> str:
        return self.read()._repr_html_()

    def __enter__(self) -> Self:
        """The run itself, from now on this thread's `current_run`."""
        _ACTIVE.set((*_ACTIVE.get(), self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the run, unless `end` has. An error of that end never hides the block's own."""
        _ACTIVE.set(tuple(run for run in _ACTIVE.get() if run is not self))
        if self.is_ended:
            return
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.end()
            return
        status: Status = "killed" if isinstance(error, KeyboardInterrupt) else "failed"
        text = "".join(traceback.format_exception(error)).strip()
        try:
            self.end(status, error=text[-MAX_ERROR:])
        except PymlsqlError as problem:
            error.add_note(f"Run {self.run_id} could not be ended as {status}: {problem}")

    def end(self, status: Status = "finished", *, error: str | None = None) -> None:
        """End the run. Raises DatabaseError 51023 where somebody has ended it already."""
        text = None if error is None else settings.redact(error).replace("\x00", "")
        self.db.execute(*call("ml.EndRun", run_id=self.run_id, status=status, error=text))
        self.is_ended = True

    def child(self, name: str | None = None, *, tags: Mapping[str, Any] | None = None) -> ActiveRun:
        """Begin a run below this one, of the same experiment: `with run.child("fold 1") as fold:`."""
        return start_run(self.db, name=name, parent=self, tags=tags)

    def log_param(self, name: str, value: Any) -> None:
        """Record a parameter as `str(value)`. It keeps its value: another one is refused (DatabaseError 51024)."""
        self.log_params({name: value})

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Record several parameters in one transaction: all or none."""
        values = {check_name(name, "a parameter"): render_value(value) for name, value in params.items()}
        self._call_each("ml.LogParam", [{"name": name, "value": value} for name, value in values.items()])

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Record a number, at a step: without one, at the step after the metric's last, which is 0 at first.

        Raises RunError for NaN and infinities, DatabaseError 51024 where the step has another value already.
        """
        self.log_metrics({name: value}, step=step)

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record several metrics at one step, in one transaction: all or none."""
        rows = []
        for name, value in metrics.items():
            row: dict[str, Any] = {"name": check_name(name, "a metric"), "value": check_metric(name, value)}
            rows.append(row if step is None else {**row, "step": check_step(name, step)})
        self._call_each("ml.LogMetric", rows)

    def log_curve(self, name: str, values: Mapping[int, float]) -> None:
        """Record a metric's values by step, in one transaction: all or none."""
        check_name(name, "a metric")
        rows = [
            {"name": name, "value": check_metric(name, value), "step": check_step(name, step)}
            for step, value in values.items()
        ]
        self._call_each("ml.LogMetric", rows)

    def set_tag(self, name: str, value: Any) -> None:
        """Set a tag to `str(value)`, at most 4000 characters; None takes the tag away. Runs that have ended too."""
        self.set_tags({name: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set several tags in one transaction."""
        rows = [
            {"name": check_name(name, "a tag"), "value": None if value is None else render_value(value)}
            for name, value in tags.items()
        ]
        self._call_each("ml.SetRunTag", rows)

    def log_artifact(
        self, source: bytes | bytearray | memoryview | str | os.PathLike[str], name: str | None = None
    ) -> None:
        """Keep a file: bytes under `name`, or the file at a path under `name` or its own.

        Equal bytes are stored once; more than 16 MB travel in chunks, and of a file no more than that is in memory.
        Raises RunError where the file cannot be read, DatabaseError 51024 where the run has other bytes of that name.
        """
        if isinstance(source, bytes | bytearray | memoryview):
            if name is None:
                raise RunError("Bytes have no name of their own: log_artifact(data, 'report.html').")
            data: Content = bytes(source)
        else:
            path = Path(source)
            name = path.name if name is None else name
            try:
                data = read_content(path)
            except OSError as error:
                raise RunError(f"{path} cannot be read: {error.strerror}.") from None
        store(self.db, self.run_id, check_path(name), data)

    def log_figure(self, figure: Any, name: str) -> None:
        """Keep a matplotlib figure as the file `name`, whose ending says the format: .png, .svg, .pdf."""
        ending = Path(name).suffix.lstrip(".")
        if not hasattr(figure, "savefig") or not ending:
            raise RunError(f"A figure of matplotlib and a name with an ending like .png are needed, not {name!r}.")
        buffer = io.BytesIO()
        try:
            figure.savefig(buffer, format=ending, bbox_inches="tight")
        except ValueError as error:
            raise RunError(f"The figure cannot be written as {name}: {error}") from None
        self.log_artifact(buffer.getvalue(), name)

    def describe_training(
        self,
        frame: pd.DataFrame | None = None,
        *,
        query: str | None = None,
        view: str | None = None,
        n_rows: int | None = None,
        data_sha256: bytes | None = None,
    ) -> None:
        """Record what is trained on, once a run: the query, the rows' number and checksum, and the view's text now.

        `frame` gives number and checksum (`pymlsql.tracking.checksum`). The server takes the text of `view` itself:
        DatabaseError 51026 where this login may not see it.
        """
        if frame is not None:
            n_rows, data_sha256 = len(frame), checksum(frame)
        sql, values = call(
            "ml.DescribeTraining",
            run_id=self.run_id,
            training_query=query,
            n_rows=n_rows,
            data_sha256=data_sha256,
            view_name=view,
        )
        self.db.execute(sql, values)
        self.is_described = True

    def fit(self, estimator: Any, features: Any, target: Any = None, *, test: Any = None, **options: Any) -> Any:
        """Fit a scikit-learn estimator and record parameters, search results, scores and confusion matrix.

        `features` are rows by columns, `target` one value per row, `test` another such pair. The second and later fits
        of a run are recorded in child runs. `pymlsql.tracking.autolog.fit`.
        """
        from pymlsql.tracking import autolog

        return autolog.fit(self, estimator, features, target, test=test, **options)

    def read(self) -> RunDetail:
        """What the database has of this run now."""
        return show_run(self.db, self.run_id)

    def _call_each(self, procedure: str, rows: list[dict[str, Any]]) -> None:
        """The procedure once for each row, in one transaction."""
        with self.db.transaction() as connection:
            for start in range(0, len(rows), N_CALLS):
                texts, values = [], []
                for row in rows[start : start + N_CALLS]:
                    sql, given = call(procedure, run_id=self.run_id, **row)
                    texts.append(sql if row["value"] is not None else f"{sql[:-1]}, @value = NULL;")
                    values += given
                fetch(connection, "SET NOCOUNT ON; " + " ".join(texts), values)
