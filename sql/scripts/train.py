# Trains a model on the rows of a feature view, tests it on later time, and hands back all that a version consists of.
# in:  InputDataSet           the features, the label and the time, ordered by time and entity
#      task       nvarchar    JSON: columns ([{"name", "sql_type", "dtype"}]), time, label (null without one), kind
#                             (classification, regression, clustering, anomaly), module, estimator, parameters, seed,
#                             gap_s, impute, scale, view
#      test_from  nvarchar    the first time of the test range, empty: the day in which the last third begins
# out: data       varbinary   the pickled pipeline
#      signature, packages, python_version, sample, metrics   nvarchar   what is registered with it
#      logged     nvarchar    JSON: params, metrics, tags, confusion, n_rows, until
#      refusal    nvarchar    empty, or why there is nothing to train
#      failure    nvarchar    empty, or what went wrong, with its traceback
# Behind train_parts.py and train_scores.py, one text with them.
import pickle
import traceback

import pandas as pd


def split(frame, told):
    """Rows to train on, and to test on: test from test_from on, training until a gap before it."""
    if told["time"] is None:
        return frame, frame
    times = frame[told["time"]]
    since, until = times.min(), times.max()
    first = pd.Timestamp(test_from) if test_from else (since + (until - since) * 2 / 3).floor("D")
    gap = pd.Timedelta(seconds=told["gap_s"])
    train, test = frame[(times <= first - gap) & (times < first)], frame[times >= first]
    if not len(train) or not len(test):
        purpose, hours = "test" if len(train) else "train", told["gap_s"] / 3600.0
        raise Refusal(f"The labelled rows run from {since} to {until}: with a test from {first} on and a gap of "
                      f"{hours:g} h before it, nothing is left to {purpose} on")
    return train, test


def check_labels(train, test, told):
    if told["kind"] != "classification":
        return
    label = told["label"]
    if train[label].nunique() < 2:
        raise Refusal("Until {} every label is '{}': take a longer range".format(
            train[told["time"]].max(), train[label].iloc[0]))
    if test[label].nunique() < 2:
        raise Refusal("From {} on every label is '{}', so that the test would say nothing: choose another @test_from, "
                      "or a longer range".format(test[told["time"]].min(), test[label].iloc[0]))


def range_of(rows, told):
    if told["time"] is None:
        return {"rows": len(rows)}
    times = rows[told["time"]]
    return {"rows": len(rows), "since": times.min().isoformat(), "until": times.max().isoformat()}


def recorded(told, fitted, train, test, scores):
    import sklearn

    given = {"view": told["view"]}
    if told["label"] is not None:
        given["label"] = told["label"]
    if told["time"] is not None:
        given.update(gap_h="{:g}".format(told["gap_s"] / 3600.0), test_from=test[told["time"]].min().isoformat())
    tags = {"estimator": told["estimator"], "scikit-learn": sklearn.__version__}
    numbers = dict(scores[1], train_rows=len(train), test_rows=len(test))
    return json.dumps({"params": dict(given, **parameters_of(fitted)), "metrics": numbers, "tags": tags,
                       "confusion": scores[2], "n_rows": len(train), "until": range_of(train, told).get("until")})


def train(told):
    frame = InputDataSet
    if not len(frame):
        raise Refusal("{} has no row in this range{}".format(
            told["view"], "" if told["label"] is None else " whose label is known"))
    train_rows, test_rows = split(frame, told)
    check_labels(train_rows, test_rows, told)
    names = [column["name"] for column in told["columns"]]
    empty = [name for name in names if train_rows[name].isna().all()]
    if empty:
        raise Refusal("{} of {} hold no value in the training range".format(", ".join(empty), told["view"]))
    with OneThread():
        fitted = pipeline_of(told)
        if told["label"] is None:
            fitted.fit(train_rows[names])
        else:
            fitted.fit(train_rows[names], train_rows[told["label"]])
        scores = SCORES[told["kind"]](fitted, test_rows, told)
        found = dict(scores[0], train=range_of(train_rows, told), test=range_of(test_rows, told))
        return (pickle.dumps(fitted, 4), signature_of(told, fitted, train_rows), sample_of(told, fitted, test_rows),
                json.dumps(found), recorded(told, fitted, train_rows, test_rows, scores))


data, signature, sample, metrics, logged, packages = b"", "", "", "", "", ""
python_version = platform.python_version()
refusal = ""
failure = ""
try:
    data, signature, sample, metrics, logged = train(json.loads(task))
    packages = packages_of(json.loads(task))
except Refusal as error:
    refusal = str(error)
except Exception as error:
    failure = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
