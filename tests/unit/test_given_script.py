"""The scripts of scoring on demand, run as SQL Server runs them: what JSON becomes, and what is refused."""

from __future__ import annotations

import json
import pickle
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pymlsql import scripts
from tests.interpreters import require_python37
from tests.unit.test_score_script import CLASSES, UNSEALED, Fixed

RULE = {"output": "classification", "probabilities": True, "top_k": 0}


def text_of(name: str) -> str:
    """The script with all parts that a procedure may need."""
    return "\n".join(map(scripts.read, ["given_exact", "given_times", name] if name == "given" else [name]))


def run(name: str, model: Any, columns: dict[str, str], **given: Any) -> dict[str, Any]:
    """The script's globals after it has run; `columns` are the procedure's, names with types."""
    told = given.pop("told", {"form": "objects", "optional": [], "id": None})
    names = list(given.pop("inputs", columns))
    inputs = [{"name": one, "sql_type": columns[one], "dtype": "float64"} for one in names]
    declared = {"columns": [{"name": one, "sql_type": kind} for one, kind in columns.items()], **told}
    done: dict[str, Any] = {
        "__name__": "__main__", "model": pickle.dumps(model), "declared": json.dumps(declared),
        "signature": json.dumps({"inputs": inputs, "output": {"kind": "classification", "classes": CLASSES}}),
        "classes": json.dumps(CLASSES), "rule": json.dumps(RULE), **UNSEALED, **given,
    }  # fmt: skip
    exec(compile(text_of(name), name, "exec"), done)
    return done


class Keeping(Fixed):
    """Gives the first class for everything, and keeps the frame that it was given."""

    frames: list[pd.DataFrame] = []

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        self.frames.append(frame)
        return np.tile([1.0, 0.0, 0.0], (len(frame), 1))


def frame_of(columns: dict[str, str], rows: Any, **told: Any) -> pd.DataFrame:
    """The frame that a model is given for rows."""
    Keeping.frames.clear()
    text = rows if isinstance(rows, str) else json.dumps(rows)
    done = run("given", Keeping(list(columns), CLASSES), columns, rows=text,
               told={"form": "objects", "optional": [], "id": None, **told})  # fmt: skip
    assert (done["wrong"], done["refusal"], done["failure"]) == ("", "", "")
    (found,) = Keeping.frames
    return found


@pytest.mark.parametrize(
    ("sql_type", "value", "expected"),
    [
        ("int", 3, 3.0), ("int", 3.0, 3.0), ("bit", True, 1.0), ("bit", 0, 0.0), ("tinyint", 255, 255.0),
        ("float", 1e308, 1e308), ("float", 7, 7.0), ("real", 0.1, float(np.float32(0.1))),
        ("float(24)", 0.1, float(np.float32(0.1))), ("float(53)", 0.1, 0.1),
        ("decimal(6, 2)", 1.005, 1.01), ("decimal(6, 2)", -1.005, -1.01), ("decimal(6, 2)", 9999.99, 9999.99),
        ("money", 0.00005, 0.0001), ("numeric(4)", 2.5, 3.0),
    ],
)  # fmt: skip
def test_number_is_what_a_column_of_its_type_would_give(sql_type: str, value: Any, expected: float) -> None:
    frame = frame_of({"x": sql_type}, [{"x": value}, {"x": None}])
    assert frame["x"].dtype == "float64"
    assert frame["x"].iloc[0] == expected
    assert np.isnan(frame["x"].iloc[1])


