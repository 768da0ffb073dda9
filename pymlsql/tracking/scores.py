"""How good a fitted scikit-learn estimator is on some rows, and its confusion matrix as a picture."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_MATPLOTLIB = "matplotlib is not installed: pip install 'pymlsql[notebooks]'"
MAX_CLASSES_WITH_NUMBERS = 20


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of rows: one row per true class and one column per predicted class, in the order of `classes`."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def score(estimator: Any, features: Any, target: Any) -> dict[str, float]:
    """The scores of a fitted classifier or regressor on rows with a known target, by name; finite ones only.

    Classifiers: accuracy, and macro means of precision, recall and F1 over the classes that occur; log_loss and, of
    all classes against the rest, roc_auc where probabilities are given. Regressors: r2, rmse, mae, in the target's
    units. Anything else, and several targets at once: what the estimator's own `score` gives.
    """
    from sklearn.base import is_classifier, is_regressor

    if target is None or getattr(target, "ndim", 1) > 1:
        found = _own_score(estimator, features, target)
    elif is_classifier(estimator):
        found = _classifier_scores(estimator, features, target)
    elif is_regressor(estimator):
        found = _regressor_scores(estimator, features, target)
    else:
        found = _own_score(estimator, features, target)
    return {name: float(value) for name, value in found.items() if math.isfinite(value)}


def find_confusion(estimator: Any, features: Any, target: Any) -> Confusion | None:
    """The confusion matrix of a fitted classifier; None of anything else."""
    from sklearn.base import is_classifier
    from sklearn.metrics import confusion_matrix

    if target is None or getattr(target, "ndim", 1) > 1 or not is_classifier(estimator):
        return None
    truth, predicted = _texts(target), _texts(estimator.predict(features))
    known = _texts(getattr(estimator, "classes_", ()))
    labels = known + sorted({*truth, *predicted} - set(known))
    counts = confusion_matrix(truth, predicted, labels=labels)
    return Confusion(tuple(labels), tuple(tuple(int(count) for count in row) for row in counts))


def render_confusion(confusion: Confusion, title: str) -> bytes:
    """The confusion matrix as a PNG. Raises ImportError where matplotlib is not installed."""
    from matplotlib.figure import Figure

    n_classes = len(confusion.classes)
    side = min(3.0 + 0.5 * n_classes, 12.0)
    figure = Figure(figsize=(side + 1.0, side), layout="constrained")
    _draw(figure, confusion, title)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, metadata={"Software": None})
    return buffer.getvalue()


def _draw(figure: Figure, confusion: Confusion, title: str) -> None:
    places = range(len(confusion.classes))
    axes = figure.subplots()
    shares = [[count / max(sum(row), 1) for count in row] for row in confusion.counts]
    image = axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
    axes.set_xticks(places, confusion.classes, rotation=45, ha="right")
    axes.set_yticks(places, confusion.classes)
    axes.set(title=title, xlabel="predicted", ylabel="true")
    figure.colorbar(image, ax=axes, label="share of the true class")
    if len(confusion.classes) > MAX_CLASSES_WITH_NUMBERS:
        return
    for row in places:
        for column in places:
            color = "white" if shares[row][column] > 0.5 else "black"
            axes.text(column, row, f"{confusion.counts[row][column]:,}", ha="center", va="center", color=color)


def _texts(values: Sequence[Any]) -> list[str]:
    return [str(value) for value in values]


def _own_score(estimator: Any, features: Any, target: Any) -> dict[str, float]:
    if not hasattr(estimator, "score") or target is None:
        return {}
    return {"score": float(estimator.score(features, target))}


def _classifier_scores(estimator: Any, features: Any, target: Any) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, log_loss, precision_recall_fscore_support

    truth, predicted = _texts(target), _texts(estimator.predict(features))
    present = sorted(set(truth))
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, predicted, labels=present, average="macro", zero_division=0.0
    )
    found = {"accuracy": accuracy_score(truth, predicted), "precision": precision, "recall": recall, "f1": f1}
    if not hasattr(estimator, "predict_proba"):
        return found
    classes = _texts(estimator.classes_)
    if not set(present) <= set(classes) or len(classes) < 2:
        return found
    shares = _clean(estimator.predict_proba(features))
    order = sorted(range(len(classes)), key=classes.__getitem__)  # log_loss takes columns in the order of labels
    found["log_loss"] = log_loss(truth, shares[:, order], labels=sorted(classes))
    if len(present) == len(classes):
        found["roc_auc"] = _roc_auc(truth, shares, classes)
    return found


def _clean(shares: Any) -> Any:
    """Probabilities whose rows add up to one within float64; some estimators give float32."""
    import numpy as np

    found = np.asarray(shares, dtype="float64")
    return found / found.sum(axis=1, keepdims=True)


def _roc_auc(truth: list[str], shares: Any, classes: list[str]) -> float:
    """The mean over the classes of the area under each one's curve against the rest; of two classes they are equal."""
    from sklearn.metrics import roc_auc_score

    areas = [roc_auc_score([value == name for value in truth], shares[:, n]) for n, name in enumerate(classes)]
    return float(sum(areas) / len(areas))


def _regressor_scores(estimator: Any, features: Any, target: Any) -> dict[str, float]:
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    predicted = estimator.predict(features)
    found = {
        "rmse": math.sqrt(mean_squared_error(target, predicted)),
        "mae": float(mean_absolute_error(target, predicted)),
    }
    if len(predicted) >= 2:
        found["r2"] = float(r2_score(target, predicted))
    return found
