"""The checksum of training rows: the same rows in the same order give the same 32 bytes, on every machine.

SHA-256 over, for each column in order: its name and kind, the number of rows, a byte per row that is 0 for a missing
value, and the values. Numbers and truth values go in as little-endian float64, so that it does not matter whether a
column came as int or, because of its NULLs, as float; integers beyond 2**53 and all else as the UTF-8 of their text,
after the length of it; times as int64 microseconds since 1970; missing values as zeros. So the rows of a run's
training query, read by `Database.read`, have the run's checksum as long as the data is what it was.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

VERSION = b"pymlsql rows 1\n"
_EXACT = 2**53


def checksum(frame: pd.DataFrame) -> bytes:
    """SHA-256 of a DataFrame's rows, 32 bytes; the index does not count, the order of rows and columns does."""
    digest = hashlib.sha256(VERSION)
    for position, name in enumerate(frame.columns):
        kind, present, data = _column(frame.iloc[:, position])
        title = str(name).encode()
        digest.update(len(title).to_bytes(4, "little") + title + kind)
        digest.update(len(frame).to_bytes(8, "little"))
        digest.update(present)
        digest.update(data)
    return digest.digest()


def _column(series: pd.Series[Any]) -> tuple[bytes, bytes, bytes]:
    """Kind, presence of each value, and the values as bytes."""
    import numpy as np

    missing = series.isna().to_numpy(dtype=bool)
    present = (~missing).astype("u1").tobytes()
    kind = series.dtype.kind if isinstance(series.dtype, np.dtype) else "O"
    if kind in "biuf" and not _is_beyond(series):
        values = series.to_numpy(dtype="<f8", copy=True)
        values[missing] = 0.0
        return b"n", present, (values + 0.0).tobytes()  # -0.0 becomes 0.0, as the database has one zero
    if kind == "M":
        stamps = series.to_numpy().astype("datetime64[us]").astype("<i8")
        stamps[missing] = 0
        return b"t", present, stamps.tobytes()
    return b"s", present, b"".join(_text(value, absent) for value, absent in zip(series, missing, strict=True))


def _is_beyond(series: pd.Series[Any]) -> bool:
    """Whether float64 cannot hold some integer."""
    return bool(series.dtype.kind in "iu" and len(series) and (series.max() > _EXACT or series.min() < -_EXACT))


def _text(value: Any, absent: Any) -> bytes:
    text = b"" if absent else str(value).encode()
    return len(text).to_bytes(4, "little") + text
