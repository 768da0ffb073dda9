"""What a model takes and gives: columns by name, order, type, nullability, and what training saw in them.

A signature is data, never code: it is inferred from rows or from a fitted estimator, may be edited, travels as JSON,
and is compared with the table or view that is to be scored before anything is.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from pymlsql.errors import ModelError

if TYPE_CHECKING:
    import pandas as pd

VERSION = 2
"""Of the JSON. Version 1 knew names, types and classes of classifiers; it is still read."""

MAX_CATEGORIES = 100
"""A text column with more distinct values than this is taken for free text: its values are not kept."""

Dtype = Literal["float64", "str", "datetime64[ns]"]
"""What a prediction procedure hands to its script for a column: all numbers travel as float, so that NULL is NaN."""

Kind = Literal["classification", "regression", "clustering", "anomaly"]
"""Classes with probabilities; a number; the number of a cluster; 1 for an ordinary row and -1 for an outlier."""

_DTYPES: dict[str, Dtype] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint", "bit", "float", "real"), "float64"),
    **dict.fromkeys(("decimal", "numeric", "money", "smallmoney"), "float64"),
    **dict.fromkeys(("char", "nchar", "varchar", "nvarchar"), "str"),
    **dict.fromkeys(("date", "datetime", "smalldatetime"), "datetime64[ns]"),
}

_SQL_TYPES = {
    "bool": "bit", "boolean": "bit", "uint8": "tinyint", "int8": "smallint", "int16": "smallint", "uint16": "int",
    "int32": "int", "uint32": "bigint", "int64": "bigint", "float16": "real", "float32": "real", "float64": "float",
}  # fmt: skip
_LENGTHS = (20, 50, 100, 200, 400, 1000, 4000)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(_Frozen):
    """One column that the model takes, and what training saw in it.

    ``dtype`` is what the script receives for ``sql_type``. ``nullable`` says whether training saw NULL; ``minimum``
    and ``maximum`` are numbers, or ISO texts for times; ``categories`` are the texts of a column that has few.
    """

    name: str
    sql_type: str
    dtype: Dtype
    nullable: bool = True
    minimum: float | str | None = None
    maximum: float | str | None = None
    categories: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Input:
        if not self.name:
            raise ValueError("a column has no name")
        numbers = [value for value in (self.minimum, self.maximum) if isinstance(value, float)]
        if not all(map(math.isfinite, numbers)):
            raise ValueError(f"{self.name}: minimum and maximum must be finite")
        if len(numbers) == 2 and numbers[0] > numbers[1]:
            raise ValueError(f"{self.name}: the minimum is above the maximum")
        return self


class Output(_Frozen):
    """What the model gives. A classifier gives one probability per class, in this order (the order of `classes_`)."""

    kind: Kind = "classification"
    classes: tuple[str, ...] = ()

    @property
    def probabilities(self) -> tuple[str, ...]:
        """The probability columns of a classifier, in the order of the classes."""
        return tuple(f"p_{name}" for name in self.classes)

    @model_validator(mode="after")
    def _consistent(self) -> Output:
        if (self.kind == "classification") != bool(self.classes):
            raise ValueError("a classification names its classes, and nothing else does")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("a class is named twice")
        return self


class Signature(_Frozen):
    """Inputs by name and order, and the output; the JSON of ml.model_versions.signature."""

    version: Literal[2] = 2
    inputs: tuple[Input, ...]
    output: Output

    @model_validator(mode="before")
    @classmethod
    def _older(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("version") == 1:
            return {**values, "version": VERSION}  # version 1 lacked fields, which have defaults; none has changed
        return values

    @field_validator("inputs")
    @classmethod
    def _distinct(cls, inputs: tuple[Input, ...]) -> tuple[Input, ...]:
        names = [column.name.lower() for column in inputs]  # column names of SQL Server differ by more than case
        if not inputs or len(set(names)) != len(names):
            raise ValueError("the inputs must be at least one, each name once")
        return inputs

    @property
    def names(self) -> tuple[str, ...]:
        """The input columns in order."""
        return tuple(column.name for column in self.inputs)

    def edited(self, name: str, **changes: Any) -> Signature:
        """The same with other facts about one input: `edited("age", minimum=0, maximum=120)`.

        Raises ModelError for a column that is not there, and for facts that contradict each other.
        """
        if name not in self.names:
            raise ModelError(f"The signature has no input {name}: it has {', '.join(self.names)}.")
        if "sql_type" in changes and "dtype" not in changes:
            changes["dtype"] = dtype_for(changes["sql_type"])
        values = self.model_dump()
        for column in values["inputs"]:
            if column["name"] == name:
                column.update(changes)
        found = _validated(values)
        edited = found.inputs[found.names.index(changes.get("name", name))]
        wanted = dtype_for(edited.sql_type)
        if wanted != edited.dtype:
            raise ModelError(f"{edited.name}: a script receives {edited.sql_type} as {wanted}, not {edited.dtype}.")
        return found

    def to_json(self) -> str:
        """One line of JSON, of version 2."""
        return self.model_dump_json(exclude_none=True)

    @classmethod
    def from_json(cls, text: str) -> Signature:
        """Read a text of version 1 or 2. Raises ModelError where it is none."""
        try:
            values = json.loads(text)
        except ValueError:
            raise ModelError("This is no model signature: it is not JSON.") from None
        return _validated(values)


def _validated(values: Any) -> Signature:
    try:
        return Signature.model_validate_json(json.dumps(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        place = f"version {VERSION}: {where or 'text'}"
        raise ModelError(f"This is no model signature of {place}: {first['msg']}.") from None


def base_type(sql_type: str) -> str:
    """"nvarchar" of "nvarchar(10)"."""
    return sql_type.split("(", 1)[0].strip().lower()


def dtype_for(sql_type: str) -> Dtype:
    """The dtype in which a script receives a column of T-SQL type `sql_type` ("nvarchar(10)" as "nvarchar")."""
    try:
        return _DTYPES[base_type(sql_type)]
    except KeyError:
        raise ModelError(
            f"A column of type {sql_type} cannot be an input of a Python script on SQL Server: CAST it in the view."
        ) from None


# Inferring --------------------------------------------------------------------------------------------------------


def infer(frame: pd.DataFrame, estimator: Any = None, *, output: Output | None = None,
          sql_types: Mapping[str, str] | None = None) -> Signature:  # fmt: skip
    """The signature of a model trained on rows like `frame`.

    The inputs are the estimator's (`feature_names_in_`), else all columns of the frame. `sql_types` names the T-SQL
    types where a table has them already; what it lacks follows from the dtype. The output is the estimator's, or
    `output`. Raises ModelError where a column cannot be an input, or the output is not known.
    """
    names = own_names(estimator) if estimator is not None else None
    names = tuple(str(name) for name in frame.columns) if names is None else names
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ModelError(f"The rows have no column {', '.join(missing)}, which the estimator was fitted on.")
    if output is None:
        if estimator is None:
            raise ModelError("Give a fitted estimator, or say what the model gives with output=Output(...).")
        output = infer_output(estimator)
    inputs = tuple(infer_input(name, frame[name], (sql_types or {}).get(name)) for name in names)
    return Signature(inputs=inputs, output=output)


def infer_input(name: str, values: pd.Series[Any], sql_type: str | None = None) -> Input:
    """One column, with what `values` show of it."""
    sql_type = sql_type or _sql_type(name, values)
    dtype = dtype_for(sql_type)
    known = values.dropna()
    facts: dict[str, Any] = {"nullable": bool(values.isna().any())}
    if dtype == "str":
        texts = sorted({str(value) for value in known})
        facts["categories"] = tuple(texts) if 0 < len(texts) <= MAX_CATEGORIES else None
    elif len(known):
        low, high = known.min(), known.max()
        as_fact = (lambda value: value.isoformat()) if dtype == "datetime64[ns]" else float
        if dtype != "float64" or (math.isfinite(float(low)) and math.isfinite(float(high))):
            facts |= {"minimum": as_fact(low), "maximum": as_fact(high)}
    return Input(name=name, sql_type=sql_type, dtype=dtype, **facts)


def infer_output(estimator: Any) -> Output:
    """What a fitted estimator gives. Raises ModelError where it is none, or of a kind without a place here."""
    from sklearn import base

    if hasattr(estimator, "classes_") and hasattr(estimator, "predict_proba"):
        return Output(classes=tuple(str(name) for name in estimator.classes_))
    if not hasattr(estimator, "predict"):
        raise ModelError("The estimator is not a fitted classifier with predict_proba, and has no predict.")
    kinds: tuple[tuple[Kind, str], ...] = (
        ("regression", "is_regressor"), ("clustering", "is_clusterer"), ("anomaly", "is_outlier_detector"),
    )  # fmt: skip
    for kind, test in kinds:
        known = getattr(base, test, None)
        if known is not None and known(estimator):
            return Output(kind=kind)
    if base.is_classifier(estimator):
        raise ModelError("The estimator is not a fitted classifier with predict_proba.")
    raise ModelError(f"What a {type(estimator).__name__} gives is not known: neither class, number nor cluster.")


def own_names(estimator: Any) -> tuple[str, ...] | None:
    """The columns an estimator was fitted on, or None where it was fitted on an array."""
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else tuple(str(name) for name in names)


def _sql_type(name: str, values: pd.Series[Any]) -> str:
    kind = str(values.dtype).lower()
    if kind in _SQL_TYPES:
        return _SQL_TYPES[kind]
    if kind.startswith("datetime64[") and "," not in kind:
        return "datetime"
    texts = [value for value in values.dropna() if isinstance(value, str)]
    if len(texts) == int(values.notna().sum()):
        longest = max((len(text.encode("utf-16-le")) // 2 for text in texts), default=1)
        return f"nvarchar({next((str(length) for length in _LENGTHS if length >= longest), 'max')})"
    raise ModelError(f"The column {name} holds {values.dtype} values, which no T-SQL type of a script's input has.")


# Comparing --------------------------------------------------------------------------------------------------------

Problem = Literal["missing", "renamed", "retyped", "nullable", "category", "range"]


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """One column of the table or view that is to be scored."""

    name: str
    sql_type: str
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a source is not what the model takes: one sentence, and whether scoring cannot go on with it."""

    problem: Problem
    column: str
    message: str
    blocking: bool = True


