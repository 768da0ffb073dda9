# Scores one chunk of rows with a stored classifier. Columns are bound by name, classes by name.
# in:  InputDataSet           row_no and the columns that the procedure selects
#      model      varbinary   the bytes
#      format     nvarchar    what they are: pickle, joblib, cloudpickle, dill, skops, onnx
#      signature  nvarchar    the model's inputs (name, sql_type) and classes as JSON
#      columns    nvarchar    what the procedure selects, as JSON: [{"name", "sql_type"}] in the view's order
#      classes    nvarchar    the procedure's classes as JSON, in the order of its probability columns
#      statement, seal, seal_key, trusted: see seal.py
# out: OutputDataSet          row_no, predicted, one probability per class of the procedure
#      forgery    nvarchar    empty, or why these bytes were not loaded
#      refusal    nvarchar    empty, or why this model does not fit this procedure
#      failure    nvarchar    empty, or what the model raised, with its traceback
# Behind ed25519.py, seal.py, unpickling.py and model_bytes.py, one text with them.
import json
import traceback

import numpy as np
import pandas as pd


def base_type(sql_type):
    return sql_type.split("(")[0].strip().lower()


def bind_columns(inputs, selected):
    """The names of the model's inputs, in its order, after a look at names and types."""
    types = {column["name"]: column["sql_type"] for column in selected}
    for column in inputs:
        name = column["name"]
        if name not in types:
            raise Refusal(f"the model takes the column {name}, which the feature view does not have")
        if base_type(column["sql_type"]) != base_type(types[name]):
            raise Refusal("the model was trained on {} as {}, and the feature view gives {}".format(
                name, column["sql_type"], types[name]))
    return [column["name"] for column in inputs]


def by_class(probabilities, own_classes, wanted):
    """Probability columns in the procedure's order; 0 for a class that the model has never seen."""
    for name in own_classes:
        if name not in wanted:
            raise Refusal(f"the model knows the class {name}, which the procedure has no column for")
    ordered = np.zeros((len(probabilities), len(wanted)))
    for position, name in enumerate(own_classes):
        ordered[:, wanted.index(name)] = probabilities[:, position]
    return ordered


def score():
    expected = json.loads(signature)
    wanted = json.loads(classes)
    names = bind_columns(expected["inputs"], json.loads(columns))
    kind = expected["output"].get("kind", "classification")
    if kind != "classification":
        raise Refusal(f"the model gives {kind}, and this procedure stores classes")
    loaded = load_bytes(model, format, expected)
    check_loaded(loaded, expected)
    own_classes = expected["output"]["classes"]
    probabilities = by_class(np.asarray(loaded.predict_proba(InputDataSet[names])), own_classes, wanted)
    if not np.isfinite(probabilities).all():
        raise ValueError("predict_proba gave a probability that is not a number")
    predicted = np.array(wanted, dtype=object)[probabilities.argmax(axis=1)]
    return frame_of(InputDataSet["row_no"].values, predicted, probabilities)


def frame_of(row_no, predicted, probabilities):
    """Only the order of the columns counts for the procedure; their names are for people."""
    scored = pd.DataFrame({"row_no": row_no, "predicted": predicted}, columns=["row_no", "predicted"])
    for position in range(probabilities.shape[1]):
        scored[f"p_{position}"] = probabilities[:, position]
    return scored


refusal = ""
failure = ""
forgery = ""
try:
    forgery = find_forgery(model, statement, seal, seal_key, trusted)
    if not forgery:
        OutputDataSet = score()
except Refusal as error:
    refusal = str(error)
except Exception as error:
    failure = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
if forgery or refusal or failure:
    OutputDataSet = frame_of(np.zeros(0, "int32"), np.zeros(0, object), np.zeros((0, len(json.loads(classes)))))