@pytest.mark.parametrize(
    ("sql_type", "value", "expected"),
    [
        ("date", "2024-02-29", "2024-02-29"), ("datetime", "2024-02-29", "2024-02-29"),
        ("datetime", "2024-02-29T12:34:56.005", "2024-02-29 12:34:56.007"),
        ("datetime", "2024-12-31 23:59:59.999", "2025-01-01"), ("datetime", "2024-02-29T12:34", "2024-02-29 12:34"),
        ("smalldatetime", "2024-02-29T12:34:29.998", "2024-02-29 12:34"),
        ("smalldatetime", "2024-02-29T12:34:29.999", "2024-02-29 12:35"),
    ],
)  # fmt: skip
def test_time_is_rounded_as_its_type_is(sql_type: str, value: str, expected: str) -> None:
    frame = frame_of({"x": sql_type}, [{"x": value}, {"x": None}])
    assert frame["x"].iloc[0] == pd.Timestamp(expected)
    assert frame["x"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("sql_type", "value", "expected"),
    [("nvarchar(3)", "a\u2603b", "a\u2603b"), ("nchar(4)", "ab", "ab  "), ("char(4)", "ab", "ab  "),
     ("varchar(max)", "x" * 9000, "x" * 9000)],
)  # fmt: skip
def test_text_stays_as_it_is_but_for_the_padding_of_its_type(sql_type: str, value: str, expected: str) -> None:
    frame = frame_of({"x": sql_type}, [{"x": value}, {"x": None}])
    assert frame["x"].iloc[0] == expected
    assert frame["x"].isna().tolist() == [False, True]


WRONG = {
    "int": ("int", "x takes a whole number (int), not 1.5", 1.5),
    "int as boolean": ("int", "x takes a whole number (int), not true", True),
    "bit": ("bit", "x takes 0 to 1 (bit), not 2", 2),
    "tinyint": ("tinyint", "x takes 0 to 255 (tinyint), not -1", -1),
    "decimal": ("decimal(6, 2)", "x takes 4 digits before the point (decimal), not 9999.995", 9999.995),
    "real": ("real", "x takes a number that real holds, not 1e+39", 1e39),
    "nvarchar": ("nvarchar(3)", "x takes 3 characters (nvarchar), not the 4 of \"abcd\"", "abcd"),
    "pairs count twice": ("nvarchar(3)", "x takes 3 characters (nvarchar), not the 4 of", "\U0001f600\U0001f600"),
    "date with a time": ("date", 'x takes a time (date) as "YYYY-MM-DD", not "2024-01-01T00:00"', "2024-01-01T00:00"),
    "no such day": ("datetime", "x takes a time (datetime), and there is no \"2023-02-29\"", "2023-02-29"),
    "too early": ("datetime", "x takes the years 1753 to 9999", "1700-01-01"),
    "zone": ("datetime", "x takes a time (datetime) as", "2024-01-01T00:00:00Z"),
    "number as time": ("datetime", "x takes a time (datetime) as", 20240101),
}


@pytest.mark.parametrize(("sql_type", "message", "value"), WRONG.values(), ids=WRONG)
def test_wrong_value_is_refused_by_a_sentence(sql_type: str, message: str, value: Any) -> None:
    done = run("given", Keeping(["x"], CLASSES), {"x": sql_type}, rows=json.dumps([{"x": None}, {"x": value}]))
    assert done["wrong"].startswith("row 2: " + message), done["wrong"] + done["failure"]
    assert (done["refusal"], done["failure"], done["OutputDataSet"].shape) == ("", "", (0, 5))


def test_columns_of_the_model_are_taken_by_name_and_in_its_order() -> None:
    columns = {"c": "float", "b": "float", "n": "int", "a": "float"}
    row = {"a": 0.7, "n": None, "b": 0.2, "c": 0.1}
    done = run("given", Fixed(["a", "b", "c"], CLASSES), columns, inputs=["a", "b", "c"], rows=json.dumps(row))
    assert done["OutputDataSet"].values.tolist() == [[1, "none", 0.7, 0.2, 0.1]]


