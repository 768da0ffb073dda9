"""An estimator as bytes, with the signature and the versions without which the bytes are worth nothing.

A model file has a JSON sidecar that describes and seals it. Loading most formats runs whatever code the bytes hold, so
a file is only taken as ours when its seal is this account's, or a key's that the project trusts.
"""

from __future__ import annotations

import dataclasses
import datetime
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pymlsql import content, formats, proofs, samples, scanning
from pymlsql.content import Content
from pymlsql.errors import ModelError, UntrustedModel
from pymlsql.scanning import ScanReport
from pymlsql.signature import Dtype, Input, Output, Signature, dtype_for, infer_output, own_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Dtype", "Input", "Output", "PackedModel", "RunOrigin", "Signature", "check_signature", "client_versions",
    "dtype_for", "has_sidecar", "pack", "read_foreign_file", "read_model_file", "sidecar_path", "write_model_file",
]  # fmt: skip

PICKLE_PROTOCOL = formats.PICKLE_PROTOCOL
FORMAT = "pickle"
PACKAGES = ("scikit-learn", "numpy", "pandas")
"""What a pickled pipeline needs on the server, by the names pip knows."""


@dataclass(frozen=True, slots=True)
class RunOrigin:
    """The run that made a model: its number, and when it started by its server's clock.

    A number alone means another run in another database; the two together name one run.
    """

    run_id: int
    started_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class PackedModel:
    """A model ready to push: the bytes once, and everything that is said about them.

    `data` is bytes, or a FileBytes that reads its file in slices. `sample` is the JSON of `samples.make`, empty where
    there are no rows.
    """

    data: Content = field(repr=False)
    sha256: bytes
    signature: Signature
    python_version: str
    packages: dict[str, str]
    metrics: dict[str, Any] = field(default_factory=dict)
    format: str = FORMAT
    sample: str = field(default="", repr=False)
    scan: ScanReport | None = field(default=None, repr=False)
    run: RunOrigin | None = None

    @property
    def size_bytes(self) -> int:
        """Length of the bytes."""
        return len(self.data)

    @property
    def packages_json(self) -> str:
        """The packages as ml.model_versions keeps them; the seal is over this text."""
        return json.dumps(self.packages)

    def statement(self, name: str) -> proofs.Statement:
        """What a seal of this model is made over when it is registered as `name`."""
        return proofs.Statement(
            model=name, sha256=self.sha256, format=self.format, python_version=self.python_version,
            packages=self.packages_json, signature=self.signature.to_json(), sample=self.sample,
        )  # fmt: skip


