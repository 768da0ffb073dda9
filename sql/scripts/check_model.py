# Whether this Python can run a model, and predicts with it what was predicted where the model was made.
# Behind ed25519.py, seal.py, unpickling.py and model_bytes.py, one text with them; it takes what seal.py takes, and
# in:  model           varbinary  the bytes
#      format          nvarchar   what they are
#      signature       nvarchar   the model's signature as JSON
#      python_version  nvarchar   of where it was made
#      packages        nvarchar   JSON object: what it was made with, by the names that pip knows
#      sample          nvarchar   JSON: rows and what the model predicted for them; empty where there are none
# out: found           nvarchar   JSON object: the versions here, by the same names
#      problem         nvarchar   empty, or why the model must not serve here, and the ways out
import json
import platform
import sys

import pandas as pd

IMPORT_NAMES = {"scikit-learn": "sklearn", "category-encoders": "category_encoders", "imbalanced-learn": "imblearn",
                "xgboost-cpu": "xgboost"}
DIGITS = {"scikit-learn": None, "numpy": 1, "xgboost": 1, "xgboost-cpu": 1, "lightgbm": 1,
          "catboost": 1}
ALSO = ("scikit-learn", "numpy", "pandas", "onnxruntime")
CARRIES_CODE = ("cloudpickle", "dill")
HERE = platform.python_version()
SHORT = ".".join(HERE.split(".")[:2])


class Mismatch(Exception):
    pass


def read_versions(made_with):
    versions = {}
    for name in sorted(set(made_with).union(ALSO)):
        try:
            module = __import__(IMPORT_NAMES.get(name, name.replace("-", "_")))
        except Exception:
            continue
        versions[name] = str(getattr(module, "__version__", "unknown"))
    return versions


def pip_line(versions, made_with):
    names = [name for name in made_with if name in versions]
    return "pip install {}".format(" ".join(f"{name}=={versions[name]}" for name in sorted(names)))


def ways_out(versions, made_with):
    there = " (onnxruntime is there)" if "onnxruntime" in versions else ""
    return (f" Ways out: {pip_line(versions, made_with)} with Python {SHORT} and train again; train on the server; "
            f"push it as onnx{there}.")


def check_versions(versions, made_with):
    """Mismatch where the bytes need other versions than there are. An ONNX graph needs none but onnxruntime."""
    if format == "onnx":
        if "onnxruntime" not in versions:
            raise Mismatch(f"The server's Python {HERE} has no onnxruntime: pip install onnxruntime there.")
        return
    for name in sorted(made_with):
        made = made_with[name]
        if name not in versions:
            raise Mismatch(f"The model was made with {name} {made}, and the server's Python {HERE} has none: "
                           f"pip install {name}=={made} there.")
        digits = DIGITS.get(name, 0)
        if made.split(".")[:digits] != versions[name].split(".")[:digits]:
            raise Mismatch(f"The model was made with {name} {made}, and the server has {versions[name]}: it may load "
                           f"and predict something else.{ways_out(versions, made_with)}")
    if format in CARRIES_CODE and python_version.split(".")[:2] != SHORT.split("."):
        raise Mismatch(f"The bytes are {format}, which holds code of Python {python_version}, and the server has "
                       f"{HERE}: push it as pickle or skops, without functions of your own, or train with the "
                       "server's Python.")
    check_protocol()


def check_protocol():
    newest = 4 if sys.version_info[:2] < (3, 8) else 5
    if format in ("pickle", "cloudpickle", "dill") and model[:1] == b"\x80" and model[1] > newest:
        raise Mismatch(f"The pickle has protocol {model[1]}, and Python {HERE} reads up to {newest}: push it again "
                       f"with protocol {newest}.")


def sample_frame(inputs, rows):
    frame = pd.DataFrame(rows, columns=[column["name"] for column in inputs])
    for column in inputs:
        if column["dtype"] == "float64":
            frame[column["name"]] = frame[column["name"]].astype("float64")
        elif column["dtype"] == "str":  # also where all are NULL
            frame[column["name"]] = pd.Series(["", *frame[column["name"]]]).iloc[1:].values
        else:
            frame[column["name"]] = pd.to_datetime(frame[column["name"]])
    return frame


def check_sample(loaded, expected, stored):
    """Mismatch where a stored row's prediction is another here than where the model was made."""
    for part, told in (("columns", [column["name"] for column in expected["inputs"]]),
                       ("classes", expected["output"].get("classes") or [])):
        if stored.get(part, told) != told:
            raise Mismatch("The signature names the {} {}, and the sample of rows was made with {}.".format(
                part, ", ".join(told), ", ".join(stored[part])))
    frame = sample_frame(expected["inputs"], stored["rows"])
    classes = expected["output"].get("classes") or ["prediction"]
    is_classifier = expected["output"].get("kind", "classification") == "classification"
    here = loaded.predict_proba(frame) if is_classifier else loaded.predict(frame)
    here = np.asarray(here, dtype="float64").reshape(len(frame), -1)
    there = np.asarray(stored["expected"], dtype="float64").reshape(len(frame), -1)
    if here.shape != there.shape:
        raise Mismatch(f"The model gives {here.shape[1]} numbers a row here, and gave {there.shape[1]} where it was "
                       "made.")
    apart = np.abs(here - there)
    wrong = ~(apart <= stored["absolute"] + stored["relative"] * np.abs(there))
    if not wrong.any():
        return
    row, column = np.unravel_index(np.where(wrong, np.where(np.isnan(apart), np.inf, apart), -1).argmax(), apart.shape)
    raise Mismatch(
        "The model predicts something else here: {} of {} stored rows differ, row {} the most, where {} is {:.6g} and "
        "was {:.6g} ({:g} is allowed).".format(int(wrong.any(axis=1).sum()), len(frame), row + 1, classes[column],
                                               here[row, column], there[row, column], stored["absolute"]))


def check():
    expected = json.loads(signature)
    made_with = json.loads(packages)
    check_versions(versions, made_with)
    try:
        loaded = load_bytes(model, format, expected)
    except Refusal:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {str(error)[:800]}"
        raise Mismatch(f"The server's Python {HERE} cannot load it: {why}.{ways_out(versions, made_with)}") from error
    check_loaded(loaded, expected)
    if sample:
        try:
            check_sample(loaded, expected, json.loads(sample))
        except Mismatch as error:
            raise Mismatch(str(error) + ways_out(versions, made_with)) from error


problem = ""
versions = {}
try:
    problem = find_forgery(model, statement, seal, seal_key, trusted)
    if not problem:
        versions = read_versions(json.loads(packages))
        check()
except (Refusal, Mismatch) as error:
    problem = str(error)
except Exception as error:
    problem = f"{type(error).__name__}: {error}"
problem = problem[:1900]
found = json.dumps(dict(versions, python=HERE), sort_keys=True)
