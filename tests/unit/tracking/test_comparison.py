"""Comparisons, their plots and their page, without a server."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pymlsql.errors import RunError
from pymlsql.tracking import comparison, plots
from pymlsql.tracking.comparison import Side
from pymlsql.tracking.scores import Confusion

HOSTILE = "<script>alert('x')</script> & \"q\""


def sides() -> list[Side]:
    first = Side(
        "run 1",
        {
            "run": {"status": "finished"},
            "metrics": {"f1": 0.5, "loss": 2.0},
            "parameters": {"C": "1", HOSTILE: HOSTILE},
        },
        {"loss": ((0, 3.0), (1, 2.0)), "f1": ((0, 0.5),)},
        Confusion(("a", HOSTILE), ((3, 1), (0, 4))),
    )
    second = Side(
        f"run 2 {HOSTILE}",
        {"run": {"status": "finished"}, "metrics": {"f1": 0.75, "auc": 0.9}, "tags": {"long": "x\n" * 300}},
        {"f1": ((0, 0.75),)},
        None,
    )
    return [first, second]


def test_values_stand_side_by_side_by_section() -> None:
    found = comparison.compare("Runs", sides())
    assert [(value.section, value.name, value.values) for value in found.values][:6] == [
        ("run", "status", ("finished", "finished")),
        ("metrics", "f1", (0.5, 0.75)),
        ("metrics", "loss", (2.0, None)),
        ("metrics", "auc", (None, 0.9)),
        ("parameters", "C", ("1", None)),
        ("parameters", HOSTILE, (HOSTILE, None)),
    ]
    assert [value.name for value in found.values if not value.differs] == ["status"]
    assert found.curves == {"loss": (((0, 3.0), (1, 2.0)), ())}


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    text = comparison.compare(f"Model {HOSTILE}", sides()).to_html()
    page = Page()
    page.feed(text)
    kinds = {tag for tag, _ in page.tags}
    assert not kinds & {"script", "link", "img", "iframe", "object", "embed", "form"}
    assert {"svg", "polyline", "rect", "details", "table"} <= kinds
    assert not [
        attrs for _, attrs in page.tags if {"src", "href"} & set(attrs) or any(k.startswith("on") for k in attrs)
    ]
    assert any(HOSTILE in piece for piece in page.text)
    assert "default-src 'none'" in str([attrs for tag, attrs in page.tags if tag == "meta"])


def test_the_page_of_the_same_comparison_is_the_same() -> None:
    assert comparison.compare("Runs", sides()).to_html() == comparison.compare("Runs", sides()).to_html()


def test_rows_that_differ_are_marked() -> None:
    text = comparison.compare("Runs", sides()).to_html()
    assert text.count('<tr class="differs">') == 6


def test_a_page_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be written"):
        comparison.compare("Runs", sides()).write_html(tmp_path / "no" / "page.html")


@pytest.mark.parametrize(
    "svg",
    [
        plots.render_bars([HOSTILE, "f1"], [[0.5, None], [-2.0, 0.0]]),
        plots.render_bars(["none"], [[None, None]]),
        plots.render_curves(HOSTILE, [((0, 1.0), (5, 1.0)), ((3, 1.0),), ()]),
        plots.render_curves("constant", [((7, 0.0), (7, 0.0))]),
    ],
)
def test_plots_are_well_formed_and_have_no_strange_numbers(svg: str) -> None:
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert "nan" not in svg
    assert "inf" not in svg


def test_bars_are_as_long_as_their_values() -> None:
    root = ET.fromstring(plots.render_bars(["f1"], [[0.5, 1.0]]))
    widths = [float(found.attrib["width"]) for found in root.iter() if found.tag.endswith("rect")]
    assert widths == [100.0, 200.0]


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        ({"a": {"b": 1}}, {"a.b": 1}),
        ({"classes": [{"name": "x", "f1": 0.5}]}, {"classes.x.f1": 0.5}),
        ({"a": [1, "ü"]}, {"a": '[1, "ü"]'}),
        ({"a": float("nan"), "b": None}, {"a": "nan", "b": None}),
    ],
)
def test_json_becomes_names_and_cells(values: Any, cells: Any) -> None:
    assert comparison.flatten(values) == cells


def test_a_signature_s_inputs_have_places_and_whatever_is_said_of_them() -> None:
    values = {
        "version": 1, "inputs": [{"name": "volt", "sql_type": "float", "low": 1.5, "high": None}],
        "output": {"kind": "classification", "classes": ["a", "b"]},
    }  # fmt: skip
    assert comparison.signature_cells(values) == {
        "input volt": "1: sql_type float, low 1.5", "version": 1, "output.kind": "classification",
        "output.classes": '["a", "b"]',
    }  # fmt: skip


@pytest.mark.parametrize(
    "metrics",
    [{}, {"classes": [{"name": "a"}]}, {"classes": [{"name": "a"}], "confusion": [[1, 2]]},
     {"classes": [{"name": "a"}], "confusion": "x"}, {"classes": 5, "confusion": [[1]]}],
)  # fmt: skip
def test_metrics_without_a_square_confusion_matrix_have_none(metrics: dict[str, Any]) -> None:
    assert comparison.stored_confusion(metrics) is None


def test_one_thing_alone_is_no_comparison() -> None:
    with pytest.raises(RunError, match="two different versions"):
        comparison._check_number([3, 3], "versions")
