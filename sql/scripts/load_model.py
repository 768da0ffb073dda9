# Whether this Python can load a model, and whether the model is what its signature says.
# in:  model      varbinary  the pickle
#      signature  nvarchar   its signature as JSON
# out: problem    nvarchar   empty, or one sentence
import json
import pickle
import warnings

problem = ""
try:
    with warnings.catch_warnings():
        # Of another scikit-learn: it may predict something else without a word.
        warnings.filterwarnings("error", message="Trying to unpickle estimator")
        loaded = pickle.loads(model)
    expected = json.loads(signature)
    names = getattr(loaded, "feature_names_in_", None)  # scikit-learn before 1.0 does not keep them
    if not hasattr(loaded, "predict_proba"):
        problem = "the bytes hold no classifier with predict_proba"
    elif [str(name) for name in loaded.classes_] != expected["output"]["classes"]:
        problem = "the model's classes are not those of its signature"
    elif names is not None and [str(name) for name in names] != [column["name"] for column in expected["inputs"]]:
        problem = "the model's input columns are not those of its signature"
except Exception as error:
    problem = f"{type(error).__name__}: {error}"[:1500]  # what a THROW can carry with room to spare
