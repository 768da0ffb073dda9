"""Two models on the first two years."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor


def rentals() -> dict[str, Any]:
    """The columns of dbo.RentalData."""
    n = np.arange(900)
    month = n // 30 % 12
    columns = {"day_no": n, "year": 2013 + n // 360, "month": 1 + month, "day": 1 + n % 30, "weekday": 1 + n % 7}
    columns["holiday"], columns["snow"] = (n % 19 == 0) * 1, (n % 5 < 2) * 1
    columns["rentals"] = (
        20 + 8 * abs(month - 6) + 60 * (n % 7 >= 5) + 90 * columns["holiday"] + 25 * columns["snow"] + n * 7919 % 23
    )
    return columns


def expected() -> list[list[tuple[Any, ...]]]:
    """The error of both, and one prediction of the better."""
    data = rentals()
    X = np.column_stack([data[name] for name in ("month", "weekday", "snow", "holiday")])
    past, now, y = data["year"] < 2015, data["year"] == 2015, data["rentals"]
    linear = LinearRegression().fit(X[past], y[past])
    tree = DecisionTreeRegressor(max_depth=6, random_state=1).fit(X[past], y[past])
    errors = [float(((model.predict(X[now]) - y[now]) ** 2).mean()) for model in (linear, tree)]
    assert errors[1] < errors[0] / 2, "what the days are made by is no line"
    return [[("linear", errors[0]), ("tree", errors[1])], [("tree", float(tree.predict([[2, 7, 1, 0]])[0]))]]
