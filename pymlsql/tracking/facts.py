"""What is read back of experiments and runs. Times are UTC, as the server's clock has them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pymlsql.display import Cell, render_page_table

Status = Literal["running", "finished", "failed", "killed"]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A name under which runs are gathered."""

    experiment_id: int
    name: str
    description: str | None
    created_at: datetime.datetime
    created_by: str
    n_runs: int


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's value at one step."""

    name: str
    step: int
    value: float
    logged_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that a run kept; its bytes lie once in ml.blobs, under their sha256 (64 hexadecimal digits)."""

    path: str
    sha256: str
    size_bytes: int
    created_at: datetime.datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Training:
    """What a run was trained on.

    `data_sha256` is `pymlsql.tracking.checksum.checksum` of the rows; `view_definition` the view's text at that time,
    with the text of the modules that it names before it.
    """

    query: str | None
    n_rows: int | None
    data_sha256: str | None
    view_name: str | None
    view_definition: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """A run with its parameters, tags and the last value of each metric.

    `duration_s` of a run that has not ended is its age. `error` is what ended it where `status` is "failed" or
    "killed". `git_commit` ends in "-dirty" where files differed from the commit.
    """

    run_id: int
    experiment: str
    name: str | None
    parent_run_id: int | None
    status: Status
    started_at: datetime.datetime
    ended_at: datetime.datetime | None
    duration_s: float
    login: str
    git_commit: str | None
    source: str | None
    error: str | None
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """ "run 5" or "run 5 (forest)"."""
        return f"run {self.run_id}" if self.name is None else f"run {self.run_id} ({self.name})"

    def _repr_html_(self) -> str:
        return Runs([self])._repr_html_()


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with everything that is known of it.

    `history` holds every step of every metric, by name and step; `children` the numbers of its child runs;
    `versions` the model versions that came out of it, as (model, version).
    """

    run: Run
    history: tuple[Metric, ...]
    artifacts: tuple[Artifact, ...]
    training: Training
    children: tuple[int, ...]
    versions: tuple[tuple[str, int], ...]

    def _repr_html_(self) -> str:
        facts: list[tuple[Cell, ...]] = [
            ("experiment", self.run.experiment),
            ("status", render_status(self.run)),
            ("started", f"{self.run.started_at:%Y-%m-%d %H:%M:%S} UTC by {self.run.login}"),
            *((f"parameter {name}", value) for name, value in self.run.params.items()),
            *((f"metric {name}", value) for name, value in self.run.metrics.items()),
            *((f"tag {name}", value) for name, value in self.run.tags.items()),
            *((f"artifact {found.path}", f"{found.size_bytes:,} bytes") for found in self.artifacts),
            *((f"model {name}", f"version {version}") for name, version in self.versions),
        ]
        return render_page_table((self.run.title, ""), facts)


class Runs(list[Run]):
    """Runs, newest first; a table in a notebook."""

    def _repr_html_(self) -> str:
        names = sorted({name for run in self for name in run.metrics})
        columns = ("run", "experiment", "name", "status", "started", "by", *names)
        rows = [
            (
                run.run_id, run.experiment, run.name, render_status(run), f"{run.started_at:%Y-%m-%d %H:%M}", run.login,
                *(run.metrics.get(name) for name in names),
            )
            for run in self
        ]  # fmt: skip
        return render_page_table(columns, rows)


def render_status(run: Run) -> str:
    """The status; of a run that has not ended also how long it has been running."""
    return f"running for {render_duration(run.duration_s)}" if run.status == "running" else run.status


def render_duration(seconds: float) -> str:
    """Seconds in the two largest units that are not zero: "3 d 4 h", "12 min 5 s", "0.3 s"."""
    if seconds < 60:
        return f"{max(seconds, 0.0):.1f} s"
    whole = int(seconds)
    parts = (whole // 86_400, "d"), (whole // 3_600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")
    first = next(place for place, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)
