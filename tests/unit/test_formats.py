"""Formats: what an estimator becomes, how files are told apart, large files, and MLflow's folders."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pymlsql import content, formats, mlmodel, models, samples, signature
from pymlsql.errors import ModelError

FRAME = pd.DataFrame({"volt": np.linspace(-1, 1, 60), "kind": ["a", "b", "c"] * 20})
TRUTH = np.where(FRAME["volt"] > 0, "yes", "no")


@pytest.fixture(autouse=True)
def _account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def estimator() -> Any:
    columns = ColumnTransformer([("n", StandardScaler(), ["volt"]), ("t", OneHotEncoder(), ["kind"])])
    return make_pipeline(columns, LogisticRegression()).fit(FRAME, TRUTH)


@pytest.fixture(scope="module")
def signed(estimator: Any) -> signature.Signature:
    return signature.infer(FRAME, estimator)


@pytest.mark.parametrize("format", formats.FORMATS)
def test_each_format_gives_back_what_went_in(format: str, estimator: Any, signed: signature.Signature) -> None:
    packed = models.pack(estimator, signed, format=format, sample=FRAME)
    assert isinstance(packed.data, bytes)
    assert formats.detect(packed.data[:4096], f"model{formats.FORMATS[format].suffixes[0]}") == format
    loaded = formats.load(packed.data, format, signed)
    stored = json.loads(packed.sample)
    assert len(stored["rows"]) == 30
    assert samples.furthest(stored["expected"], samples.predict(loaded, signed, stored["rows"])) < 1e-6
    found = samples.furthest(stored["expected"], samples.predict(estimator, signed, stored["rows"]))
    assert found < (samples.ONNX_ABSOLUTE if format == "onnx" else 1e-12)
    assert packed.scan is not None
    assert packed.scan.outcome == ("dangerous" if format == "dill" else "clean")  # dill looks up types by their names


@pytest.mark.parametrize("format", ["pickle", "joblib", "cloudpickle", "dill"])
def test_the_protocol_is_one_that_python_37_reads_unless_told(
    format: str, estimator: Any, signed: signature.Signature
) -> None:
    assert models.pack(estimator, signed, format=format).scan.protocol == 4  # type: ignore[union-attr]
    assert models.pack(estimator, signed, format=format, protocol=5).scan.protocol in (4, 5)  # type: ignore[union-attr]


def test_what_a_model_needs_is_told_with_its_version(estimator: Any, signed: signature.Signature) -> None:
    assert set(models.pack(estimator, signed).packages) == {"scikit-learn", "numpy", "pandas"}
    more = set(models.pack(estimator, signed, format="joblib").packages)
    assert more == {"scikit-learn", "numpy", "pandas", "joblib"}
    assert set(models.pack(estimator, signed, format="onnx").packages) == {"onnxruntime"}


@pytest.mark.parametrize(
    ("head", "name", "format"),
    [
        (b"\x80\x04", "m.pkl", "pickle"),
        (b"\x80\x04", "m.joblib", "joblib"),
        (b"\x80\x04..cloudpickle.cloudpickle", "m.pkl", "cloudpickle"),
        (b"\x80\x04..joblib.numpy_pickle\x94\x8c\x11NumpyArrayWrapper", "m.bin", "joblib"),
        (b"\x1f\x8b", "m.gz", "joblib"),
        (b"PK\x03\x04", "m.bin", "skops"),
        (b"\x08\x08\x12", "m.onnx", "onnx"),
        (b"cos\n", "m.pickle", "pickle"),
    ],
)
def test_the_format_is_told_by_bytes_and_name(head: bytes, name: str, format: str) -> None:
    assert formats.detect(head, name) == format


def test_a_file_of_no_format_is_refused() -> None:
    with pytest.raises(ModelError, match="format that is known"):
        formats.detect(b"%PDF", "m.pdf")
    with pytest.raises(ModelError, match="no format 'h5'"):
        formats.check_format("h5")


def test_bytes_of_another_scikit_learn_than_described_are_refused(estimator: Any, signed: signature.Signature) -> None:
    data = pickle.dumps(estimator, 4)
    with pytest.raises(ModelError, match=r"written by scikit-learn .* and their description says 0\.20\.2"):
        models.describe(data, signed, format="pickle", packages={"scikit-learn": "0.20.2"})


class Raises:
    """An estimator whose pickling runs into somebody's mistake."""

    feature_names_in_ = np.array(["volt", "kind"], dtype=object)
    classes_ = np.array(["no", "yes"], dtype=object)

    def predict(self, frame: Any) -> Any:
        return frame

    predict_proba = predict

    def __reduce__(self) -> Any:
        raise RuntimeError("not today")


