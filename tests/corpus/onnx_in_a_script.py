"""The same pipeline, without ONNX."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.0, 2.7, 5.1, 1.6], [6.7, 3.0, 5.2, 2.3]])


def expected() -> list[list[tuple[Any, ...]]]:
    """Number, class and its probability; float32 to four places."""
    iris = load_iris()
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(iris.data, iris.target)
    mass = pipeline.predict_proba(ROWS)
    best = [float(np.float32(row.max()).round(4)) for row in mass]
    return [[(n, int(row.argmax()), best[n - 1]) for n, row in enumerate(mass, start=1)]]
