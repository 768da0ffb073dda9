"""What the server's Python says of a model before it serves: versions, loading, and the predictions of stored rows.

The other Pythons are real ones, registered as external languages.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import pickle
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pymlsql
from pymlsql import models, runtime, signature
from pymlsql.toolkit import Toolkit
from tests import servers
from tests.interpreters import require_python37, require_release

pytestmark = pytest.mark.timeout(300)

RNG = np.random.default_rng(7)
FRAME = pd.DataFrame(RNG.normal(size=(300, 3)), columns=["a", "b", "c"])
TRUTH = np.select([FRAME["a"] > 0.6, FRAME["b"] > 0.4], ["comp1", "comp2"], "none")

TRAIN_ELSEWHERE = """\
import base64, json, pickle, sys
import numpy, pandas, sklearn
from sklearn.linear_model import LogisticRegression
given = json.load(sys.stdin)
frame = pandas.DataFrame(given["rows"], columns=["a", "b", "c"])
model = LogisticRegression(multi_class="ovr", solver="liblinear").fit(frame, given["truth"])
print(json.dumps({
    "data": base64.b64encode(pickle.dumps(model, 4)).decode(),
    "expected": model.predict_proba(frame[:50]).tolist(),
    "packages": {"scikit-learn": sklearn.__version__, "numpy": numpy.__version__, "pandas": pandas.__version__},
    "python": sys.version.split()[0]}))
