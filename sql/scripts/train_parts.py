# A pipeline of a declared estimator, its signature and its sample of rows, as pymlsql.training and pymlsql.signature
# make them; on every Python from 3.7 and scikit-learn from 0.20 on.
import importlib
import json
import math
import platform
import re
import sys

import numpy as np

MAX_CATEGORIES = 100
MAX_SAMPLE_ROWS = 50
MAX_PARAMETER = 1000
ABSOLUTE = RELATIVE = 1e-6


class Refusal(Exception):
    pass


def accepted(make, options, newer):
    """make(**options) with the newer options too, as far as this release of scikit-learn knows them."""
    try:
        return make(**dict(options, **newer))
    except TypeError:
        return make(**options)


def encoder():
    """A string that the training range did not hold is an error when scoring, not a row of zeros."""
    from sklearn.preprocessing import OneHotEncoder

    options = {"handle_unknown": "error", "categories": "auto"}
    try:
        return OneHotEncoder(sparse_output=False, **options)
    except TypeError:
        return OneHotEncoder(sparse=False, **options)


def estimator_of(told):
    try:
        module = importlib.import_module(told["module"])
    except ImportError as error:
        top = told["module"].split(".")[0]
        raise Refusal(f"the server's Python {platform.python_version()} has no {top} ({error}): pip install it there, "
                      "or declare another estimator") from error
    if not hasattr(module, told["estimator"]):
        try:  # scikit-learn 0.21 to 0.24
            importlib.import_module("sklearn.experimental.enable_hist_gradient_boosting")
        except ImportError:
            raise Refusal("the server's {} {} has no {}: declare another estimator".format(
                told["module"].split(".")[0], sys.modules[told["module"].split(".")[0]].__version__,
                told["estimator"])) from None
    make = getattr(module, told["estimator"])
    try:
        known = make().get_params()
        seeded = {"random_state": told["seed"]} if "random_state" in known else {}
        return make(**dict(seeded, **told["parameters"]))
    except TypeError as error:
        raise Refusal("{} does not take these parameters: {}".format(told["estimator"], error)) from error


def numbers_of(told):
    """What is done with numbers: nothing, or the missing ones filled in, or all brought to one scale."""
    from sklearn.pipeline import Pipeline

    steps = []
    if told["impute"]:
        from sklearn.impute import SimpleImputer

        steps.append(("impute", SimpleImputer(strategy=told["impute"])))
    if told["scale"]:
        from sklearn.preprocessing import StandardScaler

        steps.append(("scale", StandardScaler()))
    return Pipeline(steps) if steps else "passthrough"


def pipeline_of(told):
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    by_dtype = {"float64": [], "str": []}
    for column in told["columns"]:
        by_dtype[column["dtype"]].append(column["name"])
    steps = [("numbers", numbers_of(told), by_dtype["float64"])] if by_dtype["float64"] else []
    if by_dtype["str"]:
        steps.append(("strings", encoder(), by_dtype["str"]))
    columns = accepted(ColumnTransformer, {"transformers": steps}, {"verbose_feature_names_out": False})
    return Pipeline([("columns", columns), ("model", estimator_of(told))])


class OneThread:
    """OpenMP with one thread, where it can be told so: on busy cores two were measured ten times slower."""

    def __enter__(self):
        try:
            self.limit = importlib.import_module("threadpoolctl").threadpool_limits(limits=1, user_api="openmp")
        except (ImportError, AttributeError):
            self.limit = None

    def __exit__(self, *error):
        if self.limit is not None:
            getattr(self.limit, "restore_original_limits", getattr(self.limit, "unregister", lambda: None))()


def input_of(column, values):
    """One column of the signature, with what the rows show of it."""
    known = values.dropna()
    made = {"name": column["name"], "sql_type": column["sql_type"], "dtype": column["dtype"],
            "nullable": bool(values.isna().any())}
    if column["dtype"] == "str":
        texts = sorted({str(value) for value in known})
        if 0 < len(texts) <= MAX_CATEGORIES:
            made["categories"] = texts
    elif len(known):
        low, high = float(known.min()), float(known.max())
        if math.isfinite(low) and math.isfinite(high):
            made.update(minimum=low, maximum=high)
    return made


def signature_of(told, fitted, rows):
    output = {"kind": told["kind"], "classes": []}
    if told["kind"] == "classification":
        output["classes"] = [str(name) for name in fitted.classes_]
    inputs = [input_of(column, rows[column["name"]]) for column in told["columns"]]
    made = {"version": 2, "inputs": inputs, "output": output}
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False)


def plain(value):
    """A cell as JSON has it; NULL for what is no value."""
    if isinstance(value, str):
        return value
    if value is None or value != value or not math.isfinite(float(value)):
        return None
    return float(value)


def sample_of(told, fitted, rows):
    """Rows, evenly spread, with what the model predicts for them: the server must predict the same later."""
    names = [column["name"] for column in told["columns"]]
    chosen = rows[names].iloc[::max(1, math.ceil(len(rows) / MAX_SAMPLE_ROWS))]
    is_classifier = told["kind"] == "classification"
    found = fitted.predict_proba(chosen) if is_classifier else fitted.predict(chosen)
    found = np.asarray(found, dtype="float64").reshape(len(chosen), -1)
    if not np.isfinite(found).all():
        raise Refusal("the model predicts what is not a number for a row of its sample")
    classes = [str(name) for name in fitted.classes_] if is_classifier else []
    return json.dumps({
        "columns": names, "classes": classes,
        "rows": [[plain(value) for value in row] for row in chosen.itertuples(index=False, name=None)],
        "expected": found.tolist(), "absolute": ABSOLUTE, "relative": RELATIVE,
    })


def packages_of(told):
    names = {"scikit-learn": "sklearn", "numpy": "numpy", "pandas": "pandas"}
    top = told["module"].split(".")[0]
    if top != "sklearn":
        names[top] = top
    return json.dumps({name: str(importlib.import_module(top).__version__) for name, top in names.items()})


def parameter_text(value):
    if isinstance(value, str):
        text = value
    elif isinstance(value, type) or callable(value):
        text = getattr(value, "__name__", repr(value))
    elif hasattr(value, "get_params"):
        text = type(value).__name__
    elif isinstance(value, (list, tuple)):
        text = "[{}]".format(", ".join(parameter_text(one) for one in value))
    else:
        text = repr(value)
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text).replace("\x00", "")
    return text if len(text) <= MAX_PARAMETER else text[:MAX_PARAMETER - 3] + "..."


def parameters_of(fitted):
    found = fitted.get_params(deep=True)
    return {name: parameter_text(found[name]) for name in sorted(found) if len(name) <= 250}
