"""The same features in pandas: what the T-SQL is compared with, written from the definitions and not from the T-SQL.

Frames come by table name ("dbo.PdM_telemetry"), each with the entity, the time as datetime64 and its own columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import Attributes, EventCounts, FeatureSet, TimeSince, Windows

if TYPE_CHECKING:
    import pandas as pd

_END = "end of slot"
_DAY_S = 86_400


def compute(
    features: FeatureSet,
    frames: Mapping[str, pd.DataFrame],
    *,
    entity: object = None,
    since: object = None,
    until: object = None,
) -> pd.DataFrame:
    """The rows of the feature view, its columns in order, sorted by entity and time; both ends of the range belong.

    Numbers are float64, except counts and one-hot columns of entities that are known: these are int64 where no value
    is missing. Raises DeclarationError where a frame is missing or empty telemetry leaves nothing to compute.
    """
    missing = sorted(_tables(features) - set(frames))
    if missing:
        raise DeclarationError(f"There is no frame for {missing[0]}.")
    rows = _rows(features, frames[features.telemetry.table])
    rows = _with_telemetry(rows, features, features.telemetry, frames[features.telemetry.table])
    for counts in features.counts:
        rows = _with_counts(rows, features, counts, frames[counts.table])
    for since_group in features.since:
        rows = _with_time_since(rows, features, since_group, frames[since_group.table])
    if features.attributes:
        rows = _with_attributes(rows, features, features.attributes, frames[features.attributes.table])
    rows = _with_label(rows, features, frames)
    rows = _within(rows, features, entity, since, until)
    return rows[[column.name for column in features.columns]]


def _tables(features: FeatureSet) -> set[str]:
    tables = {features.telemetry.table, features.label.table}
    tables |= {counts.table for counts in features.counts} | {since.table for since in features.since}
    return tables | ({features.attributes.table} if features.attributes else set())


def _ends(features: FeatureSet, times: pd.Series[pd.Timestamp]) -> pd.Series[pd.Timestamp]:
    """The end of the slot (end - slot, end] in which each time falls; slots divide the day, so midnight is an end."""
    return times.dt.ceil(f"{features.slot_hours}h")


def _hours(n_hours: int) -> pd.Timedelta:
    import pandas as pd

    return pd.Timedelta(hours=n_hours)


def _rows(features: FeatureSet, telemetry: pd.DataFrame) -> pd.DataFrame:
    """Entity and time of each slot that has readings, has ended, and has a whole history behind it."""
    keys = [features.entity.name, features.time]
    slots = telemetry[keys].assign(**{_END: _ends(features, telemetry[features.time])})
    first = telemetry.groupby(features.entity.name)[features.time].min()
    has_history = slots[features.entity.name].map(first) <= slots[_END] - _hours(features.history_hours)
    has_ended = slots[_END] <= telemetry[features.time].max()
    rows: pd.DataFrame = slots.loc[has_history & has_ended, [features.entity.name, _END]].drop_duplicates()
    return rows.rename(columns={_END: features.time}).sort_values(keys, ignore_index=True)


def _spread(features: FeatureSet, events: pd.DataFrame, offsets: range) -> pd.DataFrame:
    """Each event once for every offset, `_END` being its own slot's end moved by that many slots."""
    import pandas as pd

    ends = _ends(features, events[features.time])
    moved = [events.assign(**{_END: ends + _hours(features.slot_hours * offset)}) for offset in offsets]
    return pd.concat(moved, ignore_index=True)


