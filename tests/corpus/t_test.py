"""The t statistics by their formulas."""

from __future__ import annotations

import math
from statistics import mean, variance
from typing import Any

from scipy.integrate import quad

A = [12.1, 13.4, 11.8, 14.2, 12.9, 13.1]
B = [10.5, 12.9, 11.1, 11.7, 12.2, 10.8]


def two_sided(t: float, df: float) -> float:
    """Mass of Student's distribution beyond t on both sides."""
    scale = math.gamma((df + 1) / 2) / math.sqrt(df * math.pi) / math.gamma(df / 2)
    inside: float = quad(lambda x: scale * (1 + x * x / df) ** (-(df + 1) / 2), -abs(t), abs(t))[0]
    return 1 - inside


def expected() -> list[list[tuple[Any, ...]]]:
    """Name, statistic and probability of each test."""
    n = len(A)
    va, vb = variance(A) / n, variance(B) / n
    t = (mean(A) - mean(B)) / math.sqrt(va + vb)  # groups of one size: pooled or not, the statistic is the same
    welch = (va + vb) ** 2 / (va**2 / (n - 1) + vb**2 / (n - 1))
    differences = [a - b for a, b in zip(A, B, strict=True)]
    paired = mean(differences) / math.sqrt(variance(differences) / n)
    found = {"student": (t, 2 * n - 2), "welch": (t, welch), "paired": (paired, n - 1)}
    return [[(name, statistic, two_sided(statistic, df)) for name, (statistic, df) in found.items()]]
