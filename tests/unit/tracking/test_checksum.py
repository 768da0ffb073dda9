"""The checksum of rows: pinned bytes, and what changes it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pymlsql.tracking.checksum import checksum

PINNED = "814d8c95b34f300c809a9dfda919f11ea0a694eb406a56de1bd3d0b47a5d99d2"


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "n": [1, 2, 3],
            "x": [0.5, np.nan, -0.0],
            "s": ["ü", None, ""],
            "t": pd.to_datetime(["2020-01-02 03:04:05.006007", None, "1999-12-31 00:00:00.000000"]),
            "b": [True, False, True],
        }
    )


def test_the_checksum_is_the_same_on_every_machine() -> None:
    assert checksum(rows()).hex() == PINNED


def test_what_does_not_change_the_rows_does_not_change_it() -> None:
    other = rows().set_index(pd.Index([7, 8, 9]))
    other["x"] = [0.5, float("nan"), 0.0]
    other["n"] = other["n"].astype("int32")
    other["b"] = [1.0, 0.0, 1.0]
    other["t"] = other["t"].astype("datetime64[us]")
    assert checksum(other) == checksum(rows())


def changed(name: str, values: list[Any]) -> pd.DataFrame:
    frame = rows()
    frame[name] = values
    return frame


@pytest.mark.parametrize(
    "frame",
    [
        rows().iloc[::-1], rows().iloc[:2], rows()[["x", "n", "s", "t", "b"]], rows().rename(columns={"n": "m"}),
        changed("n", [1.0, 2.0, 3.5]), changed("x", [0.5, 0.0, 0.0]), changed("s", ["ü", "", ""]),
        changed("s", ["ü", None, "a"]), changed("b", [1, 0, 0]), changed("n", ["1", "2", "3"]),
    ],
)  # fmt: skip
def test_what_changes_the_rows_changes_it(frame: pd.DataFrame) -> None:
    assert checksum(frame) != checksum(rows())


def test_lengths_keep_texts_apart() -> None:
    assert checksum(pd.DataFrame({"s": ["ab", "c"]})) != checksum(pd.DataFrame({"s": ["a", "bc"]}))


def test_integers_that_no_float_holds_stay_apart() -> None:
    assert checksum(pd.DataFrame({"n": [2**53]})) != checksum(pd.DataFrame({"n": [2**53 + 1]}))
