"""Experiments and runs as the database has them; and how a run that never ended is ended."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pymlsql.database import Database
from pymlsql.display import Listing
from pymlsql.errors import RunError
from pymlsql.quoting import integer
from pymlsql.tracking.facts import Artifact, Experiment, Metric, Run, RunDetail, Runs, Status, Training
from pymlsql.tracking.values import MAX_RUN_NAME, check_name, check_path, length

N_RUNS = 100
MAX_DESCRIPTION = 4000
CHUNK_BYTES = 8 * 1024 * 1024
"""Bytes of an artifact that travel at a time."""

_EXPERIMENTS = """\
SELECT e.experiment_id, e.name, e.description, e.created_at, e.created_by,
    (SELECT COUNT(*) FROM ml.runs AS r WHERE r.experiment_id = e.experiment_id) AS n_runs
FROM ml.experiments AS e
ORDER BY e.name
"""

_RUN_COLUMNS = """\
r.run_id, e.name AS experiment, r.name, r.parent_run_id, r.status, r.started_at, r.ended_at,
    GETUTCDATE() AS now, r.login, r.git_commit, r.source, r.error
FROM ml.runs AS r
JOIN ml.experiments AS e ON e.experiment_id = r.experiment_id"""

_LAST_METRICS = """\
SELECT l.run_id, l.name, l.value
FROM (SELECT m.run_id, m.name, m.value, ROW_NUMBER() OVER (PARTITION BY m.run_id, m.name ORDER BY m.step DESC) AS place
    FROM ml.run_metrics AS m
    WHERE m.run_id IN ({ids})) AS l
