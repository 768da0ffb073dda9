"""Eigenvalues and eigenvectors of the covariance matrix."""

from __future__ import annotations

from typing import Any

import numpy as np


def expected() -> list[list[tuple[Any, ...]]]:
    """The two largest; signs do not count."""
    n = np.arange(200)
    values, vectors = np.linalg.eigh(np.cov(np.vstack([n % 17, 2 * (n % 17) + n % 3, n % 5])))
    return [[(float(values[k] / values.sum()), *map(float, abs(vectors[:, k]))) for k in (2, 1)]]
