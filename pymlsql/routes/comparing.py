"""How much better one variant of a route is than another, with 95 % intervals: no server, no store.

Rows of one entity are not independent of each other, so entities are drawn, not rows: the cluster (cases) bootstrap of
Field and Welsh, Bootstrapping clustered data, Journal of the Royal Statistical Society B 69 (2007), with percentile
intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993). The seed is fixed: the same data give the same
figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

Verdict = Literal["better", "worse", "no difference shown", "the data do not suffice"]
Kind = Literal["classification", "regression"]

N_DRAWS = 1000
SEED = 20070
MIN_ENTITIES = 30
"""With fewer entities on a side, intervals by drawing entities are too narrow to be shown."""

METRICS: Mapping[Kind, tuple[str, ...]] = {
    "classification": ("macro_f1", "accuracy"),
    "regression": ("mae", "rmse", "bias"),
}
"""The first of each kind is what is judged."""

_HIGHER_IS_BETTER = {"classification": 1, "regression": -1}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, and the ends of its interval."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class Judged:
    """A variant beside the one that it is compared with: how the differences come out, and what that says.

    `n_needed` is about how many entities with labels a side would need, where the data do not suffice.
    """

    difference: Mapping[str, Estimate]
    verdict: Verdict
    n_needed: int | None = None


class Sums:
    """What the metrics need, summed up by entity: `rows` has the columns entity, actual and predicted."""

    def __init__(self, kind: Kind, rows: pd.DataFrame, entities: Any, classes: tuple[str, ...]) -> None:
        self.kind = kind
        place = pd.Index(entities).get_indexer(rows["entity"])
        self.n_entities, self.n_rows = len(entities), len(rows)
        columns = _of_classes(rows, classes) if kind == "classification" else _of_numbers(rows)
        self.by_entity = np.column_stack([np.bincount(place, one, len(entities)) for one in columns])

    def metrics(self, weights: Any) -> tuple[float, ...]:
        """The metrics where each entity counts so many times."""
        sums = weights @ self.by_entity
        if self.kind == "regression":
            n, absolute, square, error = sums
            return (absolute / n, math.sqrt(square / n), error / n) if n else (math.nan,) * 3
        n, right = sums[0], sums[1::2]
        both = sums[2::2]
        there = both > 0
        f1 = np.mean(2 * right[there] / both[there]) if there.any() else math.nan
        return (float(f1), float(right.sum() / n)) if n else (math.nan,) * 2


def _of_classes(rows: pd.DataFrame, classes: tuple[str, ...]) -> list[Any]:
    """Ones, then for each class whether it was right, and how often it is among actual and predicted."""
    codes = {_folded(name): number for number, name in enumerate(classes)}
    actual, predicted = (rows[name].map(_folded).map(codes).to_numpy() for name in ("actual", "predicted"))
    made: list[Any] = [np.ones(len(rows))]
    for number in range(len(classes)):
        is_actual, is_predicted = (actual == number).astype(float), (predicted == number).astype(float)
        made += [is_actual * is_predicted, is_actual + is_predicted]
    return made


def _folded(value: Any) -> str:
    """A class as the server compares it: without case and trailing blanks; a bit is 0 or 1."""
    return str(int(value) if isinstance(value, bool | np.bool_) else value).rstrip(" ").lower()


def _of_numbers(rows: pd.DataFrame) -> list[Any]:
    error = rows["predicted"].to_numpy(dtype=float) - rows["actual"].to_numpy(dtype=float)
    return [np.ones(len(rows)), np.abs(error), error**2, error]


def _draws(sums: Sums, weights: Callable[[], Any]) -> Any:
    return np.array([sums.metrics(weights()) for _ in range(N_DRAWS)])


def _drawer(n_entities: int, seed: int) -> Callable[[], Any]:
    random = np.random.default_rng(seed)
    return lambda: np.bincount(random.integers(0, n_entities, n_entities), minlength=n_entities).astype(float)


def _estimates(kind: Kind, values: tuple[float, ...], draws: Any) -> dict[str, Estimate]:
    low, high = np.nanquantile(draws, (0.025, 0.975), axis=0)
    return {
        name: Estimate(float(value), float(low[n]), float(high[n]))
        for n, (name, value) in enumerate(zip(METRICS[kind], values, strict=True))
    }


def summarise(kind: Kind, rows: pd.DataFrame, classes: tuple[str, ...] = ()) -> dict[str, Estimate]:
    """The metrics of some rows (entity, actual, predicted) with their intervals; empty where there is no row."""
    entities = pd.unique(rows["entity"])
    if not len(entities):
        return {}
    sums = Sums(kind, rows, entities, classes)
    draws = _draws(sums, _drawer(len(entities), SEED))
    return _estimates(kind, sums.metrics(np.ones(len(entities))), draws)


def judge(
    kind: Kind, variant: pd.DataFrame, base: pd.DataFrame, margin: float, *, paired: bool, classes: tuple[str, ...] = ()
) -> Judged:
    """Compare two variants by their rows (entity, actual, predicted), the variant minus the other one.

    `paired` rows are the same ones, so that each draw is of the same entities; else each side draws its own. A
    difference of less than `margin` does not matter: where the interval cannot tell it from 0, and is not longer to
    either side, none is shown; where it is longer, the data do not suffice.
    """
    sides = [variant, base]
    entities = [pd.unique(side["entity"]) for side in sides]
    fewest = min(len(one) for one in entities)
    if fewest == 0:
        return Judged({}, "the data do not suffice", MIN_ENTITIES)
    sums = [Sums(kind, side, names, classes) for side, names in zip(sides, entities, strict=True)]
    seeds = (SEED, SEED if paired else SEED + 1)
    draws = [_draws(one, _drawer(one.n_entities, seed)) for one, seed in zip(sums, seeds, strict=True)]
    values = [one.metrics(np.ones(one.n_entities)) for one in sums]
    apart = tuple(one - other for one, other in zip(*values, strict=True))
    found = _estimates(kind, apart, draws[0] - draws[1])
    main = found[METRICS[kind][0]]
    if fewest < MIN_ENTITIES:
        return Judged(found, "the data do not suffice", max(MIN_ENTITIES, _needed(fewest, main, margin)))
    if main.low > 0 or main.high < 0:
        is_better = main.value * _HIGHER_IS_BETTER[kind] > 0
        return Judged(found, "better" if is_better else "worse")
    if main.half_width <= margin:
        return Judged(found, "no difference shown")
    return Judged(found, "the data do not suffice", _needed(fewest, main, margin))


def _needed(n_entities: int, main: Estimate, margin: float) -> int:
    """Intervals shorten with the square root of the number of entities."""
    if not math.isfinite(main.half_width) or margin <= 0:
        return MIN_ENTITIES
    return math.ceil(n_entities * (main.half_width / margin) ** 2)
