"""Whether a feature view on a server gives what its pandas twin gives: the test that a declaration brings with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymlsql.features import reference
from pymlsql.features.declaration import FeatureSet
from pymlsql.quoting import qualified

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Flags = np.ndarray[Any, np.dtype[np.bool_]]

RELATIVE = 1e-9
"""Of means, sums and days."""

ABSOLUTE = 1e-6
"""Of standard deviations and slopes, whose last digits hang on the order of adding up."""

NUMBERS = ("float", "real", "int", "bigint", "smallint", "tinyint", "bit", "decimal", "numeric", "money", "smallmoney")
"""Types that are compared as numbers."""

SHOWN = 3
"""Rows that a complaint about a column shows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How many rows were compared, what differs, and the columns that no twin says anything about.

    `path` are the keys of the declaration that the first complaint is about, where there are such.
    """

    n_rows: int
    complaints: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    path: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.complaints


def check(features: FeatureSet, read: Callable[[str], pd.DataFrame]) -> Finding:
    """Compare the view with pandas over the rows that its sources hold now; `read` runs a query.

    Keys that come twice where one row is meant are complaints too. Raises what `read` raises.
    """
    tables = dict.fromkeys(source.table for source in features.sources.values())
    frames = {table: read(f"SELECT * FROM {qualified(table)}") for table in tables}
    twice = dict(_twice(features, frames))
    found = read(f"SELECT * FROM {qualified(features.view)}")
    if twice:
        return Finding(len(found), tuple(twice.values()), path=("sources", next(iter(twice))))
    skipped = without_twin(features)
    complaints = differences(features, found, reference.compute(features, frames), skipped=skipped)
    return Finding(len(found), tuple(complaints), skipped)


def without_twin(features: FeatureSet) -> tuple[str, ...]:
    """The expressions that declare no pandas."""
    return tuple(one.name for one in features.expressions if one.pandas is None)


def _twice(features: FeatureSet, frames: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, str]]:
    """Sources that have two rows where the view means one, each with what is wrong."""
    for name, source in features.sources.items():
        keys = [theirs for _, theirs in features.keys_of(name)]
        if name == features.rows and features.every is None:
            keys += [] if features.time is None else [features.time_of(name) or ""]
        elif not source.static:
            continue
        if frames[source.table].dropna(subset=keys).duplicated(keys).any():
            yield name, f"sources.{name}: {source.table} has rows of the same {', '.join(keys)}"


def differences(
    features: FeatureSet, found: pd.DataFrame, expected: pd.DataFrame, *, skipped: Collection[str] = ()
) -> list[str]:
    """One sentence for each column in which the view's rows (`found`, in any order) are not those of the twin.

    The same rows are asked for, the same texts, times and counts, and numbers within the tolerances that are stated.
    """
    if list(found.columns) != list(expected.columns):
        return [f"the view has the columns {', '.join(found.columns)}, not {', '.join(expected.columns)}"]
    keys = [column.name for column in features.keys]
    found, expected = (frame.sort_values(keys, ignore_index=True) for frame in (found, expected))
    if len(found) != len(expected):
        return [f"the view has {len(found)} rows, pandas {len(expected)}"]
    loose = {
        group.output(column, statistic, span)
        for group in features.windows
        for statistic in group.statistics
        if statistic in ("sd", "slope")
        for column in group.columns
        for span in group.over
    }
    complaints = []
    for column in features.columns:
        name = column.name
        if name in skipped:
            continue
        same = _same(found[name], expected[name], is_number=_is_number(column.sql_type), is_loose=name in loose)
        if not same.all():
            complaints.append(f"{name} differs in {int((~same).sum())} of {len(same)} rows: "
                              + _shown(found, expected, keys, name, same))  # fmt: skip
    return complaints


def _is_number(sql_type: str) -> bool:
    return sql_type.partition("(")[0] in NUMBERS


def _same(left: pd.Series[Any], right: pd.Series[Any], *, is_number: bool, is_loose: bool) -> Flags:
    import numpy as np

    if is_number:
        one, other = (values.astype("float64").to_numpy() for values in (left, right))
        absolute = ABSOLUTE if is_loose else 1e-12
        return np.asarray(np.isclose(one, other, rtol=RELATIVE, atol=absolute, equal_nan=True))
    texts = [values.astype("object").where(values.notna(), None).to_numpy() for values in (left, right)]
    return np.array([one == other for one, other in zip(*texts, strict=True)], dtype=bool)


def _shown(found: pd.DataFrame, expected: pd.DataFrame, keys: list[str], name: str, same: Flags) -> str:
    lines = []
    for number in [number for number, is_same in enumerate(same) if not is_same][:SHOWN]:
        key = ", ".join(str(found[key][number]) for key in keys)
        lines.append(f"{key}: {found[name][number]} and in pandas {expected[name][number]}")
    return "; ".join(lines)
