"""A comparison as a page of HTML that needs nothing else and runs nothing."""

from __future__ import annotations

import html
from itertools import groupby
from typing import TYPE_CHECKING

from pymlsql import __version__
from pymlsql.display import render_cell
from pymlsql.tracking import plots
from pymlsql.tracking.scores import Confusion

if TYPE_CHECKING:
    from pymlsql.tracking.comparison import ComparedValue, Comparison

LONG = 200
"""Characters of a value beyond which it is folded up."""

_STYLE = """\
body { font: 14px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 1100px; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: .5em 0 1.5em; }
th, td { border-bottom: 1px solid #ddd; padding: .25em .8em .25em 0; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.text { white-space: pre-wrap; overflow-wrap: anywhere; }
tr.differs td { background: #fff6dd; }
svg text { font: 12px system-ui, sans-serif; }
pre { white-space: pre-wrap; margin: 0; }
.side { display: inline-block; width: .8em; height: .8em; margin-right: .4em; }
.matrices { display: flex; flex-wrap: wrap; gap: 2em; }
footer { color: #777; margin-top: 2em; }
"""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render_report(comparison: Comparison) -> str:
    """The page. Rows whose values differ are marked; long values can be unfolded."""
    title = html.escape(f"{comparison.title}: {', '.join(comparison.columns)}")
    sections = [
        f"<h2>{html.escape(section.capitalize())}</h2>\n{_table(comparison, list(rows))}"
        for section, rows in groupby(comparison.values, key=lambda found: found.section)
    ]
    parts = [f"<h1>{title}</h1>", _legend(comparison), *_plots(comparison), *sections]
    parts.append(f"<footer>pymlsql {html.escape(__version__)}; rows with a coloured ground differ.</footer>")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">\n'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _legend(comparison: Comparison) -> str:
    sides = [
        f'<span class="side" style="background: {plots.color(place)}"></span>{html.escape(column)}'
        for place, column in enumerate(comparison.columns)
    ]
    return f"<p>{' &nbsp; '.join(sides)}</p>"


def _plots(comparison: Comparison) -> list[str]:
    parts = []
    metrics = [found for found in comparison.values if "metrics" in found.section and _is_numeric(found)]
    if metrics:
        values = [[_number(value) for value in found.values] for found in metrics]
        parts += ["<h2>Metrics, each on its own scale</h2>", plots.render_bars([m.name for m in metrics], values)]
    if comparison.curves:
        parts.append("<h2>Metrics by step</h2>")
        parts += [plots.render_curves(name, curves) for name, curves in comparison.curves.items()]
    matrices = [
        f"<div><h3>{html.escape(column)}</h3>\n{_matrix(confusion)}</div>"
        for column, confusion in zip(comparison.columns, comparison.confusions, strict=True)
        if confusion is not None
    ]
    if matrices:
        parts += ["<h2>Confusion matrices</h2>", '<div class="matrices">', *matrices, "</div>"]
    return parts


def _is_numeric(found: ComparedValue) -> bool:
    return any(_number(value) is not None for value in found.values)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _matrix(confusion: Confusion) -> str:
    """Counts, each on a ground as dark as its share of the true class."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in confusion.classes)
    rows = []
    for name, counts in zip(confusion.classes, confusion.counts, strict=True):
        total = max(sum(counts), 1)
        cells = "".join(
            f'<td class="number" style="background: rgba(0, 114, 178, {0.6 * count / total:.2f})">{count:,}</td>'
            for count in counts
        )
        rows.append(f"<tr><th>{html.escape(name)}</th>{cells}</tr>")
    return f"<table><tr><th>true \\ predicted</th>{head}</tr>\n" + "\n".join(rows) + "</table>"


def _table(comparison: Comparison, found: list[ComparedValue]) -> str:
    head = "".join(f"<th>{html.escape(column)}</th>" for column in ("", *comparison.columns))
    rows = []
    for row in found:
        mark = ' class="differs"' if row.differs else ""
        rows.append(f"<tr{mark}><td>{html.escape(row.name)}</td>{''.join(map(_cell, row.values))}</tr>")
    return f"<table><tr>{head}</tr>\n" + "\n".join(rows) + "\n</table>"


def _cell(value: str | float | int | bool | object | None) -> str:
    if _number(value) is not None:
        return f'<td class="number">{html.escape(render_cell(value))}</td>'  # type: ignore[arg-type]
    text = "" if value is None else str(value)
    if len(text) <= LONG:
        return f'<td class="text">{html.escape(text)}</td>'
    first = html.escape(text[:60].partition("\n")[0])
    return f'<td class="text"><details><summary>{first} ...</summary><pre>{html.escape(text)}</pre></details></td>'