def compare(signature: Signature, columns: Sequence[SourceColumn], source: str = "The source") -> list[Difference]:
    """How the columns of a table or view differ from what the model takes, in the order of its inputs.

    A column that may hold NULL where training saw none does not block by itself: whether it does hold one, only its
    rows can tell.
    """
    by_name = {column.name.lower(): column for column in columns}
    taken = {name.lower() for name in signature.names}
    found: list[Difference] = []
    for wanted in signature.inputs:
        column = by_name.get(wanted.name.lower())
        if column is None:
            found.append(_absent(wanted, [one for one in columns if one.name.lower() not in taken], source))
        elif base_type(column.sql_type) != base_type(wanted.sql_type):
            found.append(Difference("retyped", wanted.name, f"{source} gives {column.name} as {column.sql_type}, and "
                                    f"the model was trained on {wanted.sql_type}: CAST it in the view."))  # fmt: skip
        elif column.nullable and not wanted.nullable:
            message = f"{source} allows NULL in {column.name}, and training saw none."
            found.append(Difference("nullable", wanted.name, message, blocking=False))
    return found


def _absent(wanted: Input, free: Sequence[SourceColumn], source: str) -> Difference:
    same_type = [one.name for one in free if base_type(one.sql_type) == base_type(wanted.sql_type)]
    near = difflib.get_close_matches(wanted.name.lower(), [name.lower() for name in same_type], n=1)
    if not near:
        return Difference("missing", wanted.name, f"{source} has no column {wanted.name} ({wanted.sql_type}), which "
                          "the model takes.")  # fmt: skip
    name = next(name for name in same_type if name.lower() == near[0])
    return Difference("renamed", wanted.name, f"{source} has no column {wanted.name}, which the model takes, but has "
                      f"{name}: if that is the same, name it {wanted.name} in the view.")  # fmt: skip


def compare_categories(wanted: Input, values: Sequence[str | None]) -> Difference | None:
    """The texts of a column that training did not see, if there are any; `values` are its distinct ones."""
    if wanted.categories is None:
        return None
    unseen = sorted({value for value in values if value is not None and value not in wanted.categories})
    if not unseen:
        return None
    shown = ", ".join(f"'{value}'" for value in unseen[:5]) + (" and more" if len(unseen) > 5 else "")
    near = difflib.get_close_matches(unseen[0], wanted.categories, n=1)
    hint = f" (near '{near[0]}')" if near and len(unseen) == 1 else ""
    return Difference("category", wanted.name, f"{wanted.name} holds {shown}{hint}, which training did not see: "
                      "train again with these rows, or map them in the view.")  # fmt: skip
