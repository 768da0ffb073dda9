"""sql/scripts/score.py, run as SQL Server runs it: top-level code between its parameters and OutputDataSet."""

from __future__ import annotations

import json
import pickle
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from pymlsql import scripts
from tests.interpreters import require_python37

CLASSES = ["none", "comp1", "comp2"]
UNSEALED = {"format": "pickle", "statement": "", "seal": "", "seal_key": "", "trusted": ""}
COLUMNS = [{"name": name, "sql_type": "float"} for name in ("c", "a", "b")] + [{"name": "n", "sql_type": "int"}]


class Fixed:
    """A classifier whose probabilities are its inputs: shows at once which column went where."""

    def __init__(self, names: list[str], classes: list[str]) -> None:
        self.feature_names_in_ = np.array(names, dtype=object)
        self.classes_ = np.array(classes, dtype=object)

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        assert list(frame.columns) == list(self.feature_names_in_)
        return frame.to_numpy()


class Raising(Fixed):
    def predict_proba(self, frame: pd.DataFrame) -> Any:
        raise RuntimeError("no tree today")


def signature(names: list[str], classes: list[str], sql_type: str = "float") -> str:
    inputs = [{"name": name, "sql_type": sql_type, "dtype": "float64"} for name in names]
    return json.dumps({"version": 1, "inputs": inputs, "output": {"kind": "classification", "classes": classes}})


def run(model: Any, text: str, frame: pd.DataFrame) -> dict[str, Any]:
    """The script's globals after it has run."""
    done: dict[str, Any] = {"__name__": "__main__"}
    done.update(
        {
            "InputDataSet": frame,
            "model": model if isinstance(model, bytes) else pickle.dumps(model),
            "signature": text,
            "columns": json.dumps(COLUMNS),
            "classes": json.dumps(CLASSES),
            **UNSEALED,
        }
    )
    exec(compile(scripts.read("score"), "score.py", "exec"), done)
    return done


@pytest.fixture
def frame() -> pd.DataFrame:
    """As a view's columns come: in another order than the model's, with one it does not want."""
    return pd.DataFrame(
        {"row_no": [7, 8], "c": [0.1, 0.6], "a": [0.7, 0.1], "b": [0.2, 0.3], "n": [1.0, np.nan]}
    ).astype({"row_no": "int32"})


def test_columns_and_classes_are_bound_by_name(frame: pd.DataFrame) -> None:
    """Inputs a, b, c; the model's classes stand in another order than the procedure's."""
    classes = ["comp2", "none", "comp1"]
    done = run(Fixed(["a", "b", "c"], classes), signature(["a", "b", "c"], classes), frame)
    assert (done["refusal"], done["failure"]) == ("", "")
    expected = pd.DataFrame(
        {"row_no": [7, 8], "predicted": ["comp2", "comp1"], "p_0": [0.2, 0.3], "p_1": [0.1, 0.6], "p_2": [0.7, 0.1]}
    )
    pd.testing.assert_frame_equal(done["OutputDataSet"], expected, check_dtype=False)


def test_class_that_the_model_never_saw_has_probability_zero(frame: pd.DataFrame) -> None:
    done = run(Fixed(["a", "b"], ["none", "comp2"]), signature(["a", "b"], ["none", "comp2"]), frame)
    assert done["OutputDataSet"]["p_1"].tolist() == [0.0, 0.0]
    assert done["OutputDataSet"]["predicted"].tolist() == ["none", "comp2"]


def test_equal_probabilities_give_the_first_class(frame: pd.DataFrame) -> None:
    frame[["a", "b"]] = 0.5
    done = run(Fixed(["a", "b"], ["comp2", "none"]), signature(["a", "b"], ["comp2", "none"]), frame)
    assert done["OutputDataSet"]["predicted"].tolist() == ["none", "none"]


REFUSALS = {
    "missing column": (Fixed(["a", "x"], CLASSES), signature(["a", "x"], CLASSES), "takes the column x"),
    "other type": (Fixed(["a"], CLASSES), signature(["a"], CLASSES, "int"), "trained on a as int"),
    "other order than the signature": (Fixed(["b", "a"], CLASSES), signature(["a", "b"], CLASSES), "in that order"),
    "other classes than the signature": (
        Fixed(["a", "b"], ["none", "comp1"]), signature(["a", "b"], ["comp1", "none"]), "signature says comp1, none",
    ),
    "class without a column": (
        Fixed(["a", "b"], ["none", "comp9"]), signature(["a", "b"], ["none", "comp9"]), "the class comp9",
    ),
    "no classifier": ({"a": 1}, signature(["a"], CLASSES), "no classifier"),
}  # fmt: skip


