"""Runs, or versions of a model, side by side."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymlsql import registry
from pymlsql.database import Database
from pymlsql.display import Cell, render_page_table
from pymlsql.errors import RunError
from pymlsql.registry import ModelVersion
from pymlsql.tracking.facts import RunDetail, render_duration, render_status
from pymlsql.tracking.reading import read_artifact, show_run
from pymlsql.tracking.scores import Confusion

MAX_CONFUSION_BYTES = 1_000_000
_CONFUSIONS = ("test_confusion_matrix.json", "train_confusion_matrix.json")

Curve = tuple[tuple[int, float], ...]
"""(step, value) of one metric, by step."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the things compared: its values by section and name, its metrics' curves, its confusion matrix."""

    title: str
    sections: Mapping[str, Mapping[str, Cell]]
    curves: Mapping[str, Curve]
    confusion: Confusion | None


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """One value of each side, None where a side has none."""

    section: str
    name: str
    values: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether the sides do not all have the same value."""
        return any(value != self.values[0] for value in self.values[1:])


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two or more runs or versions, side by side: `columns` are their titles, each value has as many `values`.

    `curves` has, by metric, the steps of each side; `confusions` each side's confusion matrix, where it has one.
    """

    title: str
    columns: tuple[str, ...]
    values: tuple[ComparedValue, ...]
    curves: Mapping[str, tuple[Curve, ...]]
    confusions: tuple[Confusion | None, ...]

    def to_html(self) -> str:
        """A page that needs nothing else: tables, bars, curves and confusion matrices, no script."""
        from pymlsql.tracking.report import render_report

        return render_report(self)

    def write_html(self, path: Path | str) -> None:
        """Write `to_html`. Raises RunError where the file cannot be written."""
        try:
            Path(path).write_text(self.to_html(), encoding="utf-8")
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror}.") from None

    def _repr_html_(self) -> str:
        rows = [(found.section, found.name, *found.values) for found in self.values]
        return render_page_table(("", "", *self.columns), rows)


def compare_runs(db: Database, run_ids: Sequence[int]) -> Comparison:
    """Two or more runs side by side. Raises RunError for fewer, or for one that there is not."""
    _check_number(run_ids, "runs")
    details = [show_run(db, run_id) for run_id in run_ids]
    sides = [Side(d.run.title, _run_sections(d), find_curves(d), find_confusion(db, d)) for d in details]
    return compare("Runs", sides)


def compare_versions(db: Database, name: str, versions: Sequence[int]) -> Comparison:
    """Two or more versions of a model side by side, with the runs that made them.

    Raises RunError for fewer than two, RegistryError for a version that there is not.
    """
    _check_number(versions, "versions")
    sides = []
    for number in versions:
        found = registry.show(db, name, number)
        run = None if found.run_id is None else show_run(db, found.run_id)
        confusion = stored_confusion(found.metrics) or (None if run is None else find_confusion(db, run))
        sides.append(
            Side(f"version {number}", version_sections(found, run), {} if run is None else find_curves(run), confusion)
        )
    return compare(f"Model {name}", sides)


def compare(title: str, sides: Sequence[Side]) -> Comparison:
    """Sides as one table: sections and names in the order in which they first come."""
    names: dict[tuple[str, str], None] = {}
    for side in sides:
        names.update(dict.fromkeys((section, name) for section, found in side.sections.items() for name in found))
    order = list(dict.fromkeys(section for side in sides for section in side.sections))
    found = [
        ComparedValue(section, name, tuple(side.sections.get(section, {}).get(name) for side in sides))
        for section, name in sorted(names, key=lambda key: order.index(key[0]))
    ]
    curves = dict.fromkeys(name for side in sides for name, curve in side.curves.items() if len(curve) > 1)
    return Comparison(
        title=title,
        columns=tuple(side.title for side in sides),
        values=tuple(found),
        curves={name: tuple(side.curves.get(name, ()) for side in sides) for name in curves},
        confusions=tuple(side.confusion for side in sides),
    )


def flatten(values: Any, prefix: str = "") -> dict[str, Cell]:
    """JSON values as names and cells: "test.rows". Of a list of objects with names, the name; other lists as text."""
    if isinstance(values, Mapping):
        found: dict[str, Cell] = {}
        for key, value in values.items():
            found |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
        return found
    if isinstance(values, list | tuple):
        if values and all(isinstance(item, Mapping) and "name" in item for item in values):
            found = {}
            for item in values:
                found |= flatten({k: v for k, v in item.items() if k != "name"}, f"{prefix}.{item['name']}")
            return found
        return {prefix: json.dumps(values, ensure_ascii=False)}
    if isinstance(values, float) and not math.isfinite(values):
        return {prefix: str(values)}
    return {prefix: values if isinstance(values, str | int | float | bool | None) else str(values)}


