"""An estimator as bytes, with the signature and the versions without which the bytes are worth nothing.

A model file is a pickle (protocol 4: Python 3.7 can read it) with a JSON sidecar. Unpickling runs whatever code the
file holds, so a file is only taken as ours when its sidecar carries a seal made with this account's own key.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import importlib.metadata
import json
import pickle
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from pymlsql import content, settings
from pymlsql.content import Content
from pymlsql.errors import ModelError, UntrustedModel

PICKLE_PROTOCOL = 4
"""The newest protocol that Python 3.7, SQL Server 2019's own, can read."""

FORMAT = "pickle"
PACKAGES = ("scikit-learn", "numpy", "pandas")
"""What a pickled pipeline needs on the server, by the names pip knows."""

Dtype = Literal["float64", "str", "datetime64[ns]"]
"""What a prediction procedure hands to its script for a column: all numbers travel as float, so that NULL is NaN."""

_DTYPES: dict[str, Dtype] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint", "bit", "float", "real"), "float64"),
    **dict.fromkeys(("decimal", "numeric", "money", "smallmoney"), "float64"),
    **dict.fromkeys(("char", "nchar", "varchar", "nvarchar"), "str"),
    **dict.fromkeys(("date", "datetime", "smalldatetime"), "datetime64[ns]"),
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(_Frozen):
    """One column that the model takes: its name, its T-SQL type, and the dtype the script receives for it."""

    name: str
    sql_type: str
    dtype: Dtype


class Output(_Frozen):
    """What the model gives: one probability per class, in this order (the order of `classes_`)."""

    kind: Literal["classification"] = "classification"
    classes: tuple[str, ...]


