"""The same features in pandas: what the T-SQL is compared with, written from the definitions and not from the T-SQL.

Frames come by table name ("dbo.PdM_telemetry"), each with its keys, its time as datetime64 and its own columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet, Group
from pymlsql.features.groups import Attributes, ClassAhead, EventCounts, Lags, NumberAhead, OwnLabel, TimeSince, Windows
from pymlsql.features.past import DAY_US, MINUTE_US, Past, Rows, ceil_us, floor_us, frame_of, to_us
from pymlsql.features.terms import parse_duration, parse_rows

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]
    Columns = dict[str, Any]
    """Values by column of the view, one for each row that was asked about."""

_NOW = "time of the row, in microseconds"
_OWN = "number of the row in its source"


def compute(
    features: FeatureSet,
    frames: Mapping[str, pd.DataFrame],
    *,
    entity: object = None,
    since: object = None,
    until: object = None,
) -> pd.DataFrame:
    """The rows of the feature view, its columns in order, sorted by entity and time; both ends of the range belong.

    `entity` is a value of the first of its columns. An expression without a pandas twin is missing in all rows.
    Numbers are float64, except counts and one-hot columns of entities that are known: these are int64 where no value is
    missing. Raises DeclarationError where a frame is missing.
    """
    sources = {name: Past(features, name, frames) for name in _used(features)}
    own = frame_of(features, features.rows, frames).reset_index(drop=True)
    rows = _within(features, _rows(features, own), entity, since, until)
    made = {ours: rows[ours].to_numpy() for ours, _ in features.keys_of(features.rows)}
    if features.time is not None:
        made[features.time] = rows[_NOW].to_numpy().astype("datetime64[us]")
    for _, _, group in features.groups:
        if isinstance(group, Attributes) and features.is_own(group):
            made |= _attributes(group, own.iloc[rows[_OWN].to_numpy()], there=None)
        else:
            made |= _looked_up(rows, sources[group.source], [column.name for column in group.outputs],
                               _maker(features, group))  # fmt: skip
    made |= _expressions(features, made)
    if features.label is not None:
        made[features.label.name] = _label(features, rows, own, sources)
    return _framed(features, made)


def _used(features: FeatureSet) -> list[str]:
    names = [features.rows, *(group.source for _, _, group in features.groups)]
    label = features.label
    return list(dict.fromkeys([*names, *([] if label is None or isinstance(label, OwnLabel) else [label.source])]))


def _framed(features: FeatureSet, made: Mapping[str, Any]) -> pd.DataFrame:
    """The columns in order, in the types that the docstring of `compute` states."""
    import pandas as pd

    frame = pd.DataFrame({column.name: made[column.name] for column in features.columns})
    for column in (*features.features, *features.columns[len(features.keys) + len(features.features) :]):
        values = frame[column.name]
        if column.sql_type == "float":
            frame[column.name] = values.astype("float64")
        elif column.sql_type == "int":
            frame[column.name] = values.astype("float64" if values.isna().any() else "int64")
        else:
            frame[column.name] = values.astype("object").where(values.notna(), None)
    return frame.sort_values([column.name for column in features.keys], ignore_index=True)


# --- which rows ------------------------------------------------------------------------------------------------------


def _rows(features: FeatureSet, own: pd.DataFrame) -> pd.DataFrame:
    """Key, time and number: slots that have readings, have ended and have a whole history; or a source's rows."""
    import numpy as np

    pairs = features.keys_of(features.rows)
    names = [ours for ours, _ in pairs]
    rows = own[[theirs for _, theirs in pairs]].set_axis(names, axis=1).assign(**{_OWN: np.arange(len(own))})
    time = features.time_of(features.rows)
    if features.time is None or time is None:
        return rows
    read = to_us(own[time])
    rows[_NOW] = read if features.every is None else ceil_us(read, _us(features.every))
    first = rows.assign(read=read).groupby(names)["read"].transform("min").to_numpy()
    history = features.needed_history.minutes * MINUTE_US
    rows = rows[(first <= rows[_NOW].to_numpy() - history) | (history == 0)]
    if features.every is not None:
        rows = rows[rows[_NOW] <= read.max(initial=0)].drop_duplicates([*names, _NOW])
    return rows.reset_index(drop=True)


