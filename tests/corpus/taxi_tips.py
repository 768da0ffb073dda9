"""The same model over the same trips."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def miles(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Along a sphere, by the law of haversines."""
    lat1, lon1, lat2, lon2 = map(math.radians, (lat1, lon1, lat2, lon2))
    across = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 3958.75 * 2 * math.asin(math.sqrt(across))


def expected() -> list[list[tuple[Any, ...]]]:
    """Five trips in a batch, then two by their parameters."""
    features, tipped = [], []
    for n in range(600):
        far = n * 37 % 1800
        ends = 40.7 + n % 13 / 100, -74 + n % 11 / 100, 40.7 + n % 17 / 100, -74 + n % 7 / 100
        features.append((1 + n % 5, 120 + far, far / 200 + n % 4 / 4, miles(*ends)))
        tipped.append(int(far > 700 + n % 3 * 200))
    X, y = np.array(features), np.array(tipped)
    train = np.arange(600) % 10 < 7
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X[train], y[train])
    first = np.flatnonzero(~train)[:5]
    ends = 40.7, -74, 40.75, -73.95
    single = np.array([(1, 1500, 7.5, miles(*ends)), (2, 600, 2.0, miles(*ends))])
    scores = model.predict_proba(single)[:, 1]
    batch = list(zip(first.tolist(), model.predict_proba(X[first])[:, 1].tolist(), strict=True))
    return [batch, [(float(scores[0]),)], [(float(scores[1]),)]]
