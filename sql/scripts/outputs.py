# What a model gives for rows, as the columns that a procedure has for it, in their order.
# in:  classes  nvarchar  the procedure's classes as JSON, in the order of its probability columns; [] where it has none
#      rule     nvarchar  JSON: output (classification, regression, clustering, anomaly), and for classes
#               probabilities (whether each has a column), top_k (how many of the likeliest), thresholds (by class) or
#               costs (a row for each actual class, a column for each predicted one)
import numpy as np


def choose(probabilities, rule, wanted):
    """The number of the predicted class of each row; the first of several that are equally good."""
    if "costs" in rule:
        return probabilities.dot(np.asarray(rule["costs"])).argmin(axis=1)
    if "thresholds" not in rule:
        return probabilities.argmax(axis=1)
    bounds = np.array([rule["thresholds"].get(name, np.inf) for name in wanted])
    reached = probabilities >= bounds
    others = np.where(np.isinf(bounds), probabilities, -1).argmax(axis=1)
    return np.where(reached.any(axis=1), np.where(reached, probabilities / bounds, -1).argmax(axis=1), others)


def class_columns(probabilities, rule, wanted):
    names = np.array(wanted, dtype=object)
    columns = [names[choose(probabilities, rule, wanted)]]
    if rule["probabilities"]:
        columns += [probabilities[:, number] for number in range(len(wanted))]
    else:
        columns.append(1 - probabilities[:, 0])
    likeliest = np.argsort(-probabilities, axis=1, kind="mergesort")  # keeps the order of equal ones
    for place in range(rule["top_k"]):
        columns.append(names[likeliest[:, place]])
        columns.append(np.take_along_axis(probabilities, likeliest[:, place:place + 1], axis=1)[:, 0])
    return columns


def anomaly_score(loaded, frame):
    """Higher is stranger, and above 0 it is an anomaly: decision_function of scikit-learn the other way round."""
    if getattr(loaded, "is_graph", False):
        found = loaded.session.run(None, loaded.feed(frame))
        if len(found) < 2:
            raise Refusal("the graph gives no score beside its verdict")
        return -np.asarray(found[1], dtype="float64").reshape(len(frame), -1)[:, 0]
    if not hasattr(loaded, "decision_function"):
        raise Refusal("the model has no decision_function, which would be the score")
    return -np.asarray(loaded.decision_function(frame), dtype="float64").reshape(-1)


def numbers(values):
    """The same as float64, one number a row or one a class. ValueError where one of them is none."""
    found = np.asarray(values, dtype="float64")
    if not np.isfinite(found).all():
        raise ValueError("the model predicted what is not a number")
    return found


def output_columns(loaded, frame, expected, rule, wanted):
    """The columns for these rows, as arrays. Refusal for a model of another kind; ValueError for what is no number."""
    kind = expected["output"].get("kind", "classification")
    if kind != rule["output"]:
        raise Refusal("the model gives {}, and this procedure {}".format(kind, rule["output"]))
    if kind == "classification":
        given = numbers(loaded.predict_proba(frame))
        return class_columns(by_class(given, expected["output"]["classes"], wanted), rule, wanted)
    found = numbers(loaded.predict(frame)).reshape(-1)
    if kind == "anomaly":
        return [numbers(anomaly_score(loaded, frame)), (found < 0).astype("int32")]
    if kind == "clustering":
        if (found != np.rint(found)).any() or (np.abs(found) > 2 ** 31 - 1).any():
            raise ValueError("the model predicted what is not the number of a cluster")
        return [found.astype("int32")]
    return [found]


def no_columns(rule, wanted):
    """The same columns without rows."""
    if rule["output"] == "classification":
        rule = dict(rule, costs=[[0.0] * len(wanted)] * len(wanted))
        return class_columns(np.zeros((0, len(wanted))), rule, wanted)
    if rule["output"] == "anomaly":
        return [np.zeros(0), np.zeros(0, "int32")]
    return [np.zeros(0, "int32" if rule["output"] == "clustering" else "float64")]
