"""Bars and curves as SVG text: no library, no script, every text escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
"""Told apart by people who are blind to some colours, too."""

WIDTH, HEIGHT, MARGIN = 460, 240, 48
BAR, GAP, LABEL = 14, 10, 180

Points = Sequence[tuple[float, float]]


def color(place: int) -> str:
    """The colour of the side at a place."""
    return COLORS[place % len(COLORS)]


def render_bars(names: Sequence[str], values: Sequence[Sequence[float | None]]) -> str:
    """Horizontal bars: for each name one per side, from zero, on one scale for each name."""
    parts, top = [], GAP
    for name, row in zip(names, values, strict=True):
        largest = max((abs(value) for value in row if value is not None), default=0.0) or 1.0
        middle = top + BAR * len(row) / 2 + 4
        parts.append(_text(LABEL - 8, middle, _short(name, 26), "end", full=name))
        for place, value in enumerate(row):
            if value is not None:
                y = top + place * BAR
                length = max(abs(value) / largest * 200, 1.0)
                parts.append(
                    f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{color(place)}"/>'
                )
                parts.append(_text(LABEL + length + 6, y + BAR - 4, f"{value:.4g}"))
        top += BAR * len(row) + GAP
    return _svg(LABEL + 280, top, parts)


def render_curves(title: str, curves: Sequence[Points]) -> str:
    """One line for each side over the steps, on common axes; a single point is a dot."""
    points = [point for curve in curves for point in curve]
    left, right = _range([x for x, _ in points])
    low, high = _range([y for _, y in points])

    def place(x: float, y: float) -> str:
        across = MARGIN + (x - left) / (right - left) * (WIDTH - 2 * MARGIN)
        up = HEIGHT - MARGIN - (y - low) / (high - low) * (HEIGHT - 2 * MARGIN)
        return f"{across:.1f},{up:.1f}"

    bottom, top = HEIGHT - MARGIN, MARGIN
    parts = [
        _text(WIDTH / 2, 20, _short(title, 50), "middle", full=title),
        f'<path d="M{MARGIN},{top} V{bottom} H{WIDTH - MARGIN}" fill="none" stroke="#888"/>',
        _text(MARGIN, bottom + 16, f"{left:g}"),
        _text(WIDTH - MARGIN, bottom + 16, f"{right:g}", "end"),
        _text(MARGIN - 4, bottom, f"{low:.3g}", "end"),
        _text(MARGIN - 4, top + 4, f"{high:.3g}", "end"),
        _text(WIDTH / 2, HEIGHT - 12, "step", "middle"),
    ]
    for side, curve in enumerate(curves):
        line = " ".join(place(x, y) for x, y in curve)
        if len(curve) > 1:
            parts.append(f'<polyline points="{line}" fill="none" stroke="{color(side)}" stroke-width="2"/>')
        elif line:
            x, _, y = line.partition(",")
            parts.append(f'<circle cx="{x}" cy="{y}" r="3" fill="{color(side)}"/>')
    return _svg(WIDTH, HEIGHT, parts)


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Smallest and largest, apart even where all are the same."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high > low:
        return low, high
    room = abs(low) / 2 or 0.5
    return low - room, high + room


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _text(x: float, y: float, text: str, anchor: str = "start", *, full: str | None = None) -> str:
    tip = "" if full is None or full == text else f"<title>{html.escape(full)}</title>"
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}{tip}</text>'


def _svg(width: float, height: float, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" role="img">\n{body}\n</svg>'
