"""What `pymlsql.connect` returns: a database with the toolkit's verbs, the same as the command line's."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymlsql import settings
from pymlsql.database import Database

if TYPE_CHECKING:
    import pandas as pd

    from pymlsql.deployment.planning import Plan
    from pymlsql.deployment.undoing import Undo
    from pymlsql.deployment.verbs import Applied
    from pymlsql.doctor import Finding
    from pymlsql.loading import LoadReport
    from pymlsql.loading import Progress as RowProgress
    from pymlsql.models import PackedModel
    from pymlsql.project import Project
    from pymlsql.registry import Event, Model, ModelVersion, Progress, Purged
    from pymlsql.routes import Route
    from pymlsql.routes.report import RouteReport
    from pymlsql.runtime import CheckResult
    from pymlsql.tracking import ActiveRun, Experiment, Run, RunDetail, Runs
    from pymlsql.tracking.comparison import Comparison
    from pymlsql.tracking.facts import Status
    from pymlsql.training import TrainedModel, TrainingTask


def _trusted(keys: Sequence[bytes] | None) -> Sequence[bytes] | None:
    return settings.trusted_keys() or None if keys is None else keys


def _read(declared: Project | Path | str) -> Project:
    from pymlsql import project

    return declared if isinstance(declared, project.Project) else project.read(declared)


def _pack(model: Any, sample: pd.DataFrame | None) -> PackedModel:
    """A trained model's bytes, or an estimator packed with a sample. Raises ModelError."""
    from pymlsql import models, signature
    from pymlsql.errors import ModelError
    from pymlsql.training import TrainedModel

    if isinstance(model, TrainedModel):
        return model.packed
    if not hasattr(model, "predict"):
        raise ModelError(
            f"A {type(model).__name__} cannot be pushed: give a fitted estimator with sample=, what db.train or "
            "models.pack made, or models.read_model_file(path)."
        )
    if sample is None:
        raise ModelError("An estimator is pushed with sample=, a DataFrame of rows that it takes.")
    return models.pack(model, signature.infer(sample, model), sample=sample)