class Signature(_Frozen):
    """Inputs by name and order, and the output; the JSON of ml.model_versions.signature."""

    version: Literal[1] = 1
    inputs: tuple[Input, ...]
    output: Output

    @field_validator("inputs")
    @classmethod
    def _distinct(cls, inputs: tuple[Input, ...]) -> tuple[Input, ...]:
        names = [column.name.lower() for column in inputs]  # column names of SQL Server differ by more than case
        if not inputs or len(set(names)) != len(names):
            raise ValueError("the inputs must be at least one, each name once")
        return inputs

    @property
    def names(self) -> tuple[str, ...]:
        """The input columns in order."""
        return tuple(column.name for column in self.inputs)

    def to_json(self) -> str:
        """One line of JSON."""
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> Signature:
        """Read `to_json`'s text. Raises ModelError where it is none."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ModelError(f"This is no model signature of version 1: {where or 'text'}: {first['msg']}.") from None


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """The run that made a model: its number, and when it started by its server's clock.

    A number alone means another run in another database; the two together name one run.
    """

    run_id: int
    started_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class PackedModel:
    """A model ready to push: the bytes once, and everything that is said about them."""

    data: Content = field(repr=False)
    sha256: bytes
    signature: Signature
    python_version: str
    packages: dict[str, str]
    metrics: dict[str, Any] = field(default_factory=dict)
    format: str = FORMAT
    run: RunOrigin | None = None

    @property
    def size_bytes(self) -> int:
        """Length of the pickle."""
        return len(self.data)


def dtype_for(sql_type: str) -> Dtype:
    """The dtype in which a script receives a column of T-SQL type `sql_type` ("nvarchar(10)" as "nvarchar")."""
    base = sql_type.split("(", 1)[0].strip().lower()
    try:
        return _DTYPES[base]
    except KeyError:
        raise ModelError(
            f"A column of type {sql_type} cannot be an input of a Python script on SQL Server: CAST it in the view."
        ) from None


def client_versions() -> dict[str, str]:
    """Versions here of the packages a model needs; only of those that are installed."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def pack(estimator: Any, signature: Signature, metrics: dict[str, Any] | None = None) -> PackedModel:
    """Pickle a fitted estimator made in this process.

    Raises ModelError where it cannot be pickled, or where it takes or gives anything else than its signature says.
    """
    check_signature(estimator, signature)
    try:
        data = pickle.dumps(estimator, protocol=PICKLE_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ModelError(f"The estimator cannot be pickled: {error}") from None
    return PackedModel(
        data=data,
        sha256=hashlib.sha256(data).digest(),
        signature=signature,
        python_version=platform.python_version(),
        packages=client_versions(),
        metrics=metrics or {},
    )


def check_signature(estimator: Any, signature: Signature) -> None:
    """Compare an estimator with a signature. Raises ModelError naming the difference."""
    names = getattr(estimator, "feature_names_in_", None)
    classes = getattr(estimator, "classes_", None)
    if classes is None or not hasattr(estimator, "predict_proba"):
        raise ModelError("The estimator is not a fitted classifier with predict_proba.")
    if names is None:
        raise ModelError("The estimator was not fitted on named columns: fit it on a DataFrame.")
    if tuple(str(name) for name in names) != signature.names:
        raise ModelError("The estimator's input columns are not those of the signature, in that order.")
    if tuple(str(name) for name in classes) != signature.output.classes:
        raise ModelError("The estimator's classes are not those of the signature, in that order.")


def sidecar_path(path: Path) -> Path:
    """`model.json` beside `model.pkl`."""
    return path.with_suffix(".json")


def write_model_file(path: Path, model: PackedModel) -> None:
    """Write the pickle and its sealed sidecar; the sidecar last, so that it never describes half a file."""
    if path.suffix == ".json":
        raise ModelError(f"{path}: the model file cannot end in .json, its description does. Use .pkl.")
    with path.open("wb") as file:
        for offset in range(0, len(model.data), content.PIECE_BYTES):
            file.write(content.piece(model.data, offset, content.PIECE_BYTES))
    values = {
        "format": model.format,
        "sha256": model.sha256.hex(),
        "python_version": model.python_version,
        "packages": model.packages,
        "signature": json.loads(model.signature.to_json()),
        "metrics": model.metrics,
    }
    if model.run is not None:
        values["run"] = {"run_id": model.run.run_id, "started_at": model.run.started_at.isoformat()}
    values["seal"] = _seal(values)
    sidecar_path(path).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def read_model_file(path: Path, *, trust: bool = False) -> PackedModel:
    """A model file that `write_model_file` wrote, without unpickling it.

    Raises UntrustedModel where the sidecar is missing or its seal is not this account's, unless `trust`; ModelError
    where the file and its sidecar do not belong together (also with `trust`) or where there is no sidecar at all.
    """
    try:
        data = content.read_content(path)
        values = json.loads(sidecar_path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if Path(error.filename) == path:
            raise ModelError(f"{path}: there is no such file.") from None
        raise _untrusted(path, f"{sidecar_path(path).name} is not beside it") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ModelError(f"{sidecar_path(path)} is not JSON: train the model again.") from None
    model = _packed_from_sidecar(sidecar_path(path), data, values)
    if model.sha256 != content.sha256(data):
        raise ModelError(f"{path} is not the file that {sidecar_path(path).name} describes: its sha256 differs.")
    seal = values.pop("seal", "")
    if not trust and not hmac.compare_digest(str(seal), _seal(values)):
        raise _untrusted(path, "it carries no seal of this account")
    return model


def read_foreign_file(path: Path, sql_types: dict[str, str]) -> PackedModel:
    """A pickle without a sidecar, unpickled here to learn its signature: only for `--trust`.

    `sql_types` maps the columns of the feature view to their T-SQL types. Raises ModelError where the file holds no
    usable classifier or the view lacks one of its inputs.
    """
    try:
        data = path.read_bytes()
        estimator = pickle.loads(data)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from None
    except Exception as error:  # a pickle may raise anything at all
        raise ModelError(f"{path} cannot be unpickled here: {type(error).__name__}: {error}") from None
    names = getattr(estimator, "feature_names_in_", None)
    classes = getattr(estimator, "classes_", None)
    if names is None or classes is None:
        raise ModelError(f"{path} holds no classifier fitted on a DataFrame: its columns and classes are not known.")
    missing = [str(name) for name in names if str(name) not in sql_types]
    if missing:
        raise ModelError(f"The model takes {', '.join(missing)}, which the feature view does not have.")
    inputs = tuple(
        Input(name=str(name), sql_type=sql_types[str(name)], dtype=dtype_for(sql_types[str(name)])) for name in names
    )
    signature = Signature(inputs=inputs, output=Output(classes=tuple(str(name) for name in classes)))
    check_signature(estimator, signature)
    return PackedModel(
        data=data,
        sha256=hashlib.sha256(data).digest(),
        signature=signature,
        python_version=platform.python_version(),
        packages=client_versions(),
    )


def has_sidecar(path: Path) -> bool:
    """Whether a model file has its description beside it."""
    return sidecar_path(path).is_file()


def _packed_from_sidecar(path: Path, data: Content, values: Any) -> PackedModel:
    try:
        if values["format"] != FORMAT:
            raise ModelError(f"{path}: the format must be {FORMAT}.")
        return PackedModel(
            data=data,
            sha256=bytes.fromhex(values["sha256"]),
            signature=Signature.from_json(json.dumps(values["signature"])),
            python_version=str(values["python_version"]),
            packages={str(name): str(version) for name, version in values["packages"].items()},
            metrics=dict(values["metrics"]),
            run=_run_origin(values.get("run")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} is not a model's description ({error!r}): train the model again.") from None


def _run_origin(values: Any) -> RunOrigin | None:
    if values is None:
        return None
    return RunOrigin(int(values["run_id"]), datetime.datetime.fromisoformat(values["started_at"]))


def _seal(values: dict[str, Any]) -> str:
    """HMAC-SHA256 over the sidecar without its seal, with the key of this account."""
    text = json.dumps({key: value for key, value in values.items() if key != "seal"}, sort_keys=True)
    return hmac.new(settings.seal_key(), text.encode(), hashlib.sha256).hexdigest()


def _untrusted(path: Path, reason: str) -> UntrustedModel:
    return UntrustedModel(
        f"{path} was not written by pymlsql on this account ({reason}), and reading it runs its code: "
        "use --trust if you know where it comes from."
    )