def test_an_estimator_that_cannot_be_stored_is_a_sentence(signed: signature.Signature) -> None:
    with pytest.raises(ModelError, match="cannot be stored as pickle: not today"):
        models.pack(Raises(), signed)


def test_a_large_file_is_read_in_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, estimator: Any,
                                        signed: signature.Signature) -> None:  # fmt: skip
    path = tmp_path / "m.pkl"
    models.write_model_file(path, models.pack(estimator, signed, sample=FRAME))
    whole = path.read_bytes()
    monkeypatch.setattr(content, "PIECE_BYTES", 100)
    packed = models.read_model_file(path)
    assert isinstance(packed.data, content.FileBytes)
    assert packed.sha256 == hashlib.sha256(whole).digest()
    assert bytes(packed.data) == whole
    path.write_bytes(whole[:-20])
    with pytest.raises(ModelError, match="sha256 differs"):
        models.read_model_file(path)
    with pytest.raises(ModelError, match="break off"), content.mapped(content.read_file(path)) as view:
        from pymlsql import scanning

        scanning.scan(view, "pickle")


# MLflow -------------------------------------------------------------------------------------------------------------


def test_a_folder_of_mlflow_s_comes_back_as_it_went(
    tmp_path: Path, estimator: Any, signed: signature.Signature
) -> None:
    packed = models.pack(estimator, signed)
    mlmodel.write_directory(tmp_path / "m", packed)
    found = mlmodel.read_directory(tmp_path / "m")
    assert (found.data, found.signature, found.packages, found.format) == (
        packed.data, signed, packed.packages, "pickle")  # fmt: skip
    with pytest.raises(ModelError, match="there already"):
        mlmodel.write_directory(tmp_path / "m", packed)


MLMODEL = """\
artifact_path: model
flavors:
  python_function:
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.10.12
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: VERSION
mlflow_version: 2.9.2
model_uuid: 1f2e3d
signature:
  inputs: '[{"type": "double", "name": "volt", "required": true}, {"type": "string", "name": "kind"}]'
  outputs: '[{"type": "string", "required": true}]'
  params: null
utc_time_created: '2024-01-01 00:00:00.000000'
"""


@pytest.fixture
def folder(tmp_path: Path, estimator: Any) -> Path:
    """As MLflow 2 writes it."""
    import cloudpickle
    import sklearn

    path = tmp_path / "mlflow"
    path.mkdir()
    (path / "MLmodel").write_text(MLMODEL.replace("VERSION", sklearn.__version__))
    (path / "model.pkl").write_bytes(cloudpickle.dumps(estimator))
    (path / "requirements.txt").write_text("mlflow==2.9.2\ncloudpickle==2.2.1\nnumpy==1.26.4\nscikit-learn==1.3.2\n")
    return path


def test_a_folder_that_mlflow_wrote_is_read_without_it(folder: Path) -> None:
    import sklearn

    found = mlmodel.read_directory(folder, classes=("no", "yes"), sql_types={"kind": "nvarchar(20)"})
    assert found.format == "cloudpickle"
    assert found.python_version == "3.10.12"
    assert [(column.name, column.sql_type, column.nullable) for column in found.signature.inputs] == [
        ("volt", "float", False), ("kind", "nvarchar(20)", False)]  # fmt: skip
    assert found.packages == {"scikit-learn": sklearn.__version__, "numpy": "1.26.4", "cloudpickle": "2.2.1"}
    assert found.signature.output.classes == ("no", "yes")
    assert mlmodel.read_directory(folder).signature.output.kind == "regression"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flavors": {"tensorflow": {}}}, "no flavour that is read here"),
        ({"signature": None}, "no signature with named columns"),
        ({"flavors": {"sklearn": {"pickled_model": "../model.pkl"}}}, "outside of its folder"),
        ({"flavors": {"sklearn": {"pickled_model": "absent.pkl"}}}, "no such file"),
        ({"signature": {"inputs": '[{"type": "tensor", "name": "x"}]'}}, "MLflow's type tensor"),
        ({"flavors": []}, "no description of a model"),
    ],
)
def test_a_folder_that_cannot_be_used_is_a_sentence(folder: Path, change: dict[str, Any], message: str) -> None:
    values = {**yaml.safe_load((folder / "MLmodel").read_text()), **change}
    (folder / "MLmodel").write_text(yaml.safe_dump(values))
    with pytest.raises(ModelError, match=message):
        mlmodel.read_directory(folder)


@pytest.mark.parametrize("text", ["a: [", "- 1", "a: &a [x]\nb: &b [*a, *a]", "!!python/object/apply:os.system [id]"])
def test_a_description_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "MLmodel").write_text(text)
    with pytest.raises(ModelError):
        mlmodel.read_directory(folder)
