"""A column for each district, the median for missing areas, least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

BASE = (500, 300, 350)


def expected() -> list[list[tuple[Any, ...]]]:
    """Three flats: one known, one without area, one of a district that nobody has seen."""
    n = np.arange(120)
    area = 30.0 + n % 41
    rent = np.array(BASE)[n % 3] + 9 * area + n % 4
    median = float(np.median(area[n % 10 != 0]))
    area[n % 10 == 0] = median
    design = np.column_stack([*((n % 3 == k) * 1.0 for k in range(3)), area])
    centre, _, south, slope = map(float, np.linalg.lstsq(design, rent, rcond=None)[0])
    return [[
        ("centre", 50.0, centre + 50 * slope), ("south", None, south + median * slope), ("harbour", 50.0, 50 * slope),
    ]]  # fmt: skip
