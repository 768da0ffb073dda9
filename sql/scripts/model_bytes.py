# Makes a model of its stored bytes: whatever the format, something with predict_proba or predict over named columns.
# Behind unpickling.py, one text with it.
import io

import numpy as np


def need(package, kind):
    """Import a package, or say in one sentence that the server lacks it."""
    try:
        return __import__(package)
    except ImportError as error:
        raise Refusal(f"the bytes are {kind}, and the server's Python has no {package} ({error}): pip install "
                      f"{package} there, or store the model in another format") from error


class OnnxModel:
    """A graph of ONNX; columns go in by name, or as one matrix in the order of the signature."""

    is_graph = True

    def __init__(self, data, expected):
        runtime = need("onnxruntime", "onnx")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self.names = [column["name"] for column in expected["inputs"]]
        self.classes_ = expected["output"].get("classes") or []

    def feed(self, frame):
        inputs = self.session.get_inputs()
        if len(inputs) == 1 and (inputs[0].name not in self.names or len(self.names) > 1):
            width = inputs[0].shape[-1] if len(inputs[0].shape) == 2 else None
            if isinstance(width, int) and width != len(self.names):
                raise Refusal(f"the graph takes {width} columns, the signature names {len(self.names)}")
            return {inputs[0].name: np.column_stack([self.tensor(frame[name], inputs[0]) for name in self.names])}
        unknown = [one.name for one in inputs if one.name not in self.names]
        if unknown:
            raise Refusal("the graph takes {}, which the signature does not name".format(", ".join(unknown)))
        return {one.name: self.tensor(frame[one.name], one).reshape(-1, 1) for one in inputs}

    def tensor(self, column, wanted):
        kind = wanted.type
        if kind == "tensor(string)":
            if column.isnull().any():
                raise Refusal(f"{column.name} holds NULL, which ONNX has no text for")
            return np.asarray(column.astype(str), dtype=object)
        types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64,
                 "tensor(int32)": np.int32, "tensor(bool)": np.bool_}
        if kind not in types:
            raise Refusal(f"the graph takes {wanted.name} as {kind}, which no column gives")
        if kind not in ("tensor(float)", "tensor(double)") and column.isnull().any():
            raise Refusal(f"{column.name} holds NULL, and the graph takes {kind}")
        return np.asarray(column, dtype=types[kind])

    def predict(self, frame):
        return np.asarray(self.session.run(None, self.feed(frame))[0]).reshape(len(frame), -1)[:, 0]

    def predict_proba(self, frame):
        found = self.session.run(None, self.feed(frame))[-1]
        if isinstance(found, list):
            found = [{str(key): value for key, value in row.items()} for row in found]
            if any(sorted(row) != sorted(self.classes_) for row in found):
                raise Refusal("the graph's own classes are not those of its signature")
            found = [[row[name] for name in self.classes_] for row in found]
        found = np.asarray(found, dtype=np.float64)
        if len(frame) == 0:
            found = found.reshape(0, len(self.classes_))
        if found.ndim != 2 or found.shape[1] != len(self.classes_):
            raise Refusal(f"the graph gives no probability for each of the {len(self.classes_)} classes")
        return found


def load_joblib(data):
    try:
        import joblib
    except ImportError:
        try:
            from sklearn.externals import joblib
        except ImportError:
            joblib = need("joblib", "joblib")
    return joblib.load(io.BytesIO(data))


def load_skops(data):
    need("skops", "skops")
    import skops.io

    odd = skops.io.get_untrusted_types(data=data)
    if odd:
        raise Refusal("skops does not trust what the bytes hold: {}".format(", ".join(sorted(odd))))
    return skops.io.loads(data)


def load_bytes(data, kind, expected):
    """The model in the bytes."""
    if kind == "pickle":
        return unpickled(data)
    if kind == "joblib":
        return refusing_other_releases(load_joblib, data)
    if kind == "cloudpickle":
        need("cloudpickle", kind)
        return unpickled(data)
    if kind == "dill":
        return refusing_other_releases(need("dill", kind).loads, data)
    if kind == "skops":
        return refusing_other_releases(load_skops, data)
    if kind == "onnx":
        return OnnxModel(data, expected)
    raise Refusal(f"the format {kind} is none that this procedure reads: apply it again (pymlsql apply)")