class Toolkit(Database):
    """A SQL Server and everything pymlsql does with it.

    Each verb delegates to the module of its name, which documents it and its errors.
    """

    def upgrade(self, target: str = "heads", *, declared: Project | None = None) -> None:
        """Bring the tables up to a revision, and the procedures of schema ml; `migrate.upgrade`, `modules.deploy`.

        With a project: schema ml, the example's tables if the project uses them, and the project's own migrations.
        """
        from pymlsql import migrate
        from pymlsql.database import translated_errors
        from pymlsql.registry import modules

        with translated_errors():
            if declared is not None and target == "heads":
                migrate.upgrade(self.engine, "pymlsql@head")
                if declared.tables is not None:
                    migrate.upgrade(self.engine, f"{declared.tables}@head")
            else:
                migrate.upgrade(self.engine, target)
            modules.deploy(self.engine, trusted=settings.trusted_keys() or None)
            if declared is not None and declared.migrations is not None and target == "heads":
                migrate.upgrade(self.engine, folder=declared.migrations)

    def enable_scripts(self) -> bool:
        """Switch external scripts on where they are off; whether that was so. `pymlsql.runtime.enable_scripts`."""
        from pymlsql import runtime

        return runtime.enable_scripts(self)

    def downgrade(self, target: str) -> None:
        """Take the tables back to a revision, or to "base"; their data is lost. `pymlsql.migrate.downgrade`."""
        from pymlsql import migrate
        from pymlsql.database import translated_errors

        with translated_errors():
            migrate.downgrade(self.engine, target)

    def load(
        self,
        data: Path | str | dict[str, pd.DataFrame],
        *,
        replace: bool = False,
        progress: RowProgress | None = None,
    ) -> LoadReport:
        """Load a folder of CSV files, or DataFrames by name; `pymlsql.loading.load`."""
        from pymlsql import loading

        frames = data if isinstance(data, dict) else loading.read_folder(Path(data))
        return loading.load(self, frames, replace=replace, progress=progress)

    def plan(
        self, declared: Project | Path | str = ".", *, sign: bool = True, trusted: Sequence[bytes] | None = None
    ) -> Plan:
        """What `apply` would do with a project, or a file or folder; `pymlsql.deployment.verbs.plan`."""
        from pymlsql.deployment import verbs

        return verbs.plan(self, _read(declared), sign=sign, trusted=_trusted(trusted))

    def apply(
        self,
        declared: Project | Path | str = ".",
        *,
        sign: bool = True,
        trusted: Sequence[bytes] | None = None,
        overwrite: bool = False,
        check: bool = True,
    ) -> Applied:
        """Bring the database to what a project, or a file or folder, declares; `pymlsql.deployment.verbs.apply`.

        `trusted` are the public keys whose seals models must carry from now on, an empty list ends that. None takes
        those of pymlsql.toml, or where it names none those that the database trusts already.
        """
        from pymlsql.deployment import verbs

        keys = _trusted(trusted)
        return verbs.apply(self, _read(declared), sign=sign, trusted=keys, overwrite=overwrite, check=check)

    def undo(self, name: str, *, overwrite: bool = False) -> Undo:
        """Take the last apply of a project back, by the project's name; `pymlsql.deployment.verbs.undo`."""
        from pymlsql.deployment import verbs

        return verbs.undo(self, name, overwrite=overwrite)

    def preview_undo(self, name: str) -> Undo:
        """What `undo` would take back; `pymlsql.deployment.verbs.preview_undo`."""
        from pymlsql.deployment import verbs

        return verbs.preview_undo(self, name)

    def train(
        self,
        *,
        task: TrainingTask | None = None,
        test_from: datetime.datetime | None = None,
        seed: int | None = None,
        experiment: str | None = "training",
        run: ActiveRun | None = None,
    ) -> TrainedModel:
        """Train and test on the feature view, recorded in `run`, or in a run of its own; `pymlsql.training.train`.

        `experiment` names the experiment of that run; None records nothing.
        """
        from pymlsql import training

        options: dict[str, Any] = {
            "task": task,
            "test_from": test_from,
            "seed": training.SEED if seed is None else seed,
        }
        if run is not None or experiment is None:
            return training.train(self, run=run, **options)
        return training.train_in_run(self, experiment, **options)

    def push(self, model: TrainedModel | PackedModel | Any, name: str = "failures", *,
             sample: pd.DataFrame | None = None, **options: Any) -> ModelVersion:  # fmt: skip
        """Register a model as the next version of `name`; the options are those of `pymlsql.registry.push`.

        The model is what `train`, `models.pack` or `models.read_model_file` gives, or a fitted estimator with a
        `sample` of the rows that it takes, from which its signature is inferred. Raises ModelError for anything else.
        In the block of a run, the version belongs to that run, unless the model names the one that made it.
        """
        from pymlsql import registry, tracking
        from pymlsql.models import PackedModel

        packed = model if isinstance(model, PackedModel) else _pack(model, sample)
        run = tracking.current_run()
        if packed.run is None and run is not None and run.db is self:
            options.setdefault("run_id", run.run_id)
        return registry.push(self, packed, name, **options)

    def models(self, *, archived: bool = False) -> list[Model]:
        """All registered models; `pymlsql.registry.list_models`."""
        from pymlsql import registry

        return registry.list_models(self, archived=archived)

    def show(self, name: str, version: int | None = None, *, alias: str | None = None) -> ModelVersion:
        """One version of a model; `pymlsql.registry.show`."""
        from pymlsql import registry

        return registry.show(self, name, version, alias=alias)

    def promote(
        self, name: str, version: int, *, alias: str = "champion", expected: int | None = None, check: bool = True
    ) -> ModelVersion:
        """Point an alias at a version; `pymlsql.registry.promote`."""
        from pymlsql import registry

        return registry.promote(self, name, version, alias=alias, expected=expected, check=check)

    def rollback(
        self, name: str, *, alias: str = "champion", steps: int = 1, expected: int | None = None
    ) -> ModelVersion:
        """Take an alias back to what it meant before; `pymlsql.registry.rollback`."""
        from pymlsql import registry

        return registry.rollback(self, name, alias=alias, steps=steps, expected=expected)

    def set_route(
        self, model: str, shares: Mapping[str, float], *, shadow: Sequence[str] = (), expected: int | None = None
    ) -> Route:
        """Split the traffic of a model over its aliases, in per cent; `pymlsql.routes.set_route`."""
        from pymlsql import routes

        return routes.set_route(self, model, shares, shadow=shadow, expected=expected)

    def remove_route(self, model: str, *, expected: int | None = None) -> None:
        """End the route of a model; `pymlsql.routes.remove_route`."""
        from pymlsql import routes

        routes.remove_route(self, model, expected=expected)

    def routes(self) -> list[Route]:
        """The routes that are in force; `pymlsql.routes.list_routes`."""
        from pymlsql import routes

        return routes.list_routes(self)

    def route_of(self, model: str, *key: Any, types: Sequence[str] | None = None) -> tuple[int, str | None]:
        """The slot of an entity and the alias that scores it; `pymlsql.routes.route_of`."""
        from pymlsql import routes

        return routes.route_of(self, model, key, types)

    def report_route(
        self, model: str, declared: Project | Path | str = ".", *, procedure: str | None = None,
        margin: float | None = None,
    ) -> RouteReport:  # fmt: skip
        """Compare the variants of a route by labels; `pymlsql.routes.report.report_route`.

        `procedure` names the [procedures.NAME] of the project whose predictions count, by default its only batch
        procedure of this model. Raises UsageError where there is none, or several.
        """
        from pymlsql.routes import report

        project = _read(declared)
        found = report.find_procedure(project.procedures, model, procedure)
        return report.report_route(self, model, found, project.features[found.features], margin=margin)

    def audit(self, name: str | None = None, *, limit: int = 100) -> list[Event]:
        """The latest changes of the registry, the newest first; `pymlsql.registry.read_events`."""
        from pymlsql import registry

        return registry.read_events(self, name, limit=limit)

    def pull(
        self, name: str, version: int, path: Path | str, *, mlflow: bool = False, progress: Progress | None = None
    ) -> Path:
        """Write a version's bytes to a file, or with `mlflow` to a folder as MLflow has it; `pymlsql.registry.pull`."""
        from pymlsql import registry

        work = registry.pull_directory if mlflow else registry.pull
        return work(self, registry.show(self, name, version), Path(path), progress=progress)

    def purge(self, **options: Any) -> Purged:
        """Free what nobody refers to; the options are those of `pymlsql.registry.purge`."""
        from pymlsql import registry

        return registry.purge(self, **options)

    def start_run(
        self,
        experiment: str | None = None,
        *,
        name: str | None = None,
        parent: ActiveRun | int | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> ActiveRun:
        """Begin a run: `with db.start_run("churn") as run: run.log_metric("f1", 0.9)`; `pymlsql.tracking.start_run`."""
        from pymlsql import tracking

        return tracking.start_run(self, experiment, name=name, parent=parent, tags=tags)

    def autolog(self) -> AbstractContextManager[None]:
        """`with db.autolog():` inside which scikit-learn's `fit` records in the run; `pymlsql.tracking.autolog`."""
        from pymlsql.tracking.autolog import autolog

        return autolog(self)

    def create_experiment(self, name: str, description: str | None = None) -> Experiment:
        """Make an experiment that has a description; `pymlsql.tracking.create_experiment`."""
        from pymlsql import tracking

        return tracking.create_experiment(self, name, description)

    def experiments(self) -> list[Experiment]:
        """All experiments; `pymlsql.tracking.list_experiments`."""
        from pymlsql import tracking

        return tracking.list_experiments(self)

    def runs(self, experiment: str | None = None, *, status: Status | None = None, limit: int = 100) -> Runs:
        """The newest runs; `pymlsql.tracking.list_runs`."""
        from pymlsql import tracking

        return tracking.list_runs(self, experiment, status=status, limit=limit)

    def run(self, run_id: int) -> RunDetail:
        """One run with all that is known of it; `pymlsql.tracking.show_run`."""
        from pymlsql import tracking

        return tracking.show_run(self, run_id)

    def compare_runs(self, *run_ids: int) -> Comparison:
        """Runs side by side; `pymlsql.tracking.comparison.compare_runs`."""
        from pymlsql.tracking import comparison

        return comparison.compare_runs(self, run_ids)

    def compare(self, name: str, *versions: int) -> Comparison:
        """Versions of a model side by side; `pymlsql.tracking.comparison.compare_versions`."""
        from pymlsql.tracking import comparison

        return comparison.compare_versions(self, name, versions)

    def end_run(self, run_id: int, status: Status = "killed", *, error: str | None = None) -> Run:
        """End a run that was never ended; `pymlsql.tracking.end_run`."""
        from pymlsql import tracking

        return tracking.end_run(self, run_id, status, error=error)

    def read_artifact(self, run_id: int, path: str) -> bytes:
        """The bytes of a file that a run kept; `pymlsql.tracking.read_artifact`."""
        from pymlsql import tracking

        return tracking.read_artifact(self, run_id, path)

    def check(self, name: str, version: int | None = None, *, alias: str | None = None, language: str | None = None,
              view: str | None = None) -> CheckResult:  # fmt: skip
        """Whether the server can run a version and predicts with it what was predicted where it was made.

        With `view`, the columns and categories of that table or view are compared with the signature first. See
        `pymlsql.runtime.check_model` and `pymlsql.sources.compare_source`.
        """
        from pymlsql import registry, runtime, sources

        found = registry.show(self, name, version, alias=alias)
        if view is not None:
            sources.require_source(self, found.signature, view)
        return runtime.check_model(self, found.name, found.version, language=language)

    def predict(self, **arguments: Any) -> pd.DataFrame:
        """Execute dbo.PredictFailures; the arguments are those of `pymlsql.scoring.predict`."""
        from pymlsql import scoring

        return scoring.predict(self, **arguments)

    def doctor(self) -> list[Finding]:
        """Check everything between here and a prediction; `pymlsql.doctor.examine`."""
        from pymlsql import doctor

        return doctor.examine(self.target.url)


def connect(url: str | None = None) -> Toolkit:
    """Log in to `url`, or to the target that the settings name.

    Raises ServerNotRunning where nothing answers, DatabaseError where the login is refused.
    """
    toolkit = Toolkit(settings.resolve_target(url))
    try:
        toolkit.ping()
    except BaseException:
        toolkit.close()
        raise
    return toolkit