def _within(features: FeatureSet, rows: pd.DataFrame, entity: object, since: object, until: object) -> pd.DataFrame:
    if entity is not None:
        rows = rows[rows[features.entity[0].name] == entity]
    if since is not None:
        rows = rows[rows[_NOW] >= int(to_us([str(since)])[0])]
    if until is not None:
        rows = rows[rows[_NOW] <= int(to_us([str(until)])[0])]
    return rows.reset_index(drop=True)


def _us(duration: str) -> int:
    return parse_duration(duration).minutes * MINUTE_US


# --- features --------------------------------------------------------------------------------------------------------


def _looked_up(rows: pd.DataFrame, source: Past, names: list[str], make: Callable[[Rows, Array], Columns]) -> Columns:
    """Columns for all rows of the view, made entity by entity from what a source holds of it."""
    import numpy as np

    made: Columns = {name: np.empty(len(rows), dtype="object") for name in names}
    moments = rows[_NOW].to_numpy() if _NOW in rows else np.zeros(len(rows), dtype="int64")
    for places, known in source.by_entity(rows):
        for name, values in make(known, moments[places]).items():
            made[name][places] = values
    return made


def _maker(features: FeatureSet, group: Group) -> Callable[[Rows, Array], Columns]:
    """How the columns of a group are made for rows of one entity at their times."""
    if isinstance(group, Windows):
        return lambda rows, moments: _windows(group, rows, moments)
    if isinstance(group, Lags):
        return lambda rows, moments: _lags(features, group, rows, moments)
    if isinstance(group, EventCounts):
        return lambda rows, moments: _counts(group, rows, moments)
    if isinstance(group, TimeSince):
        return lambda rows, moments: _since(group, rows, moments)
    return lambda rows, moments: _static(features, group, rows, len(moments))


def _windows(group: Windows, rows: Rows, moments: Array) -> Columns:
    import numpy as np

    made: Columns = {}
    for span in group.over:
        n_rows = parse_rows(span)
        if n_rows is not None:
            known = rows.count_until(moments)
            high = known // n_rows * n_rows if group.tumbling else known
            low, is_whole = high - n_rows, high >= n_rows
        else:
            ends = floor_us(moments, _us(span)) if group.tumbling else moments
            low, high = rows.count_until(ends - _us(span)), rows.count_until(ends)
            is_whole = np.ones(len(moments), dtype=bool)
        low = np.where(is_whole, low, high)
        for statistic in group.statistics:
            for column in group.columns:
                values = rows.statistic(statistic, column, low, high, moments)
                made[group.output(column, statistic, span)] = np.where(is_whole, values, np.nan)
    return made


def _lags(features: FeatureSet, group: Lags, rows: Rows, moments: Array) -> Columns:
    made: Columns = {}
    for lag in group.by:
        n_rows = parse_rows(lag)
        if n_rows is not None:
            number = rows.count_until(moments) - 1 - n_rows
            there = number >= 0
        else:
            then = moments - _us(lag)
            every = 1 if features.every is None else _us(features.every)
            number = rows.count_until(then) - 1
            there = number >= rows.count_until(then - every)
        for column in group.columns:
            made[group.output(column.name, lag)] = rows.at(column.name, number, there)
    return made


def _times(group: EventCounts | TimeSince, rows: Rows, kind: str) -> Array:
    """When the events of a kind were."""
    return rows.times if group.column is None else rows.times[rows.columns[group.column] == kind]


def _counts(group: EventCounts, rows: Rows, moments: Array) -> Columns:
    made: Columns = {}
    for kind, name in group.values.items():
        times = _times(group, rows, kind)
        made[name] = times.searchsorted(moments, "right") - times.searchsorted(moments - _us(group.over), "right")
    return made


