# Scores one chunk of rows with a stored model. Columns are bound by name, classes by name.
# in:  InputDataSet           row_no and the columns that the procedure selects
#      model      varbinary   the bytes
#      format     nvarchar    what they are: pickle, joblib, cloudpickle, dill, skops, onnx
#      signature  nvarchar    the model's inputs (name, sql_type) and output as JSON
#      columns    nvarchar    what the procedure selects, as JSON: [{"name", "sql_type"}] in the view's order
#      classes, rule: see outputs.py; rule["parallel"] says that several of these run at once
#      statement, seal, seal_key, trusted: see seal.py
# out: OutputDataSet          row_no, then the columns of outputs.py
#      forgery    nvarchar    empty, or why these bytes were not loaded
#      refusal    nvarchar    empty, or why this model does not fit this procedure
#      failure    nvarchar    empty, or what the model raised, with its traceback
# Behind ed25519.py, seal.py, unpickling.py, model_bytes.py, functions of score.py and outputs.py, one text with them.
import json
import traceback

import pandas as pd


def score(rule):
    expected = json.loads(signature)
    names = bind_columns(expected["inputs"], json.loads(columns))
    loaded = load_bytes(model, format, expected)
    check_loaded(loaded, expected)
    frame = InputDataSet[names]
    return frame_of(InputDataSet["row_no"].values, output_columns(loaded, frame, expected, rule, json.loads(classes)))


def frame_of(row_no, found):
    """Only the order of the columns counts for the procedure."""
    return pd.DataFrame({f"c{number:03d}": one for number, one in enumerate([row_no, *found])})


refusal = ""
failure = ""
forgery = ""
told = json.loads(rule)
try:
    forgery = find_forgery(model, statement, seal, seal_key, trusted)
    if not forgery:
        OutputDataSet = score(told)
except Refusal as error:
    refusal = str(error)
except Exception as error:
    failure = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
if told.get("parallel") and (forgery or refusal or failure):  # the server takes the texts of one process only
    raise RuntimeError(forgery or refusal or failure)
if forgery or refusal or failure:
    OutputDataSet = frame_of(np.zeros(0, "int32"), no_columns(told, json.loads(classes)))
