"""The groups by which the customers were made."""

from __future__ import annotations

from collections import defaultdict
from statistics import mean
from typing import Any


def expected() -> list[list[tuple[Any, ...]]]:
    """Size, first and last customer, and means of each group."""
    spent: dict[int, float] = defaultdict(float)
    items: dict[int, int] = defaultdict(int)
    returned: dict[int, int] = defaultdict(int)
    for n in range(480):
        customer, group, bought = n % 120, n % 120 // 40, 10 + n % 3
        spent[customer] += (20, 500, 90)[group] + n % 7
        items[customer] += bought
        returned[customer] += (0, 1, bought // 2)[group]
    rows = []
    for group in range(3):
        members = range(40 * group, 40 * group + 40)
        share = mean(returned[one] / items[one] for one in members)
        rows.append((40, members[0], members[-1], mean(spent[one] for one in members), share))
    return [rows]
