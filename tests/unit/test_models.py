"""Model files: what they hold, and that none is unpickled that this account did not write."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from pymlsql import models, signature
from pymlsql.errors import ModelError, UntrustedModel
from pymlsql.models import Input, Output, Signature

INPUTS = (
    Input(name="volt", sql_type="float", dtype="float64"),
    Input(name="age", sql_type="int", dtype="float64"),
)
SIGNATURE = Signature(inputs=INPUTS, output=Output(classes=("comp1", "none")))


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def estimator() -> Any:
    rng = np.random.default_rng(1)
    features = pd.DataFrame({"volt": rng.normal(size=40), "age": rng.integers(0, 20, 40).astype(float)})
    return LogisticRegression().fit(features, np.where(features["volt"] > 0, "comp1", "none"))


class Bomb:
    """A pickle that leaves a mark when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


def test_the_signature_has_the_agreed_json() -> None:
    assert json.loads(SIGNATURE.to_json()) == {
        "version": 2,
        "inputs": [
            {"name": "volt", "sql_type": "float", "dtype": "float64", "nullable": True},
            {"name": "age", "sql_type": "int", "dtype": "float64", "nullable": True},
        ],
        "output": {"kind": "classification", "classes": ["comp1", "none"]},
    }
    assert Signature.from_json(SIGNATURE.to_json()) == SIGNATURE


@pytest.mark.parametrize(
    "change",
    [
        {"version": 3},
        {"inputs": []},
        {"inputs": [{"name": "a", "sql_type": "int", "dtype": "float64"}] * 2},
        {"inputs": [{"name": n, "sql_type": "int", "dtype": "float64"} for n in "aA"]},
        {"inputs": [{"name": "a", "sql_type": "int"}]},
        {"output": {"kind": "regression", "classes": ["a"]}},
        {"more": 1},
    ],
    ids=["version", "no inputs", "twice", "twice but for case", "no dtype", "kind", "unknown key"],
)
def test_a_wrong_signature_is_refused_in_one_line(change: dict[str, Any]) -> None:
    text = json.dumps({**json.loads(SIGNATURE.to_json()), **change})
    with pytest.raises(ModelError, match=r"^This is no model signature of version 2: [^\n]*$"):
        Signature.from_json(text)


