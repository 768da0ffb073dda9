"""Model directories of MLflow, read and written without MLflow: an MLmodel file in YAML beside the model's bytes."""

from __future__ import annotations

import datetime
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from pymlsql import content, formats, scanning
from pymlsql.errors import ModelError
from pymlsql.models import PackedModel, describe
from pymlsql.signature import Input, Output, Signature, dtype_for

FILE = "MLmodel"

_SQL_TYPES = {
    "double": "float", "float": "real", "integer": "int", "long": "bigint", "boolean": "bit", "string": "nvarchar(max)",
    "datetime": "datetime",
}  # fmt: skip
_TYPES = {"float": "double", "real": "float", "int": "integer", "bigint": "long", "bit": "boolean",
          "smallint": "integer", "tinyint": "integer", "datetime": "datetime", "date": "datetime"}  # fmt: skip
_SUFFIXES = {"pickle": "pkl", "joblib": "joblib", "cloudpickle": "pkl", "dill": "dill", "skops": "skops",
             "onnx": "onnx"}  # fmt: skip


def is_directory(path: Path) -> bool:
    """Whether a folder is a model of MLflow's."""
    return (path / FILE).is_file()


def read_directory(path: Path, *, classes: tuple[str, ...] = (),
                   sql_types: dict[str, str] | None = None) -> PackedModel:  # fmt: skip
    """A model of MLflow's scikit-learn or ONNX flavour; nothing is loaded.

    Its signature has names and types. What a classifier's classes are it does not say: name them in `classes`, in the
    order of `classes_`; without them the model is a regression. `sql_types` are the types of a table or view, where
    MLflow's are not enough. Raises ModelError where a part is missing or of another flavour.
    """
    values = _read_yaml(path)
    flavors = values.get("flavors") or {}
    if "sklearn" in flavors:
        name = str(flavors["sklearn"].get("pickled_model", "model.pkl"))
        told = str(flavors["sklearn"].get("serialization_format", "cloudpickle"))
    elif "onnx" in flavors:
        name, told = str(flavors["onnx"].get("data", "model.onnx")), "onnx"
    else:
        known = ", ".join(flavors) or "none"
        raise ModelError(f"{path} has no flavour that is read here, sklearn or onnx (it has: {known}).")
    file = path / name
    if file.resolve().parent != path.resolve():
        raise ModelError(f"{path / FILE} names a file outside of its folder: {name}.")
    data = content.read_file(file)
    format = "onnx" if told == "onnx" else formats.detect(content.piece(data, 0, 4096), f"model.{_suffix(told)}")
    with content.mapped(data) as view:
        report = scanning.scan(view, format)
    return describe(
        data, _signature(path, values, classes, sql_types or {}), format=format,
        packages=_packages(path, flavors, report.sklearn_versions, format),
        python_version=str((flavors.get("python_function") or {}).get("python_version") or "") or None,
    )  # fmt: skip


def _signature(path: Path, values: dict[str, Any], classes: tuple[str, ...], sql_types: dict[str, str]) -> Signature:
    metadata = values.get("metadata")
    own = metadata.get("pymlsql_signature") if isinstance(metadata, dict) else None
    if isinstance(own, str):
        found = Signature.from_json(own)
        if classes and classes != found.output.classes:
            said = ", ".join(found.output.classes) or "none"
            raise ModelError(f"{path} names its classes itself ({said}): leave --classes out.")
        return found
    inputs = tuple(_input(column, sql_types) for column in _columns(path, values))
    return Signature(inputs=inputs, output=Output(classes=classes) if classes else Output(kind="regression"))


def write_directory(path: Path, model: PackedModel) -> None:
    """Write a model as MLflow's folder: MLmodel, the bytes, requirements.txt. Raises ModelError where it is there."""
    make_directory(path).joinpath(file_name(model.format)).write_bytes(bytes(model.data))
    describe_directory(path, model)


def make_directory(path: Path) -> Path:
    """An empty folder. Raises ModelError where it holds something, or cannot be made."""
    try:
        if path.exists() and any(path.iterdir()):
            raise ModelError(f"{path} is there already and not empty.")
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{path} cannot be made: {error.strerror}.") from None
    return path


def file_name(format: str) -> str:
    """How MLflow's folder calls the bytes of a format."""
    return f"model.{_SUFFIXES[format]}"