@pytest.mark.parametrize(("model", "text", "message"), REFUSALS.values(), ids=REFUSALS)
def test_model_that_does_not_fit_is_refused_without_a_score(
    model: Any, text: str, message: str, frame: pd.DataFrame
) -> None:
    done = run(model, text, frame)
    assert message in done["refusal"]
    assert done["failure"] == ""
    assert done["OutputDataSet"].shape == (0, 5)


def test_traceback_of_the_model_is_handed_back(frame: pd.DataFrame) -> None:
    done = run(Raising(["a"], CLASSES), signature(["a"], CLASSES), frame)
    assert done["refusal"] == ""
    assert "Traceback" in done["failure"]
    assert "RuntimeError: no tree today" in done["failure"]
    assert done["OutputDataSet"].shape == (0, 5)


def test_bytes_that_are_no_pickle_are_a_failure(frame: pd.DataFrame) -> None:
    assert "UnpicklingError" in run(b"garbage", signature(["a"], CLASSES), frame)["failure"]


def test_probability_that_is_no_number_is_a_failure(frame: pd.DataFrame) -> None:
    frame["a"] = np.nan
    done = run(Fixed(["a", "b"], ["none", "comp1"]), signature(["a", "b"], ["none", "comp1"]), frame)
    assert "not a number" in done["failure"]


def test_pickle_of_another_scikit_learn_is_a_failure(frame: pd.DataFrame) -> None:
    """It would load with a warning and might predict something else."""
    estimator = LogisticRegression().fit(frame[["a", "b"]], ["none", "comp1"])
    data = pickle.dumps(estimator)
    version = str(estimator.__getstate__()["_sklearn_version"]).encode()
    assert data.count(version) == 1
    other = data.replace(version, b"0" * len(version))
    done = run(other, signature(["a", "b"], ["comp1", "none"]), frame)
    assert "Trying to unpickle estimator" in done["failure"]
    assert run(data, signature(["a", "b"], ["comp1", "none"]), frame)["failure"] == ""


ON_37 = """\
import json, pickle, runpy, sys
unsealed = {"format": "pickle", "statement": "", "seal": "", "seal_key": "", "trusted": ""}
import numpy, pandas, sklearn
from sklearn.ensemble import RandomForestClassifier
rng = numpy.random.RandomState(1)
frame = pandas.DataFrame(rng.normal(size=(200, 3)), columns=["c", "a", "b"])
truth = numpy.where(frame["a"] > 0.5, "comp1", numpy.where(frame["b"] > 0.5, "comp2", "none"))
estimator = RandomForestClassifier(n_estimators=20, random_state=1).fit(frame[["a", "b"]], truth)
inputs = [{"name": name, "sql_type": "float", "dtype": "float64"} for name in ("a", "b")]
classes = [str(name) for name in estimator.classes_]
frame.insert(0, "row_no", numpy.arange(1, 201, dtype="int32"))
done = runpy.run_path(sys.argv[1], init_globals={
    "InputDataSet": frame, "model": pickle.dumps(estimator),
    "signature": json.dumps({"version": 1, "inputs": inputs, "output": {"classes": classes}}),
    "columns": json.dumps([{"name": name, "sql_type": "float"} for name in ("c", "a", "b")]),
    "classes": json.dumps(["none", "comp1", "comp2"]), **unsealed})
assert done["failure"] == "" and done["refusal"] == "", done["failure"] + done["refusal"]
out = done["OutputDataSet"]
print(json.dumps({
    "versions": [sys.version_info[:2], pandas.__version__, sklearn.__version__], "columns": list(out.columns),
    "right": float((out["predicted"] == truth).mean()), "sums": float(out[["p_0", "p_1", "p_2"]].sum(axis=1).max()),
    "rows": [int(out["row_no"].min()), int(out["row_no"].max()), len(out)]}))
bad = runpy.run_path(sys.argv[1], init_globals={
    "InputDataSet": frame, "model": b"garbage", "signature": json.dumps({"inputs": [], "output": {"classes": []}}),
    "columns": "[]", "classes": json.dumps(["none", "comp1"]), **unsealed})
assert "Traceback" in bad["failure"] and bad["OutputDataSet"].shape == (0, 4)
"""


def test_script_runs_on_the_python_of_sql_server_2019(tmp_path: Path) -> None:
    program, script = tmp_path / "program.py", tmp_path / "score.py"
    script.write_text(scripts.read("score"), encoding="ascii")
    program.write_text(ON_37, encoding="utf-8")
    done = subprocess.run(
        [str(require_python37()), str(program), str(script)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["versions"] == [[3, 7], "0.24.2", "0.20.2"]
    assert found["columns"] == ["row_no", "predicted", "p_0", "p_1", "p_2"]
    assert found["rows"] == [1, 200, 200]
    assert found["right"] > 0.95
    assert found["sums"] == pytest.approx(1)
