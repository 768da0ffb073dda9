# Scores the rows that a caller gives, once. Columns are bound by name, classes by name.
# in:  model      varbinary   the bytes
#      format     nvarchar    what they are; where that is not pickle, model_bytes.py stands before this text
#      signature  nvarchar    the model's inputs (name, sql_type) and output as JSON
#      declared   nvarchar    JSON: columns, the procedure's own, and what given.py reads beside
#      classes, rule: see outputs.py
#      statement, seal, seal_key, trusted: see seal.py; where trusted is not empty, it stands before this text
# out: OutputDataSet          row_no, further columns of the rows, then the columns of outputs.py
#      wrong      nvarchar    empty, or what is wrong with the rows
#      forgery    nvarchar    empty, or why these bytes were not loaded
#      refusal    nvarchar    empty, or why this model does not fit this procedure
#      failure    nvarchar    empty, or what the model raised, with its traceback
# Behind unpickling.py, functions of score.py, outputs.py, and given.py or given_table.py, one text with them.
import json
import re
import traceback

import pandas as pd

NULLS = re.compile(r"\b(nan|None)\b(?=([^']*'[^']*')*[^']*$)")  # outside of quotes
UNKNOWN = re.compile(r"Found unknown categories \[(.*)\] in column \d+ during transform", re.DOTALL)


def serve(told, wanted):
    numbers, further, given = given_rows()
    if not len(numbers):
        return frame_of(further_columns(told, wanted))
    expected = json.loads(signature)
    names = bind_columns(expected["inputs"], json.loads(declared)["columns"])
    loaded = unpickled(model) if format == "pickle" else load_bytes(model, format, expected)
    check_loaded(loaded, expected)
    frame = pd.DataFrame({name: given[name] for name in names}, columns=names)
    try:
        return frame_of([numbers, *further, *output_columns(loaded, frame, expected, told, wanted)])
    except ValueError as error:  # of scikit-learn's encoders, which name no row
        found = UNKNOWN.match(str(error))
        if found is None:
            raise
        raise Wrong("training has not seen " + NULLS.sub("NULL", found.group(1))) from None


def further_columns(told, wanted):
    return [np.zeros(0, "int32"), *no_further(), *no_columns(told, wanted)]


def frame_of(columns):
    """Only the order of the columns counts for the procedure."""
    return pd.DataFrame({f"c{number:03d}": one for number, one in enumerate(columns)})


wrong = ""
refusal = ""
failure = ""
forgery = ""
try:
    if trusted:
        forgery = find_forgery(model, statement, seal, seal_key, trusted)
    if not forgery:
        OutputDataSet = serve(json.loads(rule), json.loads(classes))
except Wrong as error:
    wrong = str(error)
except Refusal as error:
    refusal = str(error)
except Exception as error:
    failure = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
if forgery or wrong or refusal or failure:
    OutputDataSet = frame_of(further_columns(json.loads(rule), json.loads(classes)))
