"""Experiments and runs in the database: what was tried, with which parameters, on which rows, and how good it was."""

from pymlsql.tracking.active import ActiveRun, current_run, start_run
from pymlsql.tracking.facts import Artifact, Experiment, Metric, Run, RunDetail, Runs, Training
from pymlsql.tracking.reading import (
    create_experiment,
    end_run,
    list_experiments,
    list_runs,
    read_artifact,
    save_artifact,
    show_run,
)

__all__ = [
    "ActiveRun",
    "Artifact",
    "Experiment",
    "Metric",
    "Run",
    "RunDetail",
    "Runs",
    "Training",
    "create_experiment",
    "current_run",
    "end_run",
    "list_experiments",
    "list_runs",
    "read_artifact",
    "save_artifact",
    "show_run",
    "start_run",
]
