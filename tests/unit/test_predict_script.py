"""The script of the declared batch procedures, run as SQL Server runs it, with models of every kind."""

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
from tests.unit.test_score_script import COLUMNS, UNSEALED, Fixed, signature

CLASSES = ["none", "comp1", "comp2"]
CHANCES = pd.DataFrame(
    {"row_no": [7, 8, 9], "a": [0.7, 0.1, 0.25], "b": [0.2, 0.3, 0.5], "c": [0.1, 0.6, 0.25]}
).astype({"row_no": "int32"})
NAMES = ["a", "b", "c"]


class Number:
    """A regressor, or a clustering, whose answer is its first input."""

    def predict(self, frame: pd.DataFrame) -> Any:
        return frame.to_numpy()[:, 0]


class Detector(Number):
    """A detector of anomalies: its first input is its decision_function."""

    def predict(self, frame: pd.DataFrame) -> Any:
        return np.where(frame.to_numpy()[:, 0] < 0, -1, 1)

    def decision_function(self, frame: pd.DataFrame) -> Any:
        return frame.to_numpy()[:, 0]


def of_kind(kind: str) -> str:
    """A signature of a model without classes that takes a."""
    inputs = [{"name": "a", "sql_type": "float", "dtype": "float64"}]
    return json.dumps({"version": 2, "inputs": inputs, "output": {"kind": kind}})


def run(model: Any, text: str, frame: pd.DataFrame, rule: dict[str, Any], classes: list[str] = CLASSES) -> Any:
    """The script's globals after it has run."""
    done: dict[str, Any] = {"__name__": "__main__", "InputDataSet": frame, "model": pickle.dumps(model)}
    done |= {"signature": text, "columns": json.dumps(COLUMNS), "classes": json.dumps(classes)}
    done |= {"rule": json.dumps(rule), **UNSEALED}
    exec(compile(scripts.read("predict"), "predict.py", "exec"), done)
    return done


def scored(rule: dict[str, Any]) -> list[list[Any]]:
    """What comes of CHANCES, whose columns are the probabilities of comp1, none and comp2."""
    order = ["comp1", "none", "comp2"]
    told = {"output": "classification", "probabilities": False, "top_k": 0, **rule}
    done = run(Fixed(NAMES, order), signature(NAMES, order), CHANCES, told)
    assert (done["refusal"], done["failure"]) == ("", "")
    return done["OutputDataSet"].to_numpy().tolist()


def test_probabilities_come_in_the_procedures_order() -> None:
    assert scored({"probabilities": True}) == [
        [7, "comp1", 0.2, 0.7, 0.1], [8, "comp2", 0.3, 0.1, 0.6], [9, "none", 0.5, 0.25, 0.25]
    ]  # fmt: skip


def test_without_them_there_is_the_urgency() -> None:
    assert scored({}) == [[7, "comp1", 0.8], [8, "comp2", 0.7], [9, "none", 0.5]]


def test_likeliest_classes_keep_their_order_where_they_are_equal() -> None:
    assert [row[3:] for row in scored({"top_k": 3})] == [
        ["comp1", 0.7, "none", 0.2, "comp2", 0.1],
        ["comp2", 0.6, "none", 0.3, "comp1", 0.1],
        ["none", 0.5, "comp1", 0.25, "comp2", 0.25],
    ]


@pytest.mark.parametrize(
    ("thresholds", "wanted"),
    [
        ({"comp2": 0.2}, ["comp1", "comp2", "comp2"]),  # where it is not reached, the likeliest of the others
        ({"comp1": 0.8, "comp2": 0.61}, ["none", "none", "none"]),
        ({"comp1": 0.1, "comp2": 0.2}, ["comp1", "comp2", "comp1"]),  # 0.25 / 0.1 lies above 0.25 / 0.2
    ],
)
def test_thresholds_decide(thresholds: dict[str, float], wanted: list[str]) -> None:
    assert [row[1] for row in scored({"thresholds": thresholds})] == wanted


def test_least_expected_cost_decides() -> None:
    costs = [[0, 1, 1], [10, 0, 1], [1, 1, 0]]  # a comp1 that is taken for none costs 10
    assert [row[1] for row in scored({"costs": costs})] == ["comp1", "comp2", "comp1"]


@pytest.mark.parametrize(
    ("kind", "model", "wanted"),
    [
        ("regression", Number(), [[7, 0.7], [8, 0.1], [9, 0.25]]),
        ("clustering", Number(), [[7, 3], [8, -1], [9, 0]]),
        ("anomaly", Detector(), [[7, -0.7, 0], [8, 0.1, 1], [9, -0.25, 0]]),
    ],
)
def test_models_without_classes(kind: str, model: Any, wanted: list[list[float]]) -> None:
    values = {"clustering": [3.0, -1.0, 0.0], "anomaly": [0.7, -0.1, 0.25]}.get(kind, [0.7, 0.1, 0.25])
    done = run(model, of_kind(kind), CHANCES.assign(a=values), {"output": kind}, [])
    assert (done["refusal"], done["failure"]) == ("", "")
    assert done["OutputDataSet"].to_numpy().tolist() == wanted