def describe_directory(path: Path, model: PackedModel) -> None:
    """Write what says what the bytes in a folder are: MLmodel and requirements.txt."""
    name = file_name(model.format)
    requirements = [f"{package}=={version}" for package, version in sorted(model.packages.items())]
    (path / "requirements.txt").write_text("\n".join(requirements) + "\n", encoding="utf-8")
    environment = {"python": model.python_version, "dependencies": ["-r requirements.txt"]}
    (path / "python_env.yaml").write_text(_need_yaml().safe_dump(environment, sort_keys=False), encoding="utf-8")
    (path / FILE).write_text(_need_yaml().safe_dump(_mlmodel(model, name), sort_keys=False), encoding="utf-8")


def _mlmodel(model: PackedModel, name: str) -> dict[str, Any]:
    inputs = [{"type": _TYPES.get(column.sql_type.partition("(")[0], "string"), "name": column.name,
               "required": not column.nullable} for column in model.signature.inputs]  # fmt: skip
    is_onnx = model.format == "onnx"
    own: dict[str, Any] = {"data": name} if is_onnx else {
        "pickled_model": name, "serialization_format": model.format, "code": None,
        "sklearn_version": model.packages.get("scikit-learn"),
    }  # fmt: skip
    flavor = "onnx" if is_onnx else "sklearn"
    return {
        "flavors": {
            "python_function": {
                "loader_module": f"mlflow.{flavor}", "model_path": name, "python_version": model.python_version,
                "env": {"virtualenv": "python_env.yaml"},
            },
            flavor: own,
        },
        "signature": {"inputs": json.dumps(inputs), "outputs": None, "params": None},
        "utc_time_created": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        "metadata": {"pymlsql_signature": model.signature.to_json(), "classes": list(model.signature.output.classes)},
    }  # fmt: skip


def _read_yaml(path: Path) -> dict[str, Any]:
    yaml = _need_yaml()
    try:
        text = (path / FILE).read_text(encoding="utf-8")
        if len(text) > 1 << 24:
            raise ModelError(f"{path / FILE} is too long to be a description.")
        if "&" in text and "*" in text and any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise ModelError(f"{path / FILE} refers to parts of itself, which no description needs.")
        values = yaml.safe_load(text)
    except FileNotFoundError:
        raise ModelError(f"{path} is no model of MLflow's: it has no file {FILE}.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise ModelError(f"{path / FILE} cannot be read: {' '.join(str(error).split())[:300]}.") from None
    if not isinstance(values, dict) or not isinstance(values.get("flavors", {}), dict):
        raise ModelError(f"{path / FILE} is no description of a model.")
    return values


def _need_yaml() -> Any:
    try:
        return import_module("yaml")
    except ImportError:
        raise ModelError("MLflow's folders are described in YAML: pip install 'pymlsql[mlflow]'.") from None


def _columns(path: Path, values: dict[str, Any]) -> list[dict[str, Any]]:
    signature = values.get("signature")
    text = signature.get("inputs") if isinstance(signature, dict) else None
    try:
        columns = json.loads(text) if text else None
    except (TypeError, ValueError):
        columns = None
    if not isinstance(columns, list) or not all(isinstance(one, dict) and "name" in one for one in columns):
        raise ModelError(f"{path / FILE} has no signature with named columns: log the model with one "
                         "(mlflow.models.infer_signature).")  # fmt: skip
    return columns


def _input(column: dict[str, Any], sql_types: dict[str, str]) -> Input:
    name, kind = str(column["name"]), str(column.get("type"))
    if name not in sql_types and kind not in _SQL_TYPES:
        raise ModelError(f"The column {name} has MLflow's type {kind}, which is no T-SQL type of a script's input.")
    sql_type = sql_types.get(name) or _SQL_TYPES[kind]
    return Input(name=name, sql_type=sql_type, dtype=dtype_for(sql_type), nullable=not column.get("required", True))


def _packages(path: Path, flavors: dict[str, Any], found: tuple[str, ...], format: str) -> dict[str, str]:
    """The versions that requirements.txt pins, of what the bytes need; those that the bytes name themselves beat it."""
    pinned: dict[str, str] = {}
    file = path / "requirements.txt"
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        name, equal, version = line.partition("==")
        if equal:
            pinned[name.strip().lower()] = version.split(";")[0].strip()
    if format == "onnx":
        return {name: pinned[name] for name in ("onnxruntime",) if name in pinned}
    told = (flavors.get("sklearn") or {}).get("sklearn_version")
    if len(found) == 1 or told:
        pinned["scikit-learn"] = found[0] if len(found) == 1 else str(told)
    wanted = ("scikit-learn", "numpy", "pandas", *formats.FORMATS[format].packages)
    return {name: pinned[name] for name in wanted if name in pinned}


def _suffix(format: str) -> str:
    """How a file of MLflow's serialization format is called, so that `formats.detect` knows the kind of pickle."""
    return {"cloudpickle": "cloudpickle", "skops": "skops"}.get(format, "pkl")
