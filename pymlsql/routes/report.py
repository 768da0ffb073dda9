"""Which variant of a route is better, by the labels that have arrived for what they predicted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymlsql import quoting
from pymlsql.errors import RegistryError, UsageError
from pymlsql.procedures.batch import Batch
from pymlsql.procedures.evaluation import label_type
from pymlsql.procedures.outputs import kind_of_label
from pymlsql.registry.listing import find_model
from pymlsql.routes.comparing import METRICS, Estimate, Judged, Kind, Verdict, judge, summarise
from pymlsql.routes.operations import Route, find_route

if TYPE_CHECKING:
    import pandas as pd

    from pymlsql.database import Database
    from pymlsql.features.declaration import FeatureSet

DEFAULT_MARGIN = {"classification": 0.02, "regression": 0.05}
"""A difference that matters: of macro F1, or of the mean absolute error as a part of the other's."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One alias of a route: the rows and entities that it answered for and whose labels have arrived.

    `figures` are its metrics. `difference` is what they are above those of the variant with the largest share, of a
    shadow on the rows that both have scored; empty for that variant itself, which has no verdict.
    """

    alias: str
    version: int
    is_shadow: bool
    share: float
    n_rows: int
    n_entities: int
    figures: Mapping[str, Estimate]
    difference: Mapping[str, Estimate]
    verdict: Verdict | None
    sentence: str


@dataclass(frozen=True, slots=True)
class RouteReport:
    """The variants of a route, the one with the largest share first; `metric` is what is judged, by `margin`."""

    model: str
    route_id: int
    kind: Kind
    metric: str
    margin: float
    variants: tuple[Variant, ...]


_ROWS = """\
SELECT j.alias, j.is_shadow, {keys}, j.predicted, {label} AS actual
FROM (
    SELECT r.alias, r.is_shadow, {served}, p.predicted,
        ROW_NUMBER() OVER (PARTITION BY r.alias, r.is_shadow, {served} ORDER BY p.run_id DESC) AS nth
    FROM {predictions} AS p
    JOIN ml.scoring_runs AS r ON r.run_id = p.run_id
    JOIN ml.model_versions AS v ON v.model_version_id = r.model_version_id
    JOIN ml.model_aliases AS a ON a.model_id = v.model_id AND a.version = v.version AND a.alias = r.alias
    WHERE r.route_id = ? AND r.status = N'succeeded'
) AS j
JOIN {labels} AS f ON {same}
WHERE j.nth = 1 AND f.{column} IS NOT NULL"""


def report_route(
    db: Database, model: str, procedure: Batch, features: FeatureSet, *, margin: float | None = None
) -> RouteReport:
    """Compare the variants of the route in force, by the predictions of a batch procedure since its last change.

    `margin` is the difference that matters. A row counts once for each alias, by its latest prediction, and only by the
    version that the alias means now. Raises RegistryError where the model has no route, DeclarationError where the
    features have no label.
    """
    route = find_route(db, model)
    if route is None:
        raise RegistryError(f"Model {model} has no route: pymlsql route set makes one.")
    if features.label is None:
        raise RegistryError(f"{features.view} has no label by which variants could be compared.")
    if margin is not None and not 0 < margin < math.inf:
        raise UsageError(f"A difference that matters is above 0, not {margin:g}.")
    kind = kind_of_label(features)
    rows = db.read(_render(procedure, features), (route.route_id,))
    rows["entity"] = rows.groupby([f"k{n}" for n in range(len(features.entity))], sort=False).ngroup()
    versions = find_model(db, model).aliases
    return _compare(route, kind, rows, features.label.classes, versions, len(features.keys), margin)


def find_procedure(procedures: Mapping[str, Any], model: str, name: str | None) -> Batch:
    """The batch procedure of a model, by its name in the project or as the only one. Raises UsageError."""
    found = {
        key: one for key, one in procedures.items() if isinstance(one, Batch) and one.model.lower() == model.lower()
    }
    if name is not None and name in found:
        return found[name]
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if not found:
        raise UsageError(f"None of the project's batch procedures scores the model {model}: see its [procedures].")
    known = ", ".join(found)
    raise UsageError(f"Name one of the project's batch procedures of the model {model} with --procedure: {known}.")


def _render(procedure: Batch, features: FeatureSet) -> str:
    assert features.label is not None
    names = [quoting.ident(column.name) for column in features.keys]
    limits = ["NULL"] * (len(features.entity) + (2 if features.time else 0))
    label = quoting.ident(features.label.name)
    return _ROWS.format(
        keys=", ".join(f"j.{name} AS k{number}" for number, name in enumerate(names)),
        label=f"CAST(f.{label} AS {label_type(features)})",
        served=", ".join(f"p.{name}" for name in names),
        predictions=quoting.qualified(procedure.predictions),
        labels=f"{quoting.qualified(features.function)} ({', '.join(limits)})",
        same=" AND ".join(f"f.{name} = j.{name}" for name in names),
        column=label,
    )


def _compare(
    route: Route,
    kind: Kind,
    rows: pd.DataFrame,
    classes: tuple[str, ...],
    versions: Mapping[str, int],
    n_keys: int,
    margin: float | None,
) -> RouteReport:
    keys = [f"k{number}" for number in range(n_keys)]
    first = next(iter(route.shares))
    base = rows[(rows["alias"] == first) & ~rows["is_shadow"].astype(bool)]
    figures = summarise(kind, base, classes)
    main = METRICS[kind][0]
    if margin is None:
        margin = DEFAULT_MARGIN[kind] * (figures[main].value if kind == "regression" and figures else 1.0)
    made = []
    for alias in (*route.shares, *route.shadow):
        is_shadow = alias in route.shadow
        own = rows[(rows["alias"] == alias) & (rows["is_shadow"].astype(bool) == is_shadow)]
        judged: Judged | None = None
        if alias != first:
            pair = _paired(own, base, keys) if is_shadow else (own, base)
            judged = judge(kind, *pair, margin, paired=is_shadow, classes=classes)
        made.append(
            Variant(
                alias, versions.get(alias, 0), is_shadow, route.shares.get(alias, 0.0), len(own),
                own["entity"].nunique(), figures if alias == first else summarise(kind, own, classes),
                judged.difference if judged else {}, judged.verdict if judged else None,
                _sentence(alias, first, judged, main, margin, is_shadow=is_shadow),
            )
        )  # fmt: skip
    return RouteReport(route.model, route.route_id, kind, main, margin, tuple(made))


def _paired(own: pd.DataFrame, base: pd.DataFrame, keys: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that both have scored, in the same order."""
    both = own.merge(base, on=keys, suffixes=("", "_base"))
    return both[["entity", "actual", "predicted"]], both[["entity", "actual"]].assign(predicted=both["predicted_base"])


def _sentence(alias: str, first: str, judged: Judged | None, main: str, margin: float, *, is_shadow: bool) -> str:
    if judged is None:
        return f"{alias} has the largest share: the others are compared with it."
    if not judged.difference:
        return f"{alias}: the data do not suffice: no label has arrived for rows of {alias} or {first} to compare."
    found = judged.difference[main]
    where = "on the same rows " if is_shadow else ""
    said = f"{alias}: {judged.verdict}: {main} {where}is {found.value:+.4g} from that of {first}, "
    said += f"95 % interval {found.low:+.4g} to {found.high:+.4g}"
    if judged.verdict == "no difference shown":
        return f"{said}, within what does not matter ({margin:.4g})."
    if judged.verdict == "the data do not suffice":
        return f"{said}; about {judged.n_needed:,} entities with labels on each side would tell {margin:.4g} from none."
    return f"{said}."
