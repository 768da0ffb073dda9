"""What is known of an entity at a time: the rows of a source in order, and statistics of stretches of them.

Part of the pandas twin: written from the definitions of docs/features.md, with none of the T-SQL's ways. Times are
whole microseconds since 1970; a stretch of rows is a pair of numbers, low and high, the high one not included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

ORIGIN = "1753-01-01"
DAY_US = 86_400_000_000
MINUTE_US = 60_000_000


def to_us(times: Any) -> Array:
    """Times as whole microseconds since 1970."""
    import numpy as np

    return np.asarray(times, dtype="datetime64[us]").astype("int64")


def floor_us(moments: Array, step_us: int) -> Array:
    """The end of the latest whole period at or before each time; periods count from datetime's first day."""
    origin = int(to_us([ORIGIN])[0])
    whole: Array = origin + (moments - origin) // step_us * step_us
    return whole


def ceil_us(moments: Array, step_us: int) -> Array:
    """The end of the slot (end - step, end] that holds each time."""
    return floor_us(moments + (step_us - 1), step_us)


class Rows:
    """All rows of one entity, earliest first; rows of one time in the order of their ties."""

    def __init__(self, times: Array, columns: Mapping[str, Array]) -> None:
        """`times` as long as each of `columns`."""
        self.times = times
        self.columns = columns

    def count_until(self, moments: Array) -> Array:
        """How many rows are stamped at or before each time."""
        counted: Array = self.times.searchsorted(moments, side="right")
        return counted

    def at(self, column: str, numbers: Array, there: Array) -> list[Any]:
        """The values of rows by number; None where `there` says that there is none."""
        values = self.columns[column]
        return [values[number] if known else None for number, known in zip(numbers, there, strict=True)]

    def statistic(self, name: str, column: str, low: Array, high: Array, moments: Array) -> Array:
        """One statistic of a numeric column over each stretch of rows; NaN where it has none (0 for a count)."""
        import numpy as np

        numbers = self.columns[column].astype("float64")
        made = np.full(len(low), 0.0 if name == "count" else np.nan)
        lengths = np.maximum(high - low, 0)
        for length in np.unique(lengths[lengths > 0]):  # stretches of one length make a matrix
            picked = lengths == length
            index = low[picked][:, None] + np.arange(length)
            made[picked] = _of_matrix(name, numbers[index], (self.times[index] - moments[picked][:, None]) / DAY_US)
        return made


def _of_matrix(name: str, values: Array, days: Array) -> Array:
    """A statistic of each row of a matrix, of the values that are not missing; `days` says when each was."""
    import numpy as np

    there = ~np.isnan(values)
    n = there.sum(axis=1)
    if name == "count":
        return np.asarray(n, dtype="float64")
    if name in ("min", "max"):
        worst = np.inf if name == "min" else -np.inf
        found = getattr(np, name)(np.where(there, values, worst), axis=1)
    elif name == "last":
        place = values.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
        found = values[np.arange(len(values)), place]
    else:
        found = _moments(name, np.where(there, values, 0.0), np.where(there, days, 0.0), there, n)
    needed = 2 if name in ("sd", "slope") else 1
    return np.where(n >= needed, found, np.nan)


def _moments(name: str, values: Array, days: Array, there: Array, n: Array) -> Array:
    """Sum, mean, sd and slope; around the means, so that nothing is lost in differences of large sums."""
    import numpy as np

    total: Array = values.sum(axis=1)
    if name == "sum":
        return total
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Array = total / n
        if name == "mean":
            return mean
        away = np.where(there, values - mean[:, None], 0.0)
        if name == "sd":
            sd: Array = np.sqrt((away * away).sum(axis=1) / (n - 1))
            return sd
        spread = np.where(there, days - (days.sum(axis=1) / n)[:, None], 0.0)
        apart = np.where(there, days, -np.inf).max(axis=1) > np.where(there, days, np.inf).min(axis=1)
        slope: Array = np.where(apart, (spread * away).sum(axis=1) / (spread * spread).sum(axis=1), np.nan)
        return slope


class Past:
    """The rows of one source by entity."""

    def __init__(self, features: FeatureSet, source: str, frames: Mapping[str, pd.DataFrame]) -> None:
        """Takes the rows of the source's table; those without a time or key are nobody's."""
        frame = frame_of(features, source, frames)
        time = features.time_of(source)
        self.ours = [ours for ours, _ in features.keys_of(source)]
        theirs = [theirs for _, theirs in features.keys_of(source)]
        order = list(features.tie_order(source))
        frame = frame.sort_values(order, na_position="first", kind="stable") if order else frame
        groups: Any = frame.groupby(theirs, sort=False) if theirs else [((), frame)]
        self._rows = {(key if isinstance(key, tuple) else (key,)): _rows_of(group, time) for key, group in groups}
        self._none = _rows_of(frame.iloc[:0], time)

    def by_entity(self, rows: pd.DataFrame) -> Iterator[tuple[Array, Rows]]:
        """For each entity among rows of the view: the places of its rows, and what the source holds of it."""
        import numpy as np

        if not self.ours:
            yield np.arange(len(rows)), self._rows[()]
            return
        for key, places in rows.groupby(self.ours, sort=False).indices.items():
            yield np.asarray(places), self._rows.get(key if isinstance(key, tuple) else (key,), self._none)


def _rows_of(frame: pd.DataFrame, time: str | None) -> Rows:
    times = to_us(frame[time]) if time else to_us([])
    return Rows(times, {str(name): frame[name].to_numpy() for name in frame.columns})


def frame_of(features: FeatureSet, source: str, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows of a source's table that have a key and a time.

    Raises DeclarationError where the frame, or its key or time, is missing.
    """
    table = features.sources[source].table
    if table not in frames:
        raise DeclarationError(f"There is no frame for {table}.", ("sources", source, "table"))
    time = features.time_of(source)
    needed = [theirs for _, theirs in features.keys_of(source)] + ([time] if time else [])
    missing = [name for name in needed if name not in frames[table].columns]
    if missing:
        raise DeclarationError(f"The frame for {table} has no column {missing[0]}.", ("sources", source))
    return frames[table].dropna(subset=needed)
