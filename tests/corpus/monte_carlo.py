"""The same draws."""

from __future__ import annotations

from typing import Any

import numpy as np


def estimate(seed: int) -> float:
    """Four times the share of points within the quarter of a circle."""
    random = np.random.RandomState(seed)
    x, y = random.uniform(size=20_000), random.uniform(size=20_000)
    return 4.0 * int((np.hypot(x, y) <= 1).sum()) / 20_000


def expected() -> list[list[tuple[Any, ...]]]:
    """Two runs with one seed, one with another."""
    first, other = estimate(1), estimate(2)
    assert abs(first - np.pi) < 0.05
    assert first != other
    return [[(first, first, other)]]
