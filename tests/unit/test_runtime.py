"""Which versions fit, and what the two scripts say when they run."""

from __future__ import annotations

import json
import pickle
import platform
import runpy
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression

from pymlsql import runtime
from pymlsql._resources import folder
from pymlsql.runtime import ServerRuntime
from tests.interpreters import require_python37

MADE_WITH = {"scikit-learn": "1.9.1", "numpy": "2.4.6", "pandas": "3.1.1"}


@pytest.mark.parametrize(
    ("packages", "sentence"),
    [
        (MADE_WITH, None),
        ({**MADE_WITH, "numpy": "2.1.0", "pandas": "2.2.0"}, None),
        ({"scikit-learn": "1.9.1", "numpy": "2.4.6"}, None),
        ({**MADE_WITH, "scikit-learn": "1.4.2"}, "made with scikit-learn 1.9.1 and the server has 1.4.2"),
        ({**MADE_WITH, "scikit-learn": "1.9.2"}, "made with scikit-learn 1.9.1 and the server has 1.9.2"),
        ({**MADE_WITH, "numpy": "1.22.0"}, "made with numpy 2.4.6 and the server has 1.22.0"),
        ({"numpy": "2.4.6"}, "has no scikit-learn: pip install scikit-learn==1.9.1"),
    ],
    ids=["same", "patch and pandas", "no pandas", "sklearn minor", "sklearn patch", "numpy major", "absent"],
)
def test_versions_are_compared_before_a_model_is_sent(packages: dict[str, str], sentence: str | None) -> None:
    found = runtime.find_mismatch(MADE_WITH, ServerRuntime("3.10.1", packages))
    if sentence is None:
        assert found is None
    else:
        assert found is not None
        assert sentence in found
        assert "\n" not in found


def run(script: str, **inputs: Any) -> dict[str, Any]:
    return runpy.run_path(str(folder("sql") / script), init_globals=inputs)


def test_the_versions_script_names_what_is_there() -> None:
    versions = json.loads(run(runtime.VERSIONS_SCRIPT, names="sklearn,no_such_package")["versions"])
    assert versions == {"python": platform.python_version(), "sklearn": sklearn.__version__}


SIGNATURE = {"inputs": [{"name": "x"}, {"name": "y"}], "output": {"classes": ["a", "b"]}}


@pytest.fixture(scope="module")
def model() -> bytes:
    features = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "y": [1.0, 0.0, 1.0, 0.0]})
    return pickle.dumps(LogisticRegression().fit(features, ["a", "a", "b", "b"]), protocol=4)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, ""),
        ({"output": {"classes": ["b", "a"]}}, "the model's classes are not those of its signature"),
        ({"inputs": [{"name": "y"}, {"name": "x"}]}, "the model's input columns are not those of its signature"),
    ],
    ids=["as signed", "classes", "inputs"],
)
def test_the_load_script_compares_model_and_signature(model: bytes, change: dict[str, Any], problem: str) -> None:
    assert run(runtime.LOAD_SCRIPT, model=model, signature=json.dumps({**SIGNATURE, **change}))["problem"] == problem


def test_the_load_script_says_why_bytes_do_not_load(model: bytes) -> None:
    found = run(runtime.LOAD_SCRIPT, model=model[:-20], signature=json.dumps(SIGNATURE))["problem"]
    assert found
    no_model = pickle.dumps(np.zeros(2), protocol=4)
    found = run(runtime.LOAD_SCRIPT, model=no_model, signature=json.dumps(SIGNATURE))["problem"]
    assert found == "the bytes hold no classifier with predict_proba"
    other = model.replace(sklearn.__version__.encode(), b"0" * len(sklearn.__version__))
    assert other != model
    found = run(runtime.LOAD_SCRIPT, model=other, signature=json.dumps(SIGNATURE))["problem"]
    assert found.startswith("InconsistentVersionWarning: Trying to unpickle estimator LogisticRegression")


@pytest.mark.parametrize("script", [runtime.VERSIONS_SCRIPT, runtime.LOAD_SCRIPT])
def test_scripts_are_ascii(script: str) -> None:
    assert (Path(folder("sql")) / script).read_bytes().isascii()


ON_37 = """\
import json, pickle, runpy, sys
import numpy as np
from sklearn.linear_model import LogisticRegression
model = pickle.dumps(LogisticRegression(solver="liblinear").fit(np.eye(4), ["a", "a", "b", "b"]), protocol=4)
signature = json.dumps({"inputs": [{"name": "x"}], "output": {"classes": sys.argv[3].split(",")}})
versions = runpy.run_path(sys.argv[1], init_globals={"names": "sklearn,pandas,no_such_package"})["versions"]
problem = runpy.run_path(sys.argv[2], init_globals={"model": model, "signature": signature})["problem"]
print(json.dumps({"versions": json.loads(versions), "problem": problem}))
"""


@pytest.mark.parametrize(("classes", "problem"), [("a,b", ""), ("b,a", "the model's classes are not those")])
def test_the_scripts_run_on_sql_server_2019_s_python(classes: str, problem: str) -> None:
    python = require_python37()
    scripts = [str(folder("sql") / name) for name in (runtime.VERSIONS_SCRIPT, runtime.LOAD_SCRIPT)]
    done = subprocess.run(
        [str(python), "-W", "ignore", "-c", ON_37, *scripts, classes],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["versions"]["python"].startswith("3.7.")
    assert set(said["versions"]) == {"python", "sklearn", "pandas"}
    assert said["problem"].startswith(problem)
    assert bool(said["problem"]) == bool(problem)