def test_values_come_in_the_order_of_the_columns_and_ids_go_along() -> None:
    columns = {"c": "float", "b": "float", "a": "float"}
    model = Fixed(["a", "b", "c"], CLASSES)
    done = run("given", model, columns, inputs=["a", "b", "c"], rows="[0.1, 2.0000000000000001e-001, 0.7]",
               told={"form": "values"})  # fmt: skip
    assert done["OutputDataSet"].values.tolist() == [[1, "none", 0.7, 0.2, 0.1]]
    rows = json.dumps([{"a": 0.0, "b": 1.0, "c": 0.0, "id": 7}, {"a": 0.0, "b": 0.0, "c": 1.0}])
    done = run("given", model, columns, inputs=["a", "b", "c"], rows=rows,
               told={"form": "objects", "optional": [], "id": "id"})  # fmt: skip
    assert done["OutputDataSet"]["c001"].tolist()[0] == "7"
    assert done["OutputDataSet"]["c001"].isna().tolist() == [False, True]
    assert done["OutputDataSet"]["c002"].tolist() == ["comp1", "comp2"]


def test_table_s_columns_are_bound_by_name() -> None:
    frame = pd.DataFrame({"row_no": [7, 5], "c": [0.1, 0.6], "a": [0.7, 0.1], "b": [0.2, 0.3]})
    columns = {"c": "float", "a": "float", "b": "float"}
    done = run("given_table", Fixed(["a", "b", "c"], CLASSES), columns, inputs=["a", "b", "c"], InputDataSet=frame)
    assert done["OutputDataSet"].values.tolist() == [[7, "none", 0.7, 0.2, 0.1], [5, "comp2", 0.1, 0.3, 0.6]]


ON_37 = """\
import json, pickle, runpy, sys
import numpy, pandas, sklearn
from sklearn.linear_model import LogisticRegression
rng = numpy.random.RandomState(1)
frame = pandas.DataFrame(rng.normal(size=(200, 2)), columns=["a", "b"])
truth = numpy.where(frame["a"] > 0.5, "comp1", "none")
estimator = LogisticRegression(solver="liblinear").fit(frame[["b", "a"]], truth)
columns = [{"name": "a", "sql_type": "float"}, {"name": "t", "sql_type": "nvarchar(5)"},
           {"name": "d", "sql_type": "datetime"}, {"name": "b", "sql_type": "decimal(9, 4)"}]
given = {
    "rows": json.dumps([{"a": 1.0, "t": None, "d": "2024-01-01", "b": 2}, {"a": 0.1, "t": "x", "d": None, "b": 0.5}]),
    "model": pickle.dumps(estimator), "format": "pickle", "statement": "", "seal": "", "seal_key": "", "trusted": "",
    "declared": json.dumps({"form": "objects", "columns": columns, "optional": [], "id": None}),
    "signature": json.dumps({"inputs": [{"name": "b", "sql_type": "decimal"}, {"name": "a", "sql_type": "float"}],
                             "output": {"kind": "classification", "classes": ["comp1", "none"]}}),
    "classes": json.dumps(["none", "comp1"]),
    "rule": json.dumps({"output": "classification", "probabilities": True, "top_k": 0})}
done = runpy.run_path(sys.argv[1], init_globals=given)
assert not (done["wrong"] or done["failure"] or done["refusal"]), done["wrong"] + done["failure"] + done["refusal"]
expected = estimator.predict_proba(pandas.DataFrame({"b": [2.0, 0.5], "a": [1.0, 0.1]}))
out = done["OutputDataSet"]
assert numpy.array_equal(out[["c003", "c002"]].values, expected), out
bad = runpy.run_path(sys.argv[1], init_globals=dict(given, rows="[{}]"))
assert bad["wrong"] == "row 1: it lacks a, t, d, b: give a value, or null", bad["wrong"] + bad["failure"]
assert bad["OutputDataSet"].shape == (0, 4)
print(json.dumps([sys.version_info[:2], pandas.__version__, sklearn.__version__]))
"""


def test_script_runs_on_the_python_of_sql_server_2019(tmp_path: Path) -> None:
    program, script = tmp_path / "program.py", tmp_path / "given.py"
    script.write_text(text_of("given"), encoding="ascii")
    program.write_text(ON_37, encoding="utf-8")
    done = subprocess.run(
        [str(require_python37()), str(program), str(script)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[3, 7], "0.24.2", "0.20.2"]
