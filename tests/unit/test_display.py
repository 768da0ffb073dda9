"""Tables for notebooks: escaped, and one column for each field."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

import pytest

from pymlsql import display

HOSTILE = "<script>x</script>"


@dataclass(frozen=True)
class Thing:
    """Anything to be listed."""

    name: str
    aliases: dict[str, int]
    size: int | None


def test_a_listing_is_a_list_and_a_table() -> None:
    things = display.Listing([Thing(HOSTILE, {"champion": 3}, 1234567)])
    text = things._repr_html_()
    assert things == [Thing(HOSTILE, {"champion": 3}, 1234567)]
    assert "<th>name</th><th>aliases</th><th>size</th>" in text
    assert "champion = 3" in text
    assert "1,234,567" in text
    assert HOSTILE not in text
    assert "<td" not in display.Listing[Thing]([])._repr_html_()


def test_fields_without_a_value_are_left_out() -> None:
    text = display.render_fields(Thing("a", {}, None))
    assert ">name<" in text
    assert "size" not in text
    assert "aliases" not in text


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (0.123456, 0.123456), ((1, "a", 0.5), "1, a, 0.5"), ({"a": 1, "b": None}, "a = 1\nb = "), (b"x", "b'x'"),
        (datetime.datetime(2020, 1, 2), datetime.datetime(2020, 1, 2)), (None, None),
    ],
)  # fmt: skip
def test_anything_is_a_cell(value: Any, cell: Any) -> None:
    assert display.as_cell(value) == cell