def version_sections(found: ModelVersion, run: RunDetail | None) -> dict[str, dict[str, Cell]]:
    """What is compared of a version."""
    metrics = {key: value for key, value in found.metrics.items() if key != "confusion"}
    sections: dict[str, dict[str, Cell]] = {
        "version": {
            "aliases": ", ".join(found.aliases),
            "created": f"{found.created_at:%Y-%m-%d %H:%M} UTC by {found.created_by}",
            "comment": found.comment or "",
            "description": found.description or "",
            "tags": ", ".join(f"{key} = {value}" for key, value in found.tags.items()),
            "sealed by": found.sealed_by,
            "run": None if run is None else run.run.title,
        },
        "metrics": flatten(metrics),
    }
    if run is not None:
        sections |= {"run metrics": dict(run.run.metrics), "parameters": dict(run.run.params)}
        sections["training"] = _training(run)
    sections["signature"] = signature_cells(found.signature.model_dump(mode="json"))
    sections["environment"] = {
        "language": found.language,
        "Python": found.python_version,
        **found.packages,
    }
    sections["bytes"] = {"format": found.format, "size": found.size_bytes, "sha256": found.sha256}
    return sections


def signature_cells(values: Mapping[str, Any]) -> dict[str, Cell]:
    """A signature's JSON: each input with its place and whatever is said of it, then the rest."""
    found: dict[str, Cell] = {}
    for place, column in enumerate(values.get("inputs", ()), start=1):
        said = ", ".join(f"{key} {value}" for key, value in column.items() if key != "name" and value is not None)
        found[f"input {column['name']}"] = f"{place}: {said}"
    return found | flatten({key: value for key, value in values.items() if key != "inputs"})


def stored_confusion(metrics: Mapping[str, Any]) -> Confusion | None:
    """The confusion matrix among a version's metrics, as `pymlsql train` stores it; None where there is none."""
    try:
        classes = tuple(str(item["name"]) for item in metrics["classes"])
        return _square(Confusion(classes, tuple(tuple(int(n) for n in row) for row in metrics["confusion"])))
    except (KeyError, TypeError, ValueError):
        return None


def find_confusion(db: Database, detail: RunDetail) -> Confusion | None:
    """The confusion matrix that a run kept, of test rows before that of training rows; None where it kept none."""
    kept = {found.path: found for found in detail.artifacts}
    path = next((path for path in _CONFUSIONS if path in kept), None)
    if path is None or kept[path].size_bytes > MAX_CONFUSION_BYTES:
        return None
    try:
        values = json.loads(read_artifact(db, detail.run.run_id, path))
        counts = tuple(tuple(int(n) for n in row) for row in values["counts"])
        return _square(Confusion(tuple(map(str, values["classes"])), counts))
    except (KeyError, TypeError, ValueError):
        return None


def find_curves(detail: RunDetail) -> dict[str, Curve]:
    """The history of each metric."""
    names = dict.fromkeys(metric.name for metric in detail.history)
    return {name: tuple((m.step, m.value) for m in detail.history if m.name == name) for name in names}


def _square(confusion: Confusion) -> Confusion | None:
    n_classes = len(confusion.classes)
    rows: Iterable[tuple[int, ...]] = confusion.counts
    fits = len(confusion.counts) == n_classes and all(len(row) == n_classes for row in rows)
    return confusion if n_classes and fits else None


def _run_sections(detail: RunDetail) -> dict[str, dict[str, Cell]]:
    run = detail.run
    return {
        "run": {
            "experiment": run.experiment,
            "status": render_status(run),
            "started": f"{run.started_at:%Y-%m-%d %H:%M} UTC by {run.login}",
            "duration": render_duration(run.duration_s),
            "source": run.source,
            "git commit": run.git_commit,
            "versions": ", ".join(f"{name} {version}" for name, version in detail.versions),
            "error": None if run.error is None else run.error.splitlines()[-1],
        },
        "metrics": dict(run.metrics),
        "parameters": dict(run.params),
        "tags": dict(run.tags),
        "training": _training(detail),
        "artifacts": {found.path: f"{found.size_bytes:,} bytes, {found.sha256[:12]}" for found in detail.artifacts},
    }


def _training(detail: RunDetail) -> dict[str, Cell]:
    training = detail.training
    return {
        "rows": training.n_rows,
        "rows' sha256": training.data_sha256,
        "view": training.view_name,
        "query": training.query,
        "view's text": training.view_definition,
        "git commit": detail.run.git_commit,
    }


def _check_number(things: Sequence[int], what: str) -> None:
    if len(set(things)) < 2:
        raise RunError(f"Name at least two different {what} to compare.")
