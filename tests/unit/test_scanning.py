"""Static scans: what loading the bytes would import and call, without loading them."""

from __future__ import annotations

import importlib
import io
import os
import pickle
import struct
import time
import zlib
from collections.abc import Callable
from typing import Any

import cloudpickle
import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from pymlsql import scanning
from pymlsql.errors import ModelError

dill: Any = importlib.import_module("dill")
"""After joblib, whose pickler takes over what dill adds to pickle's when it is imported."""
dill.extend(use_dill=False)

FRAME = pd.DataFrame({"a": np.arange(60.0) % 7, "b": np.arange(60.0) % 5})
TRUTH = np.where(FRAME["a"] > 3, "x", "y")


def pipeline() -> Any:
    steps = [("s", StandardScaler(), ["a"]), ("o", OneHotEncoder(), ["b"]), ("l", FunctionTransformer(np.log1p), ["a"])]
    return Pipeline([("columns", ColumnTransformer(steps)), ("model", LogisticRegression())])


ESTIMATORS: dict[str, Callable[[], Any]] = {
    "linear": LogisticRegression,
    "forest": lambda: RandomForestClassifier(5, random_state=np.random.RandomState(1)),
    "boosting": lambda: HistGradientBoostingClassifier(max_iter=3),
    "pipeline": pipeline,
}


def dump_joblib(estimator: Any, compress: Any = 0) -> bytes:
    file = io.BytesIO()
    joblib.dump(estimator, file, compress=compress)
    return file.getvalue()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_what_scikit_learn_writes_is_clean_in_every_format(name: str) -> None:
    estimator = ESTIMATORS[name]().fit(FRAME, TRUTH)
    texts = {f"pickle {n}": (pickle.dumps(estimator, n), "pickle") for n in (2, 3, 4, 5)}
    compressions: list[Any] = [0, 3, ("lzma", 1), ("bz2", 1), ("gzip", 1)]
    texts |= {f"joblib {c}": (dump_joblib(estimator, c), "joblib") for c in compressions}
    texts["cloudpickle"] = (cloudpickle.dumps(estimator, 4), "cloudpickle")
    texts["skops"] = (skops.io.dumps(estimator), "skops")
    found = {key: scanning.scan(data, format).summary for key, (data, format) in texts.items()}
    assert all("all known" in summary for summary in found.values()), found


def test_the_scan_tells_the_protocol_and_the_scikit_learn_that_wrote_the_bytes() -> None:
    import sklearn

    report = scanning.scan(pickle.dumps(LogisticRegression().fit(FRAME, TRUTH), 4), "pickle")
    assert report.protocol == 4
    assert report.sklearn_versions == (sklearn.__version__,)
    assert scanning.scan(pickle.dumps([1], 2), "pickle").protocol == 2


class Calls:
    """Pickles as the call of a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


DANGEROUS = {
    "system": pickle.dumps(Calls(os.system, "touch /tmp/never"), 4),
    "system by name": b"cos\nsystem\n(S'touch /tmp/never'\ntR.",
    "instance": b"(S'id'\nios\nsystem\n.",
    "object": b"(cos\nsystem\nS'id'\no.",
    "eval": pickle.dumps(Calls(eval, "1"), 4),
    "getattr": pickle.dumps(Calls(getattr, 1, "real"), 2),
    "dotted": b"\x80\x04\x8c\x07sklearn\x8c\x0futils.os.system\x93\x8c\x02id\x85R.",
    "name from the memo": b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93\x8c\x02id\x85R.",
    "name put together": b"\x80\x04cbuiltins\nstr\n\x8c\x02os\x85R\x8c\x06system\x93.",
    "call of a call": b"\x80\x04cbuiltins\ndict\n)R)R.",
    "copyreg's table": b"\x80\x02\x82\x01.",
    "a function's code": dill.dumps(eval("lambda x: x", {})),
    "code by value": cloudpickle.dumps(lambda x: x),
}


@pytest.mark.parametrize("name", DANGEROUS)
def test_what_runs_code_is_found(name: str) -> None:
    report = scanning.scan(DANGEROUS[name], "pickle")
    assert report.outcome == "dangerous", report
    assert not os.path.exists("/tmp/never")


def test_what_is_on_no_list_is_unknown_not_clean() -> None:
    report = scanning.scan(pickle.dumps(Calls(zlib.crc32, b"x")), "pickle")
    assert report.outcome == "unknown"
    assert "zlib.crc32, which is on no list" in report.summary
    behind = scanning.scan(pickle.dumps([1]) + b"PK", "pickle")
    assert behind.remarks == ("2 bytes follow its end",)


def nested(depth: int) -> bytes:
    """{(t, t): 1} with t nested: Python's hash of the key takes 2 ** depth steps."""
    return b"\x80\x02}I1\n" + b"2\x86" * depth + b"I1\ns."