def _since(group: TimeSince, rows: Rows, moments: Array) -> Columns:
    import numpy as np

    made: Columns = {}
    for kind, name in group.values.items():
        times = _times(group, rows, kind)
        number = times.searchsorted(moments, "right") - 1
        latest = np.append(times, 0)[number]  # where there is none, number -1 is the 0 at the end
        made[name] = np.where(number >= 0, (moments - latest) / DAY_US, np.nan)
    return made


def _static(features: FeatureSet, group: Attributes, rows: Rows, n_rows: int) -> Columns:
    """What the one row of an entity says; Raises DeclarationError where there are two."""
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame(dict(rows.columns))
    if len(frame) > 1:
        table = features.sources[group.source].table
        raise DeclarationError(f"{table} has two rows for one entity.", ("sources", group.source, "table"))
    found = frame.reindex([0] * n_rows)
    return _attributes(group, found, np.full(n_rows, len(frame) == 1))


def _attributes(group: Attributes, found: pd.DataFrame, there: Array | None) -> Columns:
    """The columns as they are, and one-hot; NULL in all of them where no row is `there`."""
    import numpy as np

    made: Columns = {column.name: found[column.name].to_numpy() for column in group.columns}
    for coded in group.one_hot:
        for value, column in zip(coded.values, coded.outputs, strict=True):
            is_value = (found[coded.column] == value).to_numpy().astype("int64")
            made[column.name] = is_value if there is None else np.where(there, is_value, np.nan)
    return made


def _expressions(features: FeatureSet, made: Mapping[str, Any]) -> Columns:
    """The expressions by their twins. Raises DeclarationError where pandas cannot evaluate one."""
    import numpy as np
    import pandas as pd

    if not features.expressions:
        return {}
    row = pd.DataFrame({column.name: made[column.name] for column in (*features.keys, *features.grouped)})
    row = row.assign(**{column.name: row[column.name].astype("float64")
                        for column in features.grouped if column.sql_type in ("float", "int")})  # fmt: skip
    found: Columns = {}
    for number, one in enumerate(features.expressions):
        if one.pandas is None:
            found[one.name] = np.full(len(row), None, dtype="object")
            continue
        try:
            evaluated: Any = row.eval(one.pandas, engine="python")
            found[one.name] = np.broadcast_to(evaluated, len(row))
        except Exception as error:  # whatever pandas raises about a text that is no expression
            path = ("expressions", number, "pandas")
            message = f"{'.'.join(map(str, path))}: pandas cannot evaluate {one.pandas!r}: {error}"
            raise DeclarationError(message, path) from error
    return found


# --- label -----------------------------------------------------------------------------------------------------------


def _label(features: FeatureSet, rows: pd.DataFrame, own: pd.DataFrame, sources: Mapping[str, Past]) -> Any:
    label = features.label
    if isinstance(label, OwnLabel):
        return own[label.column].to_numpy()[rows[_OWN].to_numpy()]
    assert isinstance(label, (ClassAhead, NumberAhead))
    horizon = int(to_us(own[features.time_of(features.rows)]).max(initial=0))

    def make(events: Rows, moments: Array) -> Columns:
        low, high = events.count_until(moments), events.count_until(moments + _us(label.ahead))
        if isinstance(label, ClassAhead):
            values: list[Any] = [_first_kind(label, events, *limits) for limits in zip(low, high, strict=True)]
        else:
            numbers = events.statistic(label.statistic, label.column, low, high, moments)
            values = [label.none if number != number else number for number in numbers]
        is_known = moments + _us(label.ahead) <= horizon
        return {label.name: [value if known else None for value, known in zip(values, is_known, strict=True)]}

    return _looked_up(rows, sources[label.source], [label.name], make)[label.name]


def _first_kind(label: ClassAhead, events: Rows, low: int, high: int) -> str:
    """The kind of the first of these events; of several at one time, the one that sorts first."""
    if low >= high:
        return label.none
    kinds = events.columns[label.column][low:high]
    return str(min(kinds[events.times[low:high] == events.times[low]]))
