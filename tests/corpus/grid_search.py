"""Each depth on each fold."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeRegressor


def expected() -> list[list[tuple[Any, ...]]]:
    """Mean squared error of each depth, and which is the best."""
    n = np.arange(240)
    X = np.column_stack([n % 40, n % 9]).astype(float)
    y = np.where(n % 40 >= 20, 5, 1) + np.where(n % 9 >= 4, 2, 0) + (n * 31 % 13) / 10
    errors = {}
    for depth in (1, 2, 6):
        folds = []
        for fold in range(3):
            test = n // 80 == fold
            tree = DecisionTreeRegressor(max_depth=depth, random_state=0).fit(X[~test], y[~test])
            folds.append(((tree.predict(X[test]) - y[test]) ** 2).mean())
        errors[depth] = float(np.mean(folds))
    best = min(errors, key=lambda depth: errors[depth])
    return [[(depth, error, depth == best) for depth, error in errors.items()]]
