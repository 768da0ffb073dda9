"""Between Arrow and what a script sees: pandas DataFrames and Python values.

Runs in the satellite, by path, in whatever Python and pandas are there: valid for Python 3.7 and pandas 0.24.

Source of the input types: sql-docs, "Data type mappings between Python and SQL Server".
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

DataFrame: Any = pd.DataFrame
"""As it is before a script may have replaced it."""
_MODERN = int(pd.__version__.split(".")[0]) >= 1
"""pyarrow gives and takes DataFrames and Series from pandas 1.0 on; below it only numpy arrays."""

_ARRIVES_AS = {
    pa.int8(): pa.int32(),
    pa.uint8(): pa.int32(),
    pa.int16(): pa.int32(),
    pa.int64(): pa.float64(),
    pa.float32(): pa.float64(),
    pa.date32(): pa.timestamp("ns"),
    pa.timestamp("s"): pa.timestamp("ns"),
    pa.timestamp("ms"): pa.timestamp("ns"),
    pa.timestamp("us"): pa.timestamp("ns"),
}
"""tinyint and smallint are int32 in a script, bigint and real float64 (so bigint loses digits above 2**53), every
date datetime64[ns]. What is not listed arrives as it is."""

_LEAVES_AS = {
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.int64(),
    pa.date32(): pa.timestamp("us"),
    pa.date64(): pa.timestamp("us"),
    pa.timestamp("s"): pa.timestamp("us"),
    pa.timestamp("ms"): pa.timestamp("us"),
    pa.large_string(): pa.string(),
    pa.large_binary(): pa.binary(),
}
_LEAVES_AS_IT_IS = frozenset(
    (pa.bool_(), pa.int8(), pa.uint8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64())
).union((pa.string(), pa.binary(), pa.timestamp("us"), pa.null()))

_MAX_OFFSET = 2**31 - 1


class Unusable(Exception):
    """A value that cannot cross; the message is a sentence for the user."""


def frame_of(table: pa.Table, n_threads: int) -> pd.DataFrame:
    """``table`` as the script sees it, writable; strings are object before pandas 3 and str from then on."""
    names = table.column_names
    columns = [_arriving(table.column(place), name) for place, name in enumerate(names)]
    labels = [str(place) for place in range(len(names))]
    del table
    if _MODERN:
        frame: pd.DataFrame = pa.Table.from_arrays(columns, labels).to_pandas(
            use_threads=n_threads > 1, self_destruct=True, ignore_metadata=True
        )
    else:
        frame = DataFrame({str(place): column.to_numpy() for place, column in enumerate(columns)}, columns=labels)
    frame.columns = names
    return frame


def _arriving(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    wanted = _ARRIVES_AS.get(column.type)
    if wanted is None:
        return column
    try:
        return column.cast(wanted, safe=pa.types.is_timestamp(wanted))
    except pa.ArrowInvalid as problem:
        raise Unusable(
            f"Column '{name}' of the input holds a date outside 1677-09-21 to 2262-04-11, the range of pandas' "
            "datetime64[ns]; CAST it to nvarchar or leave such rows out."
        ) from problem


def table_of(frame: Any, name: str) -> Any:
    """The DataFrame ``name`` as the server takes it, without its index, or None when it has no columns; NaN, NaT and
    infinities are NULL.

    Raises Unusable when it is no DataFrame or a column is of a type that SQL Server cannot take from a script.
    """
    if not isinstance(frame, DataFrame):
        raise Unusable(f"TypeError: {name} should be of type pandas.DataFrame")
    labels = [str(label) for label in frame.columns]
    arrays = [_leaving(frame.iloc[:, place], label, name) for place, label in enumerate(labels)]
    return pa.Table.from_arrays(arrays, labels) if labels else None


def joined(tables: list[Any], name: str) -> Any:
    """The rows of all ``tables`` as one, or None when each is None. Raises Unusable where their columns do not fit."""
    tables = [table for table in tables if table is not None]
    if len(tables) < 2:
        return tables[0] if tables else None
    widths = sorted({table.num_columns for table in tables})
    if len(widths) > 1:
        raise Unusable(f"{name} has {widths[0]} columns after one run of the script and {widths[-1]} after another.")
    labels = tables[0].column_names
    columns = []
    for place, label in enumerate(labels):
        kind = _common([table.column(place).type for table in tables], f"Column '{label}' of {name}")
        chunks = [chunk for table in tables for chunk in table.column(place).cast(kind).chunks]
        columns.append(pa.chunked_array(chunks, kind))
    return pa.Table.from_arrays(columns, labels)


def _common(kinds: list[Any], where: str) -> Any:
    """The type that holds the values of all ``kinds``."""
    known = {kind for kind in kinds if kind != pa.null()}
    if len(known) < 2:
        return known.pop() if known else pa.null()
    if known <= {pa.string(), pa.large_string()}:
        return pa.large_string()
    if known <= {pa.binary(), pa.large_binary()}:
        return pa.large_binary()
    if all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in known):
        return pa.from_numpy_dtype(np.result_type(*[kind.to_pandas_dtype() for kind in known]))
    names = " and ".join(sorted(str(kind) for kind in known))
    raise Unusable(f"{where} is of type {names} after different runs of the script; make it one of them.")


def _leaving(series: pd.Series, label: str, name: str) -> Any:
    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind == "f" and dtype.itemsize <= 8:
        values = series.values.astype("f4") if dtype.itemsize == 2 else series.values
        unusable = ~np.isfinite(values)
        return pa.array(values, mask=unusable if unusable.any() else None)
    where = f"Column '{label}' of {name}"
    try:
        column = _array(series)
        return _typed(column, where)
    except (pa.ArrowException, ValueError, TypeError, OverflowError, NotImplementedError) as problem:
        reason = str(problem).rstrip(".")
        raise Unusable(f"{where} cannot be returned: {reason}. Give it values of one type.") from problem


def _array(series: pd.Series) -> Any:
    if isinstance(series.dtype, np.dtype):
        column = pa.array(series.values, from_pandas=True)
        if series.dtype.kind == "O":
            _check_kinds(series.values, column.type)
    else:
        column = pa.array(series if _MODERN else np.asarray(series, dtype=object), from_pandas=True)
    if pa.types.is_dictionary(column.type):
        column = pa.chunked_array([column]).cast(column.type.value_type)
    return column


def _check_kinds(values: Any, kind: Any) -> None:
    """Refuse what Arrow would make one type of, though Python has two. Raises ValueError."""
    if pa.types.is_binary(kind) and any(isinstance(value, str) for value in values):
        raise ValueError("it holds str and bytes")
    if pa.types.is_floating(kind) and any(isinstance(value, (bool, np.bool_)) for value in values):
        raise ValueError("it holds numbers and bool")
    if pa.types.is_date(kind) and any(type(value) in (datetime.datetime, pd.Timestamp) for value in values):
        raise ValueError("it holds date and datetime")


def _typed(column: Any, where: str) -> Any:
    kind = column.type
    if pa.types.is_decimal(kind):
        raise Unusable(where + " holds Decimal values, which cannot be returned; use astype(float) or astype(str).")
    if pa.types.is_timestamp(kind):
        if kind.tz is not None:
            raise Unusable(
                where + " has a time zone, which datetime has not; use .dt.tz_convert('UTC').dt.tz_localize(None)."
            )
        return column.cast(pa.timestamp("us"), safe=kind.unit != "ns")
    if kind in (pa.large_string(), pa.large_binary()) and column.nbytes > _MAX_OFFSET:
        return column
    column = column.cast(_LEAVES_AS[kind]) if kind in _LEAVES_AS else column
    if column.type not in _LEAVES_AS_IT_IS:
        raise Unusable(
            f"{where} is of type {kind}, which cannot be returned; make it numbers, str, bytes, bool or datetime64."
        )
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    return column


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NaT or value is getattr(pd, "NA", None):
        return True
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return isinstance(value, float) and not np.isfinite(value)


def _as_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise TypeError


def _as_int(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError


def _as_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError
    if float(value) != value and not np.isnan(value):
        raise Unusable("holds an int that float64 cannot: it would lose digits. Return it as str.")
    return float(value)


def _as_str(value: Any) -> str:
    if isinstance(value, str):
        value.encode("utf-8")
        return str(value)
    raise TypeError


def _as_bytes(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return value
    raise TypeError


def _as_datetime(value: Any) -> datetime.datetime:
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime(warn=False)
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        return value
    raise TypeError


_VALUES: dict[str, Callable[[Any], Any]] = {
    "int": _as_int,
    "float": _as_float,
    "bool": _as_bool,
    "str": _as_str,
    "bytes": _as_bytes,
    "datetime": _as_datetime,
}


def value_of(value: Any, kind: str, name: str) -> Any:
    """The OUTPUT parameter ``name`` as a Python value of ``kind``, or None; numpy scalars and 0-d arrays are unpacked.

    A bool is no int, and a float no int: SQL Server would convert by rules of its own, so the script has to say it.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64):
        value = value.item()
    if _is_missing(value):
        return None
    try:
        return _VALUES[kind](value)
    except Unusable as problem:
        raise Unusable(f"The OUTPUT parameter '{name}' {problem}") from None
    except (TypeError, OverflowError, UnicodeEncodeError) as problem:
        left = type(value).__name__
        raise Unusable(
            f"The OUTPUT parameter '{name}' has to be of type {kind}, and the script left a value of type '{left}'."
        ) from problem
