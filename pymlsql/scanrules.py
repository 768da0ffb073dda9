"""What a model's bytes may import: the tables that `scanning` judges by.

An allow-list: what is in no table is unknown, which is not the same as harmless. What is on the list of the dangerous
runs code, starts processes, opens files, connects, or reaches into other objects.
"""

from __future__ import annotations

import re
from typing import Literal

Verdict = Literal["known", "unknown", "dangerous"]

DANGEROUS_MODULES = frozenset([
    "os", "posix", "nt", "posixpath", "ntpath", "subprocess", "_posixsubprocess", "sys", "runpy", "importlib",
    "imp", "pkgutil", "zipimport", "socket", "_socket", "ssl", "http", "urllib", "ftplib", "smtplib", "telnetlib",
    "asyncio", "shutil", "pathlib", "tempfile", "io", "_io", "pty", "tty", "fcntl", "signal", "ctypes", "_ctypes",
    "cffi", "code", "codeop", "pdb", "bdb", "trace", "timeit", "profile", "cProfile", "doctest", "pickle",
    "_pickle", "dill", "cloudpickle", "marshal", "shelve", "webbrowser", "antigravity", "threading", "_thread",
    "multiprocessing", "concurrent", "sqlite3", "builtins", "__builtin__", "types", "functools", "operator",
    "_operator", "inspect", "gc", "atexit", "logging", "platform", "getpass", "glob", "linecache", "zipfile",
    "tarfile", "pip", "setuptools", "distutils", "ensurepip", "venv", "site", "torch", "winreg", "msvcrt",
    "_winapi", "resource", "mmap", "select", "commands", "__main__",
])  # fmt: skip
"""By the first part of the module's name; single names of them that are harmless stand in KNOWN. `__main__` is what the
server's script happens to define."""

KNOWN: dict[str, frozenset[str]] = {
    "builtins": frozenset([
        "set", "frozenset", "dict", "list", "tuple", "bytearray", "bytes", "str", "int", "float", "bool", "complex",
        "slice", "range", "object", "NoneType", "Ellipsis", "NotImplemented",
    ]),
    "collections": frozenset(["OrderedDict", "defaultdict", "Counter", "deque"]),
    "copyreg": frozenset(["_reconstructor", "__newobj__", "__newobj_ex__"]),
    "_codecs": frozenset(["encode"]),
    "datetime": frozenset(["date", "datetime", "time", "timedelta", "timezone"]),
    "decimal": frozenset(["Decimal"]),
    "fractions": frozenset(["Fraction"]),
    "uuid": frozenset(["UUID"]),
    "numpy": frozenset([
        "ndarray", "dtype", "matrix", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
        "uint64", "float16", "float32", "float64", "complex64", "complex128", "str_", "bytes_", "object_",
        "datetime64", "timedelta64", "abs", "absolute", "cbrt", "ceil", "cos", "cosh", "deg2rad", "exp", "exp2",
        "expm1", "floor", "isfinite", "isnan", "log", "log10", "log1p", "log2", "nan_to_num", "negative", "rad2deg",
        "reciprocal", "rint", "round", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc", "mean",
        "median", "sum", "min", "max", "maximum", "minimum",
    ]),
    "numpy.random": frozenset(["RandomState", "Generator"]),
    "numpy.ma": frozenset(["MaskedArray"]),
    "numpy.ma.core": frozenset(["MaskedArray", "_mareconstruct"]),
    "dill._dill": frozenset(["_create_array"]),
    "joblib.numpy_pickle": frozenset(["NumpyArrayWrapper"]),
    "sklearn.externals.joblib.numpy_pickle": frozenset(["NumpyArrayWrapper"]),
    "pandas._libs.internals": frozenset(["_unpickle_block"]),
    "pandas._libs.arrays": frozenset(["__pyx_unpickle_NDArrayBacked"]),
    "pandas.core.indexes.base": frozenset(["_new_Index", "Index"]),
    "pandas.core.internals.blocks": frozenset(["new_block"]),
    "sklearn.metrics._dist_metrics": frozenset(["newObj"]),
    "sklearn.neighbors._kd_tree": frozenset(["newObj"]),
    "sklearn.neighbors._ball_tree": frozenset(["newObj"]),
    "scipy._lib._ccallback": frozenset(["LowLevelCallable"]),
}  # fmt: skip

_NUMPY_CORE = frozenset(["_reconstruct", "scalar", "_frombuffer", "_ufunc_reconstruct", "_DType_reconstruct"])
_NUMPY_RANDOM = frozenset(["__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor", "MT19937", "PCG64",
                           "PCG64DXSM", "Philox", "SFC64", "RandomState", "SeedSequence", "Generator",
                           "__pyx_unpickle_SeedSequence"])  # fmt: skip
_PANDAS = frozenset(["DataFrame", "Series", "Index", "RangeIndex", "MultiIndex", "CategoricalDtype", "Categorical",
                     "StringDtype", "DatetimeIndex", "BlockManager", "SingleBlockManager", "StringArray", "Timestamp",
                     "ArrowStringArray", "DatetimeArray", "CategoricalIndex", "NumpyExtensionArray"])  # fmt: skip

_CLASS_LIBRARIES = ("sklearn", "scipy.sparse", "scipy.interpolate", "scipy.stats", "lightgbm", "xgboost", "catboost",
                    "imblearn", "category_encoders", "skl2onnx")  # fmt: skip
"""Of these every class is known: a name with a capital letter, in a module that is no exception."""

_EXCEPTIONS = re.compile(
    r"(^|\.)(datasets|tests?|testing|_testing|_test_common|conftest|externals|fixes|_joblib|parallel|_build_utils|"
    r"_arff\w*|show_versions|estimator_checks|_plotting|_mocking|plotting|callback|dask|spark)(\.|$)"
)
_CLASS = re.compile(r"_{0,2}[A-Z][A-Za-z0-9_]*")
_CYTHON = re.compile(r"__pyx_unpickle_[A-Z_][A-Za-z0-9_]*")
_HELPERS = frozenset([
    "newObj", "_passthrough_scorer", "_estimator_has", "f_classif", "f_regression", "chi2", "mutual_info_classif",
    "mutual_info_regression", "make_column_selector", "ravel", "_sigmoid", "_identity",
])  # fmt: skip


def judge(module: str, name: str) -> Verdict:
    """What is known of an import. A dotted name reaches through an object, so it is never on the list."""
    top = module.partition(".")[0]
    if "." in name:
        return "dangerous" if top in DANGEROUS_MODULES or _reaches_out(name) else "unknown"
    if name in KNOWN.get("builtins" if module == "__builtin__" else module, ()):
        return "known"
    if top in DANGEROUS_MODULES:
        return "dangerous"
    if module.startswith(("numpy.core.", "numpy._core.")) and name in _NUMPY_CORE:
        return "known"
    if module.startswith("numpy.random.") and name in _NUMPY_RANDOM:
        return "known"
    if module.startswith("numpy.dtypes") and _CLASS.fullmatch(name):
        return "known"
    if top == "pandas" and not _EXCEPTIONS.search(module) and name in _PANDAS:
        return "known"
    if any(module == library or module.startswith(library + ".") for library in _CLASS_LIBRARIES):
        return _judge_class(module, name)
    return "unknown"


def _judge_class(module: str, name: str) -> Verdict:
    if _EXCEPTIONS.search(module):
        return "unknown"
    return "known" if _CLASS.fullmatch(name) or _CYTHON.fullmatch(name) or name in _HELPERS else "unknown"


def _reaches_out(name: str) -> bool:
    return any(part in DANGEROUS_MODULES or part.startswith("__") for part in name.split("."))