def client_versions(names: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Versions here of the packages a model needs; only of those that are installed."""
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def pack(estimator: Any, signature: Signature, metrics: dict[str, Any] | None = None, *, format: str = FORMAT,
         sample: pd.DataFrame | None = None, protocol: int = PICKLE_PROTOCOL) -> PackedModel:  # fmt: skip
    """A fitted estimator made in this process, as bytes of `format`.

    `sample` are rows like those that it will be given: some of them are stored with what it predicts for them. Raises
    ModelError where it cannot be stored so, or takes or gives anything else than its signature says.
    """
    check_signature(estimator, signature)
    data = formats.dump(estimator, format, signature, protocol=protocol)
    stored = "" if sample is None else samples.make(estimator, signature, sample, format=format)
    if format == "onnx" and stored:
        stored = _as_converted(data, signature, stored)
    return describe(data, signature, format=format, metrics=metrics, sample=stored)


def describe(data: Content, signature: Signature, *, format: str, metrics: dict[str, Any] | None = None,
             sample: str = "", packages: Mapping[str, str] | None = None,
             python_version: str | None = None, run: RunOrigin | None = None) -> PackedModel:  # fmt: skip
    """Bytes with all that is said about them; the packages are those here, unless it is told what they were.

    Raises ModelError where the bytes are no model of that format, or were written by another scikit-learn than told.
    """
    with content.mapped(data) as view:
        report = scanning.scan(view, format)
    if packages is None:
        packages = client_versions(_needed(report))
    told = packages.get("scikit-learn")
    if told is not None and report.sklearn_versions and report.sklearn_versions != (told,):
        raise ModelError(
            f"The bytes were written by scikit-learn {', '.join(report.sklearn_versions)}, and their description says "
            f"{told}: describe them with the versions they were made with."
        )
    return PackedModel(
        data=data, sha256=content.sha256(data), signature=signature, metrics=metrics or {}, format=format,
        sample=sample, python_version=python_version or platform.python_version(), packages=dict(packages),
        scan=report, run=run,
    )  # fmt: skip


def _needed(report: ScanReport) -> tuple[str, ...]:
    """The packages that loading takes, by the names pip knows: those of the format, and of what the bytes import."""
    rule = formats.FORMATS[report.format]
    if not rule.needs_libraries:
        return rule.packages
    tops = {one.module.partition(".")[0] for one in report.imports} - sys.stdlib_module_names
    known = importlib.metadata.packages_distributions()
    found = {known[top][0] for top in tops if top in known}
    return (*PACKAGES, *sorted({*found, *rule.packages} - {*PACKAGES, "scipy", "pymlsql"}))


def _as_converted(data: bytes, signature: Signature, stored: str) -> str:
    """The sample with what the graph itself predicts. Raises ModelError where that is not what the estimator does."""
    values = json.loads(stored)
    found = samples.predict(formats.load(data, "onnx", signature), signature, values["rows"])
    apart = samples.furthest(values["expected"], found)
    if apart > samples.ONNX_ABSOLUTE * 10:
        raise ModelError(f"The graph of ONNX predicts something else than the estimator (they differ by {apart:.3g}): "
                         "keep it as pickle or skops.")  # fmt: skip
    return json.dumps({**values, "expected": found})


def check_signature(estimator: Any, signature: Signature) -> None:
    """Compare an estimator with a signature. Raises ModelError naming the difference."""
    if signature.output.kind == "classification" and not (
        hasattr(estimator, "classes_") and hasattr(estimator, "predict_proba")
    ):
        raise ModelError("The estimator is not a fitted classifier with predict_proba.")
    output = infer_output(estimator)
    if output.kind != signature.output.kind:
        raise ModelError(f"The estimator gives {output.kind}, its signature says {signature.output.kind}.")
    names = own_names(estimator)
    if names is None:
        raise ModelError("The estimator was not fitted on named columns: fit it on a DataFrame.")
    if names != signature.names:
        raise ModelError("The estimator's input columns are not those of the signature, in that order.")
    if output.classes != signature.output.classes:
        raise ModelError("The estimator's classes are not those of the signature, in that order.")


# Files ------------------------------------------------------------------------------------------------------------


def sidecar_path(path: Path) -> Path:
    """`model.json` beside `model.pkl`."""
    return path.with_suffix(".json")


def has_sidecar(path: Path) -> bool:
    """Whether a model file has its description beside it."""
    return sidecar_path(path).is_file()


def write_model_file(path: Path, model: PackedModel) -> None:
    """Write the bytes and their sealed sidecar; the sidecar last, so that it never describes half a file."""
    if path.suffix == ".json":
        raise ModelError(f"{path}: the model file cannot end in .json, its description does. Use .pkl.")
    with path.open("wb") as file:
        for offset in range(0, len(model.data), content.PIECE_BYTES):
            file.write(content.piece(model.data, offset, content.PIECE_BYTES))
    values: dict[str, Any] = {
        "format": model.format,
        "sha256": model.sha256.hex(),
        "python_version": model.python_version,
        "packages": model.packages,
        "signature": json.loads(model.signature.to_json()),
        "metrics": model.metrics,
    }
    if model.sample:
        values["sample"] = json.loads(model.sample)
    if model.run is not None:
        values["run"] = {"run_id": model.run.run_id, "started_at": model.run.started_at.isoformat()}
    values["seal"] = proofs.seal_description(values)
    sidecar_path(path).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def read_model_file(path: Path, *, trust: bool = False) -> PackedModel:
    """A model file that `write_model_file` wrote, without loading it.

    Raises UntrustedModel where the sidecar is missing or its seal is not this account's nor a trusted key's, unless
    `trust`; ModelError where the file and its sidecar do not belong together (also with `trust`) or where there is no
    sidecar at all.
    """
    data = content.read_file(path)
    try:
        values = json.loads(sidecar_path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _untrusted(path, f"{sidecar_path(path).name} is not beside it") from None
    except OSError as error:
        raise ModelError(f"{sidecar_path(path)} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ModelError(f"{sidecar_path(path)} is not JSON: train the model again.") from None
    facts, sha256, seal = _facts_of(sidecar_path(path), values)
    if sha256 != content.sha256(data):
        raise ModelError(f"{path} is not the file that {sidecar_path(path).name} describes: its sha256 differs.")
    if not trust and not proofs.is_own_description(values, seal):
        raise _untrusted(path, "it carries no seal of this account, nor of a key that the project trusts")
    return describe(data, **facts)


def read_foreign_file(path: Path, sql_types: dict[str, str], *, format: str | None = None,
                      frame: pd.DataFrame | None = None) -> PackedModel:  # fmt: skip
    """A file without a sidecar, loaded here to learn its signature: only for `--trust`.

    `sql_types` maps the columns of the feature view to their T-SQL types; `frame` are rows of it, of which some are
    stored with what the model predicts. Raises ModelError where the file holds no usable model or the view lacks one
    of its inputs.
    """
    data = content.read_file(path)
    format = formats.detect(content.piece(data, 0, 4096), path.name) if format is None else formats.check_format(format)
    if format == "onnx":
        raise ModelError(f"{path} does not name its columns' types and classes: push it with --signature FILE.json.")
    try:
        estimator = formats.load(bytes(data), format)
    except ModelError as error:
        raise ModelError(f"{path}, taken for {format}: {error}") from error.__cause__
    names = own_names(estimator)
    if names is None or not hasattr(estimator, "predict"):
        raise ModelError(
            f"{path} holds no model fitted on a DataFrame: its columns and classes are not known. Fit it on one, or "
            "push it with --signature FILE.json."
        )
    missing = [name for name in names if name not in sql_types]
    if missing:
        raise ModelError(f"The model takes {', '.join(missing)}, which the feature view does not have.")
    inputs = tuple(Input(name=name, sql_type=sql_types[name], dtype=dtype_for(sql_types[name])) for name in names)
    signature = Signature(inputs=inputs, output=infer_output(estimator))
    check_signature(estimator, signature)
    sample = "" if frame is None else samples.make(estimator, signature, frame, format=format)
    return describe(data, signature, format=format, sample=sample)


def read_described_file(path: Path, signature: Signature, *, format: str | None = None,
                        packages: Mapping[str, str] | None = None) -> PackedModel:  # fmt: skip
    """A file of another origin with a signature that its owner vouches for; nothing is loaded here.

    Without `packages` the scikit-learn that the bytes name is what they need, beside today's versions here.
    """
    data = content.read_file(path)
    format = formats.detect(content.piece(data, 0, 4096), path.name) if format is None else formats.check_format(format)
    with content.mapped(data) as view:
        report = scanning.scan(view, format)
    if packages is None:
        packages = client_versions(_needed(report))
        if len(report.sklearn_versions) == 1:
            packages = {**packages, "scikit-learn": report.sklearn_versions[0]}
    return describe(data, signature, format=format, packages=packages)


def with_sample(model: PackedModel, estimator: Any, frame: pd.DataFrame) -> PackedModel:
    """The same with a sample of rows and what `estimator`, which the bytes hold, predicts for them."""
    sample = samples.make(estimator, model.signature, frame, format=model.format)
    return dataclasses.replace(model, sample=sample)


def _facts_of(path: Path, values: Any) -> tuple[dict[str, Any], bytes, Any]:
    """What a sidecar says, its sha256 and its seal."""
    try:
        if values["format"] not in formats.FORMATS:
            raise ModelError(f"{path}: the format must be one of {', '.join(formats.FORMATS)}.")
        facts = {
            "signature": Signature.from_json(json.dumps(values["signature"])),
            "format": values["format"],
            "metrics": dict(values["metrics"]),
            "sample": json.dumps(values["sample"]) if values.get("sample") else "",
            "packages": {str(name): str(version) for name, version in values["packages"].items()},
            "python_version": str(values["python_version"]),
            "run": _run_origin(values.get("run")),
        }
        return facts, bytes.fromhex(values["sha256"]), values.get("seal")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{path} is not a model's description ({error!r}): train the model again.") from None


def _run_origin(values: Any) -> RunOrigin | None:
    if values is None:
        return None
    return RunOrigin(int(values["run_id"]), datetime.datetime.fromisoformat(values["started_at"]))


def _untrusted(path: Path, reason: str) -> UntrustedModel:
    return UntrustedModel(
        f"{path} was not written by pymlsql on this account ({reason}), and reading it runs its code: "
        "use --trust if you know where it comes from."
    )
