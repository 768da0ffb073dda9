"""A few rows with what a model predicts for them where it was made: the server must predict the same."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pymlsql.errors import ModelError

if TYPE_CHECKING:
    import pandas as pd

    from pymlsql.signature import Signature

MAX_ROWS = 50
ABSOLUTE = 1e-6
RELATIVE = 1e-6
"""How far a prediction may lie from the stored one: `ABSOLUTE + RELATIVE * |stored|`. Other builds of BLAS differ by
about 1e-12, and another release of an estimator by whole tenths."""
ONNX_ABSOLUTE = 1e-4
"""The same for ONNX, whose graphs reckon with single precision."""


def make(model: Any, signature: Signature, frame: pd.DataFrame, *, format: str = "pickle") -> str:
    """JSON of up to MAX_ROWS rows of `frame`, evenly spread, with what `model` predicts for them.

    Empty where the frame has no rows. Raises ModelError where the model cannot predict them.
    """
    if not len(frame):
        return ""
    missing = [name for name in signature.names if name not in frame.columns]
    if missing:
        raise ModelError(f"The rows of the sample have no column {missing[0]}, which the model takes.")
    step = max(1, math.ceil(len(frame) / MAX_ROWS))
    rows = [[_plain(value) for value in row]
            for row in frame[list(signature.names)].iloc[::step].itertuples(index=False)]  # fmt: skip
    absolute = ONNX_ABSOLUTE if format == "onnx" else ABSOLUTE
    expected = predict(model, signature, rows)
    _require_same(model, signature, frame[list(signature.names)].iloc[::step], expected)
    return json.dumps({
        "columns": signature.names, "classes": signature.output.classes, "rows": rows,
        "expected": expected, "absolute": absolute, "relative": RELATIVE,
    })  # fmt: skip


def _require_same(model: Any, signature: Signature, frame: pd.DataFrame, expected: list[list[float]]) -> None:
    """Raise ModelError where the model predicts something else for the rows as they are than as a script gets them.

    The usual cause is None for NULL among texts, where pandas has NaN: an encoder takes these for two categories.
    """
    try:
        found = _predict(model, signature, frame)
    except Exception:  # a model that was fitted on what scripts get need not take these rows
        return
    scale = max((abs(value) for row in expected for value in row), default=0.0)
    if furthest(expected, found) <= ABSOLUTE * 10 + RELATIVE * 10 * scale:
        return
    texts = [one.name for one in signature.inputs if one.dtype == "str" and None in frame[one.name].tolist()]
    why = f": {texts[0]} holds None, and a script gets what pandas makes of NULL" if texts else ""
    raise ModelError(
        f"The model predicts something else for these rows than for the same as a script gets them{why}. Fit it on "
        "rows that were read from the server (db.read), or replace NULL in the view."
    )


def predict(model: Any, signature: Signature, rows: list[list[Any]]) -> list[list[float]]:
    """What a model gives for rows of JSON values: probabilities by class, or one number a row.

    Raises ModelError where it fails, or gives something else than numbers.
    """
    frame = to_frame(signature, rows)
    try:
        found = _predict(model, signature, frame)
    except Exception as error:  # a model may raise anything at all
        raise ModelError(f"The model cannot predict the rows of its sample: {error}") from None
    if not all(math.isfinite(value) for row in found for value in row):
        raise ModelError("The model predicts what is not a number for a row of its sample.")
    return found


def _predict(model: Any, signature: Signature, frame: pd.DataFrame) -> list[list[float]]:
    import numpy as np

    is_classifier = signature.output.kind == "classification"
    given = model.predict_proba(frame) if is_classifier else model.predict(frame)
    found = np.asarray(given, dtype="float64").reshape(len(frame), -1)
    return [[float(value) for value in row] for row in found]


def to_frame(signature: Signature, rows: list[list[Any]]) -> pd.DataFrame:
    """Rows of JSON values as the DataFrame that a script receives for them."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=list(signature.names))
    for column in signature.inputs:
        if column.dtype == "float64":
            frame[column.name] = frame[column.name].astype("float64")
        elif column.dtype == "str":  # also where all are NULL
            frame[column.name] = pd.Series(["", *frame[column.name]]).iloc[1:].array
        else:
            frame[column.name] = pd.to_datetime(frame[column.name])
    return frame


def furthest(expected: list[list[float]], found: list[list[float]]) -> float:
    """The largest difference between two predictions of the same rows."""
    return max((abs(one - other) for row, rest in zip(expected, found, strict=True)
                for one, other in zip(row, rest, strict=True)), default=0.0)  # fmt: skip


def _plain(value: Any) -> Any:
    """A cell as JSON has it; NULL for what is no value."""
    if hasattr(value, "isoformat"):
        return None if value != value else value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return float(value)
    return value if isinstance(value, str) else None
