"""The confusion matrix of the held-out third."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier


def expected() -> list[list[tuple[Any, ...]]]:
    """One row a species."""
    iris = load_iris()
    kept = [n for n in range(150) if n % 3]
    tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(iris.data[kept], iris.target[kept])
    held = [n for n in range(150) if n % 3 == 0]
    counts = Counter((int(iris.target[n]), int(tree.predict(iris.data[[n]])[0])) for n in held)
    assert counts[0, 0] == 17, "setosa is apart from the others"
    return [[(str(name), counts[k, 0], counts[k, 1], counts[k, 2]) for k, name in enumerate(iris.target_names)]]
