# Makes a model of its pickle, and holds a model against its signature.
import pickle
import warnings


class Refusal(Exception):
    pass


def refusing_other_releases(load, data):
    """What load makes of data. A pickle of another scikit-learn is an error, not a warning: it may predict something
    else without a word, and better no number than a wrong one. The filters stay as they are but for what they hide:
    a server that keeps unpickled models ready gives them only where warnings are treated as ever."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.filters[:] = [row for row in warnings.filters if row[0] != "ignore"]
        found = load(data)
    for one in caught:
        if str(one.message).startswith("Trying to unpickle estimator"):
            raise one.message
        warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return found


def unpickled(data):
    return refusing_other_releases(pickle.loads, data)


def check_loaded(loaded, expected):
    """Refuse a model that is something else than its signature says."""
    if getattr(loaded, "is_graph", False):
        return
    names = getattr(loaded, "feature_names_in_", None)  # scikit-learn before 1.0 does not keep them
    if names is not None and [str(name) for name in names] != [column["name"] for column in expected["inputs"]]:
        raise Refusal("the model's own input columns are not those of its signature, in that order")
    if expected["output"].get("kind", "classification") != "classification":
        if not hasattr(loaded, "predict"):
            raise Refusal("the stored bytes hold no model with predict")
        return
    if not hasattr(loaded, "predict_proba"):
        raise Refusal("the stored bytes hold no classifier with predict_proba")
    classes = [str(name) for name in loaded.classes_]
    if classes != expected["output"]["classes"]:
        raise Refusal("the model's own classes are {}, its signature says {}".format(
            ", ".join(classes), ", ".join(expected["output"]["classes"])))
