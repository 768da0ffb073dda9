"""Signatures: what is inferred from rows, what may be edited, and how a table or view differs from them."""

from __future__ import annotations

import datetime
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression

from pymlsql.errors import ModelError
from pymlsql.signature import Input, Output, Signature, SourceColumn, compare, compare_categories, infer

ROWS = pd.DataFrame(
    {
        "volt": [170.5, 168.25, np.nan, 171.0],
        "age": np.array([3, 18, 7, 7], dtype="int32"),
        "model": ["model1", "model3", "model1", "model2"],
        "since": pd.to_datetime(["2015-01-01 00:00", "2015-02-01 00:00", "2015-01-05 00:00", "2015-03-01 06:00"]),
        "flag": [True, False, True, True],
    }
)
OUTPUT = Output(classes=("a", "b"))


def test_rows_tell_types_nulls_ranges_and_categories() -> None:
    volt, age, model, since, flag = infer(ROWS, output=OUTPUT).inputs
    assert (volt.sql_type, volt.dtype, volt.nullable, volt.minimum, volt.maximum) == (
        "float", "float64", True, 168.25, 171.0)  # fmt: skip
    assert (age.sql_type, age.nullable, age.minimum, age.maximum) == ("int", False, 3.0, 18.0)
    assert (model.sql_type, model.dtype, model.categories) == ("nvarchar(20)", "str", ("model1", "model2", "model3"))
    assert (since.sql_type, since.minimum, since.maximum) == ("datetime", "2015-01-01T00:00:00", "2015-03-01T06:00:00")
    assert (flag.sql_type, flag.minimum) == ("bit", 0.0)


def test_the_table_s_types_beat_those_of_the_frame() -> None:
    found = infer(ROWS[["age"]], output=OUTPUT, sql_types={"age": "smallint"})
    assert found.inputs[0].sql_type == "smallint"


def test_a_column_with_many_texts_has_no_categories() -> None:
    frame = pd.DataFrame({"id": [f"x{n}" for n in range(200)]})
    assert infer(frame, output=OUTPUT).inputs[0].categories is None


def test_a_column_that_no_script_takes_is_refused() -> None:
    with pytest.raises(ModelError, match="The column a holds"):
        infer(pd.DataFrame({"a": [[1], [2]]}), output=OUTPUT)


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (LogisticRegression(), Output(classes=("no", "yes"))),
        (LinearRegression(), Output(kind="regression")),
        (KMeans(2, n_init=1), Output(kind="clustering")),
        (IsolationForest(n_estimators=2), Output(kind="anomaly")),
    ],
    ids=["classification", "regression", "clustering", "anomaly"],
)
def test_the_estimator_tells_what_it_gives(estimator: Any, expected: Output) -> None:
    frame = pd.DataFrame({"b": [1.0, 2, 3, 4], "a": [4.0, 1, 2, 2]})
    truth = ["yes", "no", "yes", "no"] if isinstance(estimator, LogisticRegression) else [1.0, 2, 1, 2]
    found = infer(frame.assign(other=1), estimator.fit(frame, truth))
    assert found.output == expected
    assert found.names == ("b", "a")


def test_a_text_of_version_1_is_still_read() -> None:
    old = {"version": 1, "inputs": [{"name": "a", "sql_type": "int", "dtype": "float64"}],
           "output": {"kind": "classification", "classes": ["x", "y"]}}  # fmt: skip
    found = Signature.from_json(json.dumps(old))
    assert found.inputs == (Input(name="a", sql_type="int", dtype="float64"),)
    assert json.loads(found.to_json())["version"] == 2
    assert Signature.from_json(found.to_json()) == found


def test_facts_are_edited_and_still_checked() -> None:
    found = infer(ROWS, output=OUTPUT).edited("age", minimum=0, maximum=120, sql_type="smallint")
    assert (found.inputs[1].minimum, found.inputs[1].sql_type) == (0.0, "smallint")
    with pytest.raises(ModelError, match="has no input x"):
        found.edited("x", nullable=False)
    with pytest.raises(ModelError, match="minimum is above"):
        found.edited("age", minimum=200)
    with pytest.raises(ModelError, match="receives nvarchar"):
        found.edited("age", sql_type="nvarchar(10)", dtype="float64")


SIGNATURE = infer(ROWS, output=OUTPUT)
COLUMNS = [
    SourceColumn("volt", "float"), SourceColumn("AGE", "int", nullable=False),
    SourceColumn("model", "nvarchar(50)", nullable=False),
    SourceColumn("since", "datetime", False), SourceColumn("flag", "bit", False), SourceColumn("more", "xml"),
]  # fmt: skip


def test_a_source_that_fits_has_no_differences() -> None:
    assert compare(SIGNATURE, COLUMNS) == []


@pytest.mark.parametrize(
    ("place", "column", "problem", "message"),
    [
        (0, None, "missing", "dbo.V has no column volt (float), which the model takes."),
        (0, SourceColumn("volts", "float"), "renamed", "has volts: if that is the same, name it volt in the view"),
        (1, SourceColumn("age", "bigint", False), "retyped", "gives age as bigint, and the model was trained on int"),
        (1, SourceColumn("age", "int"), "nullable", "allows NULL in age, and training saw none"),
    ],
)
def test_each_difference_has_its_message(place: int, column: SourceColumn | None, problem: str, message: str) -> None:
    columns = [*COLUMNS[:place], *([] if column is None else [column]), *COLUMNS[place + 1 :]]
    (found,) = compare(SIGNATURE, columns, "dbo.V")
    assert found.problem == problem
    assert message in found.message
    assert found.blocking == (problem != "nullable")


def test_texts_that_training_did_not_see_are_named() -> None:
    found = compare_categories(SIGNATURE.inputs[2], ["model1", None, "Model1"])
    assert found is not None
    assert found.message.startswith("model holds 'Model1' (near 'model1'), which training did not see")
    assert compare_categories(SIGNATURE.inputs[2], ["model3", None]) is None
    assert compare_categories(SIGNATURE.inputs[0], ["x"]) is None


def test_times_have_ranges_as_texts() -> None:
    frame = pd.DataFrame({"t": [datetime.datetime(2020, 1, 1), None]})
    assert infer(frame, output=OUTPUT).inputs[0].nullable
