"""TF-IDF by its formula: counts times ln((1 + n) / (1 + df)) + 1, rows of length 1."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

GOOD = ["great skates, warm and light", "great fit and great colour", "warm, light, great value"]
BAD = ["the zip broke, poor quality", "poor fit, cold feet", "broke after one day, poor value"]
NEW = ["light and warm", "poor zip"]


def expected() -> list[list[tuple[Any, ...]]]:
    """The two reviews that nobody has judged."""
    texts = [text for pair in zip(GOOD, BAD, strict=True) for text in pair]
    words = sorted({word for text in texts for word in re.findall(r"\w\w+", text)})

    def counts(these: list[str]) -> np.ndarray[Any, Any]:
        return np.array([[re.findall(r"\w\w+", text).count(word) for word in words] for text in these], float)

    weight = np.log((1 + len(texts)) / (1 + (counts(texts) > 0).sum(axis=0))) + 1

    def rows(these: list[str]) -> np.ndarray[Any, Any]:
        weighted: np.ndarray[Any, Any] = counts(these) * weight
        return weighted / np.linalg.norm(weighted, axis=1, keepdims=True)

    model = LogisticRegression().fit(rows(texts), [True, False] * 3)
    scores = model.predict_proba(rows(NEW))[:, 1]
    assert scores[0] > 0.5 > scores[1]
    return [[(7, float(scores[0])), (8, float(scores[1]))]]