WIDTHS = [
    ({"output": "classification", "probabilities": True, "top_k": 2}, 9),
    ({"output": "classification", "probabilities": False, "top_k": 0}, 3),
    ({"output": "classification", "probabilities": False, "top_k": 1, "thresholds": {"comp1": 0.5}}, 5),
    ({"output": "regression"}, 2),
    ({"output": "clustering"}, 2),
    ({"output": "anomaly"}, 3),
]


@pytest.mark.parametrize(("rule", "width"), WIDTHS)
def test_refusal_has_all_columns_and_no_row(rule: dict[str, Any], width: int) -> None:
    classes = CLASSES if rule["output"] == "classification" else []
    done = run(Number(), of_kind("other"), CHANCES, rule, classes)
    assert f"gives other, and this procedure {rule['output']}" in done["refusal"]
    assert done["OutputDataSet"].shape == (0, width)
    with pytest.raises(RuntimeError, match="and this procedure"):  # OUTPUT parameters are those of one process only
        run(Number(), of_kind("other"), CHANCES, {**rule, "parallel": True}, classes)


def test_prediction_that_is_no_number_is_a_failure() -> None:
    frame = CHANCES.assign(a=[0.1, np.nan, np.inf])
    for kind in ("regression", "clustering"):
        done = run(Number(), of_kind(kind), frame, {"output": kind}, [])
        assert "not a number" in done["failure"]
        assert done["OutputDataSet"].shape == (0, 2)


def test_detector_without_a_score_is_refused() -> None:
    done = run(Number(), of_kind("anomaly"), CHANCES, {"output": "anomaly"}, [])
    assert "has no decision_function" in done["refusal"]


ON_37 = """\
import json, pickle, runpy, sys
import numpy, pandas
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression
rng = numpy.random.RandomState(1)
frame = pandas.DataFrame(rng.normal(size=(200, 2)), columns=["a", "b"])
inputs = [{"name": name, "sql_type": "float", "dtype": "float64"} for name in ("a", "b")]
truth = numpy.where(frame["a"] > 0.5, "x", numpy.where(frame["b"] > 0.5, "y", "z"))
models = {
    "classification": RandomForestClassifier(n_estimators=20, random_state=1).fit(frame, truth),
    "regression": LinearRegression().fit(frame, frame["a"]),
    "clustering": KMeans(3, random_state=1).fit(frame),
    "anomaly": IsolationForest(n_estimators=20, random_state=1, behaviour="new", contamination=0.1).fit(frame)}
rows = frame.assign(row_no=numpy.arange(1, 201, dtype="int32"))
found = {}
for kind, model in models.items():
    output = {"kind": kind, "classes": ["x", "y", "z"] if kind == "classification" else []}
    for data in (pickle.dumps(model), b"garbage"):
        done = runpy.run_path(sys.argv[1], init_globals={
            "InputDataSet": rows, "model": data, "signature": json.dumps({"inputs": inputs, "output": output}),
            "columns": json.dumps([{"name": name, "sql_type": "float"} for name in ("a", "b")]),
            "classes": json.dumps(output["classes"]),
            "rule": json.dumps({"output": kind, "probabilities": True, "top_k": 2, "thresholds": {"x": 0.4}}),
            "format": "pickle", "statement": "", "seal": "", "seal_key": "", "trusted": ""})
        out = done["OutputDataSet"]
        if data == b"garbage":
            assert "Traceback" in done["failure"] and len(out) == 0, done["failure"]
        else:
            assert done["failure"] == "" and done["refusal"] == "", done["failure"] + done["refusal"]
            assert out.iloc[:, 0].tolist() == rows["row_no"].tolist()
            found[kind] = [len(out), out.shape[1]]
print(json.dumps(found))
"""


def test_script_runs_on_the_python_of_sql_server_2019(tmp_path: Path) -> None:
    program, script = tmp_path / "program.py", tmp_path / "predict.py"
    script.write_text(scripts.read("predict"), encoding="ascii")
    program.write_text(ON_37, encoding="utf-8")
    done = subprocess.run(
        [str(require_python37()), "-W", "ignore", str(program), str(script)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "classification": [200, 9], "regression": [200, 2], "clustering": [200, 2], "anomaly": [200, 3]
    }  # fmt: skip