BOMBS = {
    "hash": nested(80),
    "memo": b"\x80\x02Nr\xff\xff\xff\x7f.",
    "bytearray": b"\x80\x02cbuiltins\nbytearray\n\x8a\x06\x00\x00\x00\x00\x00\x10\x85R.",
    "array": b"\x80\x02cnumpy\nndarray\nJ\x00\x00\x01\x00J\x00\x00\x01\x00\x86\x85R.",
    "digits": b"I" + b"9" * 100_000 + b"\n.",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_found_at_once(name: str) -> None:
    started = time.process_time()
    assert scanning.scan(BOMBS[name], "pickle").outcome == "dangerous"
    assert time.process_time() - started < 20


def test_a_compressed_bomb_is_not_expanded() -> None:
    pumped = zlib.compressobj(9)
    data = b"".join(pumped.compress(bytes(1 << 24)) for _ in range(20)) + pumped.flush()
    assert scanning.scan(data, "joblib").dangers[0].startswith("it expands to more than")


def test_a_pickle_without_an_end_in_sight_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from pymlsql import pickles

    monkeypatch.setattr(pickles, "MAX_OPCODES", 1000)
    report = scanning.scan(b"N0" * 5000 + b"N.", "pickle")
    assert "was not read to its end" in report.dangers[0]


GOOD = pickle.dumps(LogisticRegression().fit(FRAME, TRUTH), 4)
BROKEN = {
    "empty": (b"", "pickle"),
    "cut": (GOOD[:-10], "pickle"),
    "text": (b"no model", "pickle"),
    "long announced": (b"\x80\x04\x8e" + struct.pack("<Q", 1 << 60) + b"x.", "pickle"),
    "stack": (b"\x80\x040.", "pickle"),
    "mark": (b"\x80\x04t.", "pickle"),
    "persistent id": (b"\x80\x04K\x01Q.", "pickle"),
    "a zip that is none of skops": (b"PK\x03\x04" + bytes(40), "skops"),
    "a cut zip": (skops.io.dumps(LogisticRegression().fit(FRAME, TRUTH))[:-30], "skops"),
    "pickle for onnx": (GOOD, "onnx"),
    "joblib cut in an array": (dump_joblib(RandomForestClassifier(5).fit(FRAME, TRUTH))[:4000], "joblib"),
    "joblib cut, compressed": (dump_joblib(LogisticRegression().fit(FRAME, TRUTH), 3)[:-9], "joblib"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_bytes_that_are_no_model_of_their_format_are_refused(name: str) -> None:
    data, format = BROKEN[name]
    with pytest.raises(ModelError, match=rf"^These bytes are no {format} model: [^\n]+\.$"):
        scanning.scan(data, format)


def test_every_cut_of_a_pickle_is_refused_and_no_other_error_comes() -> None:
    for end in range(len(GOOD) - 1):
        with pytest.raises(ModelError):
            scanning.scan(GOOD[:end], "pickle")