def _windows(features: FeatureSet, events: pd.DataFrame, hours: int) -> pd.DataFrame:
    """Each event once for every window of `hours` that holds it; `_END` is the window's end."""
    return _spread(features, events, range(hours // features.slot_hours))


def _with_telemetry(
    rows: pd.DataFrame, features: FeatureSet, windows: Windows, telemetry: pd.DataFrame
) -> pd.DataFrame:
    for hours in windows.hours:
        spread = _windows(features, telemetry, hours)
        grouped = spread.groupby([features.entity.name, _END])[list(windows.columns)]
        for statistic, values in (("mean", grouped.mean()), ("sd", grouped.std(ddof=1))):
            names = {column: windows.output(column, statistic, hours) for column in windows.columns}
            rows = _joined(rows, features, values.rename(columns=names))
    return rows


def _with_counts(rows: pd.DataFrame, features: FeatureSet, counts: EventCounts, events: pd.DataFrame) -> pd.DataFrame:
    spread = _windows(features, events, counts.hours)
    for kind, name in counts.values.items():
        found = spread[spread[counts.column] == kind].groupby([features.entity.name, _END]).size()
        rows = _joined(rows, features, found.to_frame(name))
        rows[name] = rows[name].fillna(0).astype("int64")
    return rows


def _with_time_since(rows: pd.DataFrame, features: FeatureSet, group: TimeSince, events: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    keys = [features.entity.name, features.time]
    for kind, name in group.values.items():
        latest = events.loc[events[group.column] == kind, keys].drop_duplicates().sort_values(features.time)
        found = pd.merge_asof(
            rows.sort_values(features.time),
            latest.assign(**{_END: latest[features.time]}),
            on=features.time,
            by=features.entity.name,
            direction="backward",
        )
        found[name] = (found[features.time] - found[_END]).dt.total_seconds() / _DAY_S
        rows = found.drop(columns=_END).sort_values(keys, ignore_index=True)
    return rows


def _with_attributes(
    rows: pd.DataFrame, features: FeatureSet, attributes: Attributes, table: pd.DataFrame
) -> pd.DataFrame:
    coded = [one_hot.column for one_hot in attributes.one_hot]
    plain = [column.name for column in attributes.columns]
    wanted = list(dict.fromkeys([features.entity.name, *plain, *coded]))
    found = rows[[features.entity.name]].merge(table[wanted], on=features.entity.name, how="left", indicator=True)
    is_known = (found["_merge"] == "both").to_numpy()
    for name in plain:
        rows[name] = found[name].to_numpy()
    for one_hot in attributes.one_hot:
        for value, column in zip(one_hot.values, one_hot.outputs, strict=True):
            is_value = (found[one_hot.column] == value).astype("int64")
            rows[column.name] = (is_value if is_known.all() else is_value.where(is_known)).to_numpy()
    return rows


def _with_label(rows: pd.DataFrame, features: FeatureSet, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    label = features.label
    events = frames[label.table]
    n_slots = label.hours // features.slot_hours
    spread = _spread(features, events, range(-n_slots, 0)).sort_values([features.time, label.column])
    first = spread.groupby([features.entity.name, _END])[label.column].first()
    rows = _joined(rows, features, first.to_frame(label.name))
    last_reading = frames[features.telemetry.table][features.time].max()
    is_known = rows[features.time] + _hours(label.hours) <= last_reading
    rows[label.name] = rows[label.name].astype("object").fillna(label.none).where(is_known, None)
    return rows


def _joined(rows: pd.DataFrame, features: FeatureSet, found: pd.DataFrame) -> pd.DataFrame:
    """The columns of `found`, indexed by entity and end of slot, beside the rows; NaN where it has none."""
    flat = found.reset_index().rename(columns={_END: features.time})
    return rows.merge(flat, on=[features.entity.name, features.time], how="left")


def _within(rows: pd.DataFrame, features: FeatureSet, entity: object, since: object, until: object) -> pd.DataFrame:
    import pandas as pd

    if entity is not None:
        rows = rows[rows[features.entity.name] == entity]
    if since is not None:
        rows = rows[rows[features.time] >= pd.Timestamp(str(since))]
    if until is not None:
        rows = rows[rows[features.time] <= pd.Timestamp(str(until))]
    return rows.reset_index(drop=True)
