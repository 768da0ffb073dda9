"""In which formats a model's bytes come, and how an estimator becomes bytes in each.

Writing is safe, and reading most of them runs code: `load` is for what this process made, or for `--trust`.
"""

from __future__ import annotations

import io
import pickle
import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args

from pymlsql._resources import read_text
from pymlsql.errors import ModelError

if TYPE_CHECKING:
    from pymlsql.signature import Signature

Format = Literal["pickle", "joblib", "cloudpickle", "dill", "skops", "onnx"]

PICKLE_PROTOCOL = 4
"""The newest protocol that Python 3.7, SQL Server 2019's own, can read."""

LOADER_SCRIPTS = ("scripts/unpickling.py", "scripts/model_bytes.py")


@dataclass(frozen=True, slots=True)
class Rule:
    """What reading a format takes beside the model's own libraries, and how its files end."""

    packages: tuple[str, ...]
    suffixes: tuple[str, ...]
    needs_libraries: bool = True


FORMATS: dict[str, Rule] = {
    "pickle": Rule((), (".pkl", ".pickle")),
    "joblib": Rule(("joblib",), (".joblib",)),
    "cloudpickle": Rule(("cloudpickle",), (".cloudpickle",)),
    "dill": Rule(("dill",), (".dill",)),
    "skops": Rule(("skops",), (".skops",)),
    "onnx": Rule(("onnxruntime",), (".onnx",), needs_libraries=False),
}


def check_format(format: str) -> Format:
    """The format of that name. Raises ModelError where there is none."""
    if format not in FORMATS:
        raise ModelError(f"There is no format {format!r}: there are {', '.join(get_args(Format))}.")
    return format  # type: ignore[return-value]


def detect(head: bytes, name: str = "") -> Format:
    """The format of bytes that begin with `head`, in a file called `name`.

    What the bytes tell counts; the name decides only among the kinds of pickle. Raises ModelError where neither tells.
    """
    by_name = next((key for key, rule in FORMATS.items() if name.lower().endswith(rule.suffixes)), None)
    if head[:4] == b"PK\x03\x04":
        return "skops"
    if head[:1] == b"\x08" and by_name in (None, "onnx"):
        return "onnx"
    if head[:2] in (b"\x1f\x8b", b"BZ", b"\xfd7", b"\x5d\x00") or (head[:1] == b"\x78" and by_name != "pickle"):
        return "joblib"
    if head[:1] == b"\x80" or by_name in ("pickle", "joblib", "cloudpickle", "dill"):
        if b"cloudpickle" in head and by_name in (None, "pickle"):
            return "cloudpickle"
        if b"dill._dill" in head and by_name in (None, "pickle"):
            return "dill"
        if b"NumpyArrayWrapper" in head and by_name in (None, "pickle"):
            return "joblib"
        return by_name if by_name in ("joblib", "cloudpickle", "dill") else "pickle"  # type: ignore[return-value]
    raise ModelError(f"{name or 'The file'} is no model in a format that is known: {', '.join(get_args(Format))}.")


def dump(estimator: Any, format: str, signature: Signature, *, protocol: int = PICKLE_PROTOCOL) -> bytes:
    """An estimator as bytes. `protocol` is of pickle; 4 is what Python 3.7 reads.

    Raises ModelError where it cannot be, or the package of the format is not installed here.
    """
    check_format(format)
    try:
        if format == "pickle":
            return pickle.dumps(estimator, protocol=protocol)
        if format == "joblib":
            file = io.BytesIO()
            _need("joblib", format).dump(estimator, file, protocol=protocol)
            return file.getvalue()
        if format == "cloudpickle":
            return bytes(_need(format, format).dumps(estimator, protocol=protocol))
        if format == "dill":
            import_module("joblib")  # its pickler would take over what dill adds to pickle's
            dill = _need(format, format)
            dill.extend(use_dill=False)
            return bytes(dill.dumps(estimator, protocol=protocol))
        if format == "skops":
            return bytes(_need("skops.io", format).dumps(estimator))
        return _to_onnx(estimator, signature)
    except ModelError:
        raise
    except Exception as error:  # __reduce__ of somebody's class may raise anything at all
        raise ModelError(f"The estimator cannot be stored as {format}: {error}") from None


def load(data: bytes, format: str, signature: Signature | None = None) -> Any:
    """The model in the bytes, as the server's scripts make it. Runs what code they hold.

    Raises ModelError where they cannot be read here, also where another scikit-learn wrote them.
    """
    script: dict[str, Any] = {}
    for name in LOADER_SCRIPTS:
        exec(compile(read_text("sql", name), name, "exec"), script)
    expected = {"inputs": [], "output": {}} if signature is None else signature.model_dump(mode="json")
    try:
        with warnings.catch_warnings():
            return script["load_bytes"](data, check_format(format), expected)
    except script["Refusal"] as error:
        raise ModelError(f"The model cannot be read: {error}.") from None
    except Exception as error:  # a pickle may raise anything at all
        raise ModelError(f"The bytes cannot be loaded here: {type(error).__name__}: {error}") from None


def _need(module: str, format: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise ModelError(f"Storing a model as {format} needs {package}: pip install {package}.") from None


def _to_onnx(estimator: Any, signature: Signature) -> bytes:
    convert = _need("skl2onnx", "onnx")
    types = _need("skl2onnx.common.data_types", "onnx")
    kinds = {"float64": types.FloatTensorType, "str": types.StringTensorType}
    times = [column.name for column in signature.inputs if column.dtype not in kinds]
    if times:
        raise ModelError(f"{times[0]} is a time, which a graph of ONNX does not take.")
    by_column = [(column.name, kinds[column.dtype]([None, 1])) for column in signature.inputs]
    options = {id(estimator): {"zipmap": False}} if signature.output.kind == "classification" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            graph = convert.to_onnx(estimator, initial_types=by_column, options=options, target_opset=ONNX_OPSETS)
        except RuntimeError:  # an estimator that selects no columns takes them as one matrix
            if any(column.dtype != "float64" for column in signature.inputs):
                raise
            matrix = [(ONNX_MATRIX, types.FloatTensorType([None, len(by_column)]))]
            graph = convert.to_onnx(estimator, initial_types=matrix, options=options, target_opset=ONNX_OPSETS)
    return bytes(graph.SerializeToString())


ONNX_MATRIX = "all columns"
"""The one input of a graph that takes a matrix."""
ONNX_OPSETS = {"": 15, "ai.onnx.ml": 3}
"""What onnxruntime reads since 1.10, the last but a few that run on Python 3.7."""