def test_a_file_comes_back_without_being_unpickled(
    estimator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = models.pack(estimator, SIGNATURE, {"macro_f1": 0.9})
    path = tmp_path / "m.pkl"
    models.write_model_file(path, packed)
    monkeypatch.setattr(pickle, "loads", None)
    assert models.read_model_file(path) == packed


def test_a_file_names_the_run_that_made_it(estimator: Any, tmp_path: Path) -> None:
    run = models.RunOrigin(7, datetime.datetime(2020, 1, 2, 3, 4, 5, 6000))
    packed = dataclasses.replace(models.pack(estimator, SIGNATURE), run=run)
    models.write_model_file(tmp_path / "m.pkl", packed)
    assert models.read_model_file(tmp_path / "m.pkl") == packed


def test_the_pickle_is_one_that_python_3_7_reads(estimator: Any) -> None:
    assert models.pack(estimator, SIGNATURE).data[:2] == b"\x80\x04"


@pytest.mark.parametrize(
    ("signature", "sentence"),
    [
        (SIGNATURE.model_copy(update={"inputs": INPUTS[::-1]}), "input columns"),
        (SIGNATURE.model_copy(update={"output": Output(classes=("none", "comp1"))}), "classes"),
    ],
    ids=["inputs", "classes"],
)
def test_an_estimator_that_is_not_as_signed_is_refused(estimator: Any, signature: Signature, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        models.pack(estimator, signature)


def test_an_estimator_without_names_or_probabilities_is_refused(estimator: Any) -> None:
    with pytest.raises(ModelError, match="not a fitted classifier"):
        models.pack(LogisticRegression(), SIGNATURE)
    nameless = LogisticRegression().fit(np.eye(2), ["comp1", "none"])
    with pytest.raises(ModelError, match="fit it on a DataFrame"):
        models.pack(nameless, SIGNATURE)


def test_a_file_without_description_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "foreign.pkl"
    path.write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    for trust in (False, True):
        with pytest.raises(UntrustedModel, match="--trust"):
            models.read_model_file(path, trust=trust)
    assert not (tmp_path / "exploded").exists()


def test_a_seal_of_another_account_needs_trust(estimator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = models.pack(estimator, SIGNATURE)
    path = tmp_path / "m.pkl"
    models.write_model_file(path, packed)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other"))
    with pytest.raises(UntrustedModel, match="no seal of this account"):
        models.read_model_file(path)
    assert models.read_model_file(path, trust=True) == packed


def test_a_changed_description_breaks_the_seal(estimator: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    models.write_model_file(path, models.pack(estimator, SIGNATURE))
    sidecar = models.sidecar_path(path)
    values = json.loads(sidecar.read_text())
    values["packages"]["scikit-learn"] = "0.1"
    sidecar.write_text(json.dumps(values))
    with pytest.raises(UntrustedModel):
        models.read_model_file(path)


def test_changed_bytes_are_refused_even_with_trust(estimator: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    models.write_model_file(path, models.pack(estimator, SIGNATURE))
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(ModelError, match="sha256 differs"):
        models.read_model_file(path, trust=True)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "joblib"}', '{"format": "pickle", "sha256": "zz"}'])
def test_a_damaged_description_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(b"x")
    models.sidecar_path(path).write_text(text)
    with pytest.raises(ModelError):
        models.read_model_file(path, trust=True)


def test_a_trusted_foreign_pickle_takes_its_types_from_the_view(estimator: Any, tmp_path: Path) -> None:
    path = tmp_path / "foreign.pkl"
    path.write_bytes(pickle.dumps(estimator, protocol=4))
    packed = models.read_foreign_file(path, {"age": "int", "volt": "float", "other": "nvarchar(20)"})
    assert packed.signature == SIGNATURE
    with pytest.raises(ModelError, match="takes age, which the feature view does not have"):
        models.read_foreign_file(path, {"volt": "float"})


@pytest.mark.parametrize("content", [b"no pickle", pickle.dumps({"a": 1})], ids=["text", "no classifier"])
def test_a_foreign_file_that_holds_no_classifier_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "foreign.pkl"
    path.write_bytes(content)
    with pytest.raises(ModelError):
        models.read_foreign_file(path, {})


@pytest.mark.parametrize(
    ("sql_type", "dtype"),
    [
        ("int", "float64"),
        ("bit", "float64"),
        ("float", "float64"),
        ("nvarchar(20)", "str"),
        ("datetime", "datetime64[ns]"),
    ],
)
def test_every_input_type_has_its_dtype(sql_type: str, dtype: str) -> None:
    assert models.dtype_for(sql_type) == dtype


@pytest.mark.parametrize("sql_type", ["datetime2", "time", "xml", "varbinary(max)", "sql_variant"])
def test_types_that_scripts_cannot_take_are_refused(sql_type: str) -> None:
    with pytest.raises(ModelError, match="CAST it in the view"):
        models.dtype_for(sql_type)


def test_model_fitted_on_none_for_null_is_not_packed_with_a_sample() -> None:
    """Scripts get NaN among texts from pandas 3 on: an encoder takes that for another category than None."""
    frame = pd.DataFrame({"job": pd.Series(["a", None, "b", "a", None, "b"], dtype="object")})
    estimator = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    estimator.fit(frame, ["no", "yes", "no", "no", "yes", "no"])
    made = signature.infer(frame, estimator)
    if pd.DataFrame({"job": ["a", None]})["job"].dtype == object:
        models.pack(estimator, made, sample=frame)
        return
    with pytest.raises(ModelError, match="job holds None, and a script gets what pandas makes of NULL"):
        models.pack(estimator, made, sample=frame)