WHERE l.place = 1
ORDER BY l.run_id, l.name
"""

_TRAINING = "SELECT training_query, n_rows, data_sha256, view_name, view_definition FROM ml.runs WHERE run_id = ?"

_VERSIONS = """\
SELECT m.name, v.version
FROM ml.model_versions AS v
JOIN ml.models AS m ON m.model_id = v.model_id
WHERE v.run_id = ?
ORDER BY m.name, v.version
"""


def list_experiments(db: Database) -> list[Experiment]:
    """All experiments by name."""
    check_migrated(db)
    return Listing(
        Experiment(int(r.experiment_id), r.name, r.description, r.created_at, r.created_by, int(r.n_runs))
        for r in db.rows(_EXPERIMENTS)
    )


def create_experiment(db: Database, name: str, description: str | None = None) -> Experiment:
    """Make an experiment before its first run, for the sake of its description of at most 4000 characters.

    Raises DatabaseError 51022 where there is one of that name.
    """
    check_migrated(db)
    check_name(name, "an experiment", MAX_RUN_NAME)
    if description is not None and length(description) > MAX_DESCRIPTION:
        raise RunError(f"The description has {length(description)} characters, {MAX_DESCRIPTION} fit.")
    db.execute(*call("ml.CreateExperiment", name=name, description=description))
    return next(found for found in list_experiments(db) if found.name == name)


def list_runs(
    db: Database, experiment: str | None = None, *, status: Status | None = None, limit: int = N_RUNS
) -> Runs:
    """The newest runs, at most `limit`, of one experiment or all. Raises RunError for an unknown experiment."""
    check_migrated(db)
    conditions, values = [], []
    if experiment is not None:
        if db.scalar("SELECT COUNT(*) FROM ml.experiments WHERE name = ?", (experiment,)) == 0:
            known = ", ".join(found.name for found in list_experiments(db)) or "none yet"
            raise RunError(f"There is no experiment {experiment} (there are: {known}).")
        conditions.append("e.name = ?")
        values.append(experiment)
    if status is not None:
        conditions.append("r.status = ?")
        values.append(status)
    where = f"\nWHERE {' AND '.join(conditions)}" if conditions else ""
    rows = db.rows(f"SELECT TOP ({integer(limit)}) {_RUN_COLUMNS}{where}\nORDER BY r.run_id DESC", values)
    return Runs(_with_values(db, rows))


def get_runs(db: Database, run_ids: Sequence[int]) -> list[Run]:
    """Runs by their numbers, in that order. Raises RunError for one that there is not."""
    check_migrated(db)
    ids = ", ".join(integer(run_id) for run_id in run_ids)
    rows = db.rows(f"SELECT {_RUN_COLUMNS}\nWHERE r.run_id IN ({ids})") if run_ids else []
    found = {run.run_id: run for run in _with_values(db, rows)}
    missing = [run_id for run_id in run_ids if run_id not in found]
    if missing:
        raise RunError(f"There is no run {missing[0]}: pymlsql runs list shows those that there are.")
    return [found[run_id] for run_id in run_ids]


def show_run(db: Database, run_id: int) -> RunDetail:
    """Everything that is known of a run. Raises RunError where there is none of that number."""
    run = get_runs(db, [run_id])[0]
    history = db.rows(
        "SELECT name, step, value, logged_at FROM ml.run_metrics WHERE run_id = ? ORDER BY name, step", (run_id,)
    )
    children = db.rows("SELECT run_id FROM ml.runs WHERE parent_run_id = ? ORDER BY run_id", (run_id,))
    return RunDetail(
        run=run,
        history=tuple(Metric(r.name, int(r.step), float(r.value), r.logged_at) for r in history),
        artifacts=_artifacts(db, run_id),
        training=_training(db, run_id),
        children=tuple(int(row.run_id) for row in children),
        versions=tuple((row.name, int(row.version)) for row in db.rows(_VERSIONS, (run_id,))),
    )


def end_run(db: Database, run_id: int, status: Status = "killed", *, error: str | None = None) -> Run:
    """End a run that is running, its own program gone or not. Raises DatabaseError 51021, 51023 or 51025."""
    check_migrated(db)
    db.execute(*call("ml.EndRun", run_id=run_id, status=status, error=error))
    return get_runs(db, [run_id])[0]


def read_artifact(db: Database, run_id: int, path: str) -> bytes:
    """The bytes of an artifact, whole in memory; verified by their sha256. Raises RunError where there is none."""
    return b"".join(_chunks(db, _find(db, run_id, path), run_id))


def save_artifact(db: Database, run_id: int, path: str, target: Path) -> Artifact:
    """Write an artifact to the file `target` in pieces of CHUNK_BYTES, and verify its sha256.

    The file appears under its name only when it is whole. Raises RunError where there is no such artifact.
    """
    artifact = _find(db, run_id, path)
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as file:
            for chunk in _chunks(db, artifact, run_id):
                file.write(chunk)
        part.replace(target)
    except OSError as error:
        raise RunError(f"{target} cannot be written: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    return artifact


def call(procedure: str, /, **arguments: Any) -> tuple[str, list[Any]]:
    """A procedure call as text, with the arguments that are not None, and their values."""
    given = {key: value for key, value in arguments.items() if value is not None}
    return f"EXEC {procedure} {', '.join(f'@{key} = ?' for key in given)};", list(given.values())


def check_migrated(db: Database) -> None:
    """Raises RunError where the database has no tables or procedures of runs."""
    if db.scalar("SELECT OBJECT_ID(N'ml.runs', N'U')") is None:
        raise RunError("This database keeps no runs: run pymlsql db upgrade.")


def _with_values(db: Database, rows: Sequence[Any]) -> Iterator[Run]:
    """The runs of some rows, with parameters, last metrics and tags."""
    ids = ", ".join(integer(int(row.run_id)) for row in rows)
    if not ids:
        return
    params = _by_run(db.rows(f"SELECT run_id, name, value FROM ml.run_params WHERE run_id IN ({ids}) ORDER BY name"))
    tags = _by_run(db.rows(f"SELECT run_id, name, value FROM ml.run_tags WHERE run_id IN ({ids}) ORDER BY name"))
    metrics = _by_run(db.rows(_LAST_METRICS.format(ids=ids)))
    for row in rows:
        run_id = int(row.run_id)
        yield Run(
            run_id=run_id,
            experiment=row.experiment,
            name=row.name,
            parent_run_id=None if row.parent_run_id is None else int(row.parent_run_id),
            status=row.status,
            started_at=row.started_at,
            ended_at=row.ended_at,
            duration_s=_seconds(row.started_at, row.ended_at or row.now),
            login=row.login,
            git_commit=row.git_commit,
            source=row.source,
            error=row.error,
            params=params.get(run_id, {}),
            metrics=metrics.get(run_id, {}),
            tags=tags.get(run_id, {}),
        )


def _by_run(rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(int(row.run_id), {})[row.name] = row.value
    return found


def _seconds(start: datetime.datetime, end: datetime.datetime) -> float:
    return max((end - start).total_seconds(), 0.0)


def _artifacts(db: Database, run_id: int) -> tuple[Artifact, ...]:
    rows = db.rows(
        "SELECT path, sha256, size_bytes, created_at, created_by FROM ml.run_artifacts WHERE run_id = ? ORDER BY path",
        (run_id,),
    )
    return tuple(Artifact(r.path, bytes(r.sha256).hex(), int(r.size_bytes), r.created_at, r.created_by) for r in rows)


def _training(db: Database, run_id: int) -> Training:
    row = db.rows(_TRAINING, (run_id,))[0]
    return Training(
        query=row.training_query,
        n_rows=None if row.n_rows is None else int(row.n_rows),
        data_sha256=None if row.data_sha256 is None else bytes(row.data_sha256).hex(),
        view_name=row.view_name,
        view_definition=row.view_definition,
    )


def _find(db: Database, run_id: int, path: str) -> Artifact:
    get_runs(db, [run_id])
    found = {artifact.path: artifact for artifact in _artifacts(db, run_id)}
    if check_path(path) not in found:
        known = ", ".join(found) or "none"
        raise RunError(f"Run {run_id} has no artifact {path} (it has: {known}).")
    return found[path]


def _chunks(db: Database, artifact: Artifact, run_id: int) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for offset in range(0, artifact.size_bytes, CHUNK_BYTES):
        sql, values = call("ml.ReadArtifact", run_id=run_id, path=artifact.path, offset=offset, length=CHUNK_BYTES)
        data = bytes(db.scalar(sql, values))
        digest.update(data)
        yield data
    if digest.hexdigest() != artifact.sha256:
        raise RunError(
            f"The bytes of {artifact.path} are not those that run {run_id} stored: their sha256 differs. Restore "
            "ml.blobs from a backup."
        )
