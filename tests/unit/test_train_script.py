"""The script of training procedures, on the Python of SQL Server 2019."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from pymlsql import scripts
from tests.interpreters import require_python37

ON_37 = """\
import json, pickle, runpy, sys
import numpy, pandas, sklearn
rng = numpy.random.RandomState(1)
frame = pandas.DataFrame({"t": pandas.date_range("2024-01-01", periods=300, freq="H"), "a": rng.normal(size=300),
                          "b": rng.normal(size=300), "s": rng.choice(["x", "y"], 300)})
frame.loc[3, "b"] = numpy.nan
frame["y"] = numpy.where((frame["a"] > 0.3) == (frame["s"] == "x"), "good", "bad")
frame["v"] = frame["a"] * 2 + (frame["s"] == "x")
task = {"columns": [{"name": "b", "sql_type": "float", "dtype": "float64"},
                    {"name": "s", "sql_type": "nvarchar(5)", "dtype": "str"},
                    {"name": "a", "sql_type": "int", "dtype": "float64"}],
        "time": "t", "label": "y", "kind": "classification", "module": "sklearn.ensemble", "view": "dbo.v",
        "estimator": "RandomForestClassifier", "parameters": {"n_estimators": 20}, "seed": 1, "gap_s": 7200.0,
        "impute": "median", "scale": True}
def train(test_from="", **changes):
    return runpy.run_path(sys.argv[1], init_globals={"InputDataSet": frame, "task": json.dumps(dict(task, **changes)),
                                                     "test_from": test_from})
found = train()
assert not (found["refusal"] or found["failure"]), found["refusal"] + found["failure"]
model = pickle.loads(found["data"])
signature, sample = json.loads(found["signature"]), json.loads(found["sample"])
assert signature["inputs"][0]["nullable"] is True and signature["inputs"][1]["categories"] == ["x", "y"]
assert signature["output"] == {"kind": "classification", "classes": ["bad", "good"]}
assert numpy.allclose(model.predict_proba(pandas.DataFrame(sample["rows"], columns=sample["columns"])),
                      sample["expected"])
metrics = json.loads(found["metrics"])
assert metrics["macro_f1"] > 0.8 and metrics["test"]["since"] == "2024-01-09T00:00:00", metrics
assert metrics["train"]["until"] == "2024-01-08T22:00:00"
number = train(label="v", kind="regression", module="sklearn.linear_model", estimator="Ridge",
               parameters={"alpha": 0.1})
assert json.loads(number["metrics"])["r2"] > 0.99, number["failure"]
for kind, module, estimator in (("clustering", "sklearn.cluster", "KMeans"),
                                ("anomaly", "sklearn.ensemble", "IsolationForest")):
    bare = train(label=None, kind=kind, module=module, estimator=estimator, parameters={})
    assert not (bare["refusal"] or bare["failure"]), bare["refusal"] + bare["failure"]
boosted = train(estimator="HistGradientBoostingClassifier", parameters={})
assert "has no HistGradientBoostingClassifier" in boosted["refusal"], boosted["refusal"] + boosted["failure"]
assert "has no lightgbm" in train(module="lightgbm", estimator="LGBMClassifier", parameters={})["refusal"]
assert "does not take" in train(parameters={"trees": 3})["refusal"]
assert "nothing is left to train on" in train(test_from="2023-01-01T00:00:00")["refusal"]
print(json.dumps([sys.version_info[:2], pandas.__version__, sklearn.__version__]))
"""


def test_script_trains_on_the_python_of_sql_server_2019(tmp_path: Path) -> None:
    program, script = tmp_path / "program.py", tmp_path / "train.py"
    script.write_text(scripts.read("train"), encoding="ascii")
    program.write_text(ON_37, encoding="utf-8")
    done = subprocess.run(
        [str(require_python37()), "-W", "ignore", str(program), str(script)],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[3, 7], "0.24.2", "0.20.2"]