"""


def train_elsewhere(python: Path) -> models.PackedModel:
    """The model that another scikit-learn makes of the same rows, with its own predictions."""
    given = json.dumps({"rows": FRAME.to_numpy().tolist(), "truth": TRUTH.tolist()})
    done = subprocess.run([str(python), "-W", "ignore", "-c", TRAIN_ELSEWHERE], input=given, capture_output=True,
                          text=True, timeout=120, check=True)  # fmt: skip
    made = json.loads(done.stdout)
    rows = FRAME[:50].to_numpy().tolist()
    sample = {"rows": rows, "expected": made["expected"], "absolute": 1e-6, "relative": 1e-6}
    signed = signature.infer(FRAME, output=signature.Output(classes=("comp1", "comp2", "none")))
    return models.describe(
        base64.b64decode(made["data"]), signed,
        format="pickle", sample=json.dumps(sample), packages=made["packages"], python_version=made["python"],
    )  # fmt: skip


def pack(estimator: Any, **options: Any) -> models.PackedModel:
    estimator.fit(FRAME, options.pop("truth", TRUTH))
    return models.pack(estimator, signature.infer(FRAME, estimator), sample=FRAME, **options)


@pytest.fixture(scope="module")
def homes() -> dict[str, Path]:
    """Virtual environments by the name of their language."""
    found = {"Python37": require_python37(), "Sk12": require_release("1.2"), "Sk14": require_release("1.4")}
    return {name: python.parent.parent for name, python in found.items()}


@pytest.fixture(scope="module")
def db(homes: dict[str, Path]) -> Iterator[Toolkit]:
    """A registry on a server that may use the other Pythons."""
    if os.environ.get("PYMLSQL_TEST_URL"):
        pytest.skip("PYMLSQL_TEST_URL names a real server; this test starts one of its own")
    options = tuple(word for home in homes.values() for word in ("--python", str(home)))
    with servers.running(options=options) as target, pymlsql.connect(target.sqlalchemy_url) as made:
        made.enable_scripts()
        made.upgrade()
        for name, home in homes.items():
            variables = json.dumps({"PYTHONHOME": str(home)})
            made.execute(f"CREATE EXTERNAL LANGUAGE {name} FROM (CONTENT = 0xAB, FILE_NAME = 'pythonextension.dll', "
                         f"ENVIRONMENT_VARIABLES = N'{variables}')")  # fmt: skip
        yield made


def register(db: Toolkit, packed: models.PackedModel, name: str, **changes: Any) -> int:
    """A version written into the tables as somebody with rights on them could."""
    values = {"data": bytes(packed.data), "sha256": packed.sha256, "format": packed.format,
              "signature": packed.signature.to_json(), "python": packed.python_version,
              "packages": packed.packages_json, "sample": packed.sample, "language": "Python", **changes}  # fmt: skip
    db.execute("INSERT INTO ml.models (name) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM ml.models WHERE name = ?)",
               (name, name))  # fmt: skip
    db.execute("INSERT INTO ml.blobs (sha256, data, size_bytes) SELECT ?, ?, ? WHERE NOT EXISTS "
               "(SELECT 1 FROM ml.blobs WHERE sha256 = ?)",
               (values["sha256"], values["data"], len(values["data"]), values["sha256"]))  # fmt: skip
    version = db.scalar("SELECT COALESCE(MAX(v.version), 0) + 1 FROM ml.model_versions AS v JOIN ml.models AS m "
                        "ON m.model_id = v.model_id WHERE m.name = ?", (name,))  # fmt: skip
    db.execute(
        "INSERT INTO ml.model_versions (model_id, version, sha256, format, signature, python_version, packages, "
        "metrics, sample, language) SELECT model_id, ?, ?, ?, ?, ?, ?, N'{}', ?, ? FROM ml.models WHERE name = ?",
        (version, values["sha256"], values["format"], values["signature"], values["python"], values["packages"],
         values["sample"], values["language"], name),
    )  # fmt: skip
    return int(version)


def check(db: Toolkit, packed: models.PackedModel, name: str, language: str | None = None, **changes: Any) -> Any:
    return runtime.check_model(db, name, register(db, packed, name, **changes), language=language)


ESTIMATORS = {
    "classification": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=5),
    "clustering": lambda: KMeans(3, n_init=1, random_state=1),
    "anomaly": lambda: IsolationForest(n_estimators=5, random_state=1),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_what_was_made_with_the_server_s_versions_passes(db: Toolkit, name: str) -> None:
    found = check(db, pack(ESTIMATORS[name]()), name)
    assert found.reason is None
    assert found.passed
    assert found.packages["scikit-learn"] == pytest.importorskip("sklearn").__version__


def test_a_regression_passes(db: Toolkit) -> None:
    found = check(db, pack(RandomForestRegressor(n_estimators=5), truth=FRAME["a"] * 2), "regression")
    assert (found.passed, found.reason) == (True, None)


@pytest.mark.parametrize("format", ["pickle", "joblib", "cloudpickle", "dill", "skops", "onnx"])
def test_every_format_is_read_and_predicts_the_same(db: Toolkit, format: str) -> None:
    found = check(db, pack(make_pipeline(StandardScaler(), LogisticRegression()), format=format), f"as {format}")
    assert (found.passed, found.reason) == (True, None)


def test_the_check_is_recorded_with_what_it_found(db: Toolkit) -> None:
    packed = pack(LogisticRegression())
    good = check(db, packed, "recorded")
    bad = check(db, packed, "recorded", packages=json.dumps({"scikit-learn": "0.1"}))
    rows = db.rows("SELECT c.passed, c.language, c.python_version, c.reason, v.version FROM ml.model_checks AS c "
                   "JOIN ml.model_versions AS v ON v.model_version_id = c.model_version_id "
                   "JOIN ml.models AS m ON m.model_id = v.model_id WHERE m.name = N'recorded' "
                   "ORDER BY c.check_id")  # fmt: skip
    assert [(bool(row.passed), row.version, row.reason) for row in rows] == [(True, 1, None), (False, 2, bad.reason)]
    assert rows[0].python_version == good.python_version
    events = db.rows("SELECT action, version, detail FROM ml.events WHERE model = N'recorded' ORDER BY event_id")
    assert [(row.action, row.version, json.loads(row.detail)["passed"]) for row in events] == [
        ("check", 1, True), ("check", 2, False)]  # fmt: skip


# Other releases -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["1.2", "1.4"])
def test_a_model_of_an_older_release_is_blocked_with_the_ways_out(db: Toolkit, release: str) -> None:
    import sklearn

    packed = train_elsewhere(require_release(release))
    found = check(db, packed, f"from {release}")
    assert not found.passed
    made = packed.packages["numpy"] if packed.packages["numpy"][0] != np.__version__[0] else None
    assert ("numpy" if made else "scikit-learn") in found.reason
    assert f"scikit-learn=={sklearn.__version__}" in found.reason
    assert "train on the server" in found.reason


@pytest.mark.parametrize("release", ["1.2", "1.4"])
def test_where_versions_lie_the_sample_tells(db: Toolkit, release: str) -> None:
    """LogisticRegression(multi_class="ovr", solver="liblinear") loads in the newest release and predicts otherwise; the
    version is wiped out of bytes and description, so that nothing warns."""
    import sklearn

    packed = train_elsewhere(require_release(release))
    theirs = packed.packages["scikit-learn"].encode()
    ours = sklearn.__version__.encode().ljust(len(theirs), b" ")[: len(theirs)]
    data = bytes(packed.data).replace(b"\x8c" + bytes([len(theirs)]) + theirs, b"\x8c" + bytes([len(ours)]) + ours)
    assert data != packed.data
    assert ours.decode() == sklearn.__version__
    lying = {"scikit-learn": sklearn.__version__, "numpy": np.__version__}
    found = check(db, packed, f"lies of {release}", data=data, sha256=hashlib.sha256(data).digest(),
                  packages=json.dumps(lying))  # fmt: skip
    assert not found.passed
    assert "predicts something else here" in found.reason
    assert "50 stored rows differ" in found.reason


def test_a_model_of_today_is_blocked_on_the_python_of_sql_server_2019(db: Toolkit) -> None:
    found = check(db, pack(LogisticRegression()), "for 2019", language="Python37")
    assert not found.passed
    assert found.python_version.startswith("3.7")
    assert "pip install" in found.reason
    assert "scikit-learn==0.20.2" in found.reason


@pytest.mark.parametrize(("language", "release"), [("Sk12", "1.2"), ("Sk14", "1.4")])
def test_a_model_passes_in_the_language_whose_versions_it_was_made_with(
    db: Toolkit, language: str, release: str
) -> None:
    packed = train_elsewhere(require_release(release))
    found = check(db, packed, f"for {release}", language=language)
    assert (found.passed, found.reason) == (True, None)
    assert found.packages["scikit-learn"].startswith(release)


def test_a_protocol_that_the_language_cannot_read_is_named(db: Toolkit) -> None:
    packed = pack(LogisticRegression(), protocol=5)
    found = check(db, packed, "protocol 5", language="Python37", packages="{}")
    assert "The pickle has protocol 5, and Python 3.7" in found.reason


def test_a_language_that_is_not_there_is_a_reason(db: Toolkit) -> None:
    found = check(db, pack(LogisticRegression()), "nowhere", language="Python99")
    assert not found.passed
    assert "Python99" in found.reason


# Bad input ----------------------------------------------------------------------------------------------------------


def test_a_signature_that_lies_is_found(db: Toolkit) -> None:
    packed = pack(LogisticRegression())
    turned = packed.signature.model_copy(update={"inputs": packed.signature.inputs[::-1]})
    found = check(db, packed, "turned", signature=turned.to_json())
    assert "input columns are not those of its signature" in found.reason
    classes = packed.signature.model_copy(update={"output": signature.Output(classes=("none", "comp1", "comp2"))})
    found = check(db, packed, "other classes", signature=classes.to_json())
    assert "the model's own classes are" in found.reason
    onnx = pack(LogisticRegression(), format="onnx")
    found = check(db, onnx, "turned graph", signature=classes.to_json())
    assert "names the classes none, comp1, comp2, and the sample of rows was made with comp1" in found.reason


def test_bytes_changed_in_the_table_are_found(db: Toolkit) -> None:
    packed = pack(LogisticRegression(C=0.37))
    version = register(db, packed, "changed")
    db.execute("UPDATE ml.blobs SET data = 0x80 + CAST(data AS varbinary(8000)) WHERE sha256 = ?", (packed.sha256,))
    found = runtime.check_model(db, "changed", version)
    assert "do not match their sha256" in found.reason


@pytest.mark.parametrize(
    ("data", "format"),
    [(b"", "pickle"), (b"no model", "pickle"), (pickle.dumps({"a": 1}), "pickle"), (b"PK\x03\x04", "skops"),
     (b"\x08\x09", "onnx"), (b"x", "joblib"), (b"x", "no such format")],
    ids=["empty", "text", "no model", "zip", "onnx", "joblib", "format"],
)  # fmt: skip
def test_bytes_that_are_no_model_are_a_reason(db: Toolkit, data: bytes, format: str) -> None:
    packed = dataclasses.replace(pack(LogisticRegression()), data=data, sha256=hashlib.sha256(data).digest())
    found = check(db, packed, "broken", format=format, packages="{}")
    assert not found.passed
    assert found.reason


def test_there_is_no_check_of_what_is_not_there(db: Toolkit) -> None:
    from pymlsql.errors import DatabaseError

    with pytest.raises(DatabaseError) as caught:
        runtime.check_model(db, "no such model", 1)
    assert caught.value.number == 51053
