"""Procedures that score what a caller gives, as declared and rendered."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pymlsql import procedures
from pymlsql.errors import DeclarationError
from pymlsql.examples.pdm.declaration import FEATURES
from pymlsql.features import FeatureSet
from pymlsql.procedures.single import TAKEN
from tests.golden.cases import HOSTILE_FEATURES, HOSTILE_ONE, HOSTILE_TABLE, SCORE_JSON, SCORE_ONE, SCORE_ROWS

BASE = {"name": "dbo.Score", "features": "f", "model": "m"}


def refused(values: dict[str, Any], features: FeatureSet = FEATURES) -> DeclarationError:
    with pytest.raises(DeclarationError) as raised:
        procedures.parse({**BASE, **values}, {"f": features}, ("procedures", "p"))
    return raised.value


def test_names_that_a_parameter_may_not_have_are_those_of_the_procedure() -> None:
    """Every variable of the procedure that is not one of its features, and no other."""
    for declared in (SCORE_ONE, SCORE_ONE.model_copy(update={"log": True})):
        (module,) = declared.render(FEATURES)
        text = re.sub(r"N'(?:[^']|'')*'", "", module.text)
        used = {name.lower() for name in re.findall(r"(?<!@)@([A-Za-z_]\w*)", text)}
        features = {column.name.lower() for column in FEATURES.features}
        own = used - features - {"params", "rows", "input_data_1"}  # names of arguments, not of variables
        assert own <= TAKEN
    assert own == TAKEN


MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no such feature": ({"kind": "json", "optional": ["voltage"]}, "procedures.p.optional.0", "no feature voltage"),
    "id is a feature": ({"kind": "json", "id": "age"}, "procedures.p.id", "age is a feature already"),
    "id is a result": ({"kind": "json", "id": "Predicted"}, "procedures.p.id", "the result has a column Predicted"),
    "id is the number": ({"kind": "json", "id": "row_no"}, "procedures.p.id", "the result has a column row_no"),
    "parameter of nothing": (
        {"kind": "single", "parameters": {"voltage": "v"}}, "procedures.p.parameters.voltage", "no feature voltage",
    ),
    "taken": ({"kind": "single", "parameters": {"age": "Text"}}, "procedures.p.parameters.age", "has @Text for itself"),
    "twice": ({"kind": "single", "parameters": {"age": "COMP1"}}, "procedures.p.parameters.age", "@COMP1 is comp1's"),
    "no name": ({"kind": "single", "parameters": {"age": "a b"}}, "procedures.p.parameters.age", "should match"),
    "no type": ({"kind": "rows"}, "procedures.p.type", "it is missing"),
    "no kind": ({"kind": "jsn"}, "procedures.p.kind", "did you mean json"),
}  # fmt: skip


@pytest.mark.parametrize(("values", "path", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_names_its_key(values: dict[str, Any], path: str, message: str) -> None:
    error = refused(values)
    assert ".".join(map(str, error.path)) == path
    assert re.search(message, str(error)), str(error)


def test_feature_that_no_parameter_can_be_called_is_named() -> None:
    error = refused({"kind": "single"}, HOSTILE_FEATURES)
    assert "the feature score]smean_6h needs a parameter of another name" in str(error)


def test_hostile_names_are_bound() -> None:
    (module,) = HOSTILE_ONE.render(HOSTILE_FEATURES)
    assert "@f_0 float,\n    @f_1 float" in module.text
    assert "[score]" not in module.text.split("AS\n")[0]
    type_module, procedure = HOSTILE_TABLE.render(HOSTILE_FEATURES)
    assert type_module.columns[0].name == "row_no"
    assert [column.name for column in type_module.columns[1:]] == [one.name for one in HOSTILE_FEATURES.features]
    assert "READONLY" in procedure.text


def test_all_are_signed_and_need_nothing_but_execute() -> None:
    for declared in (SCORE_JSON, SCORE_ONE, SCORE_ROWS):
        module = declared.render(FEATURES)[-1]
        assert module.signing is not None
        assert (module.signing.looked_up, module.signing.read) == ((), ())


def test_script_is_told_the_columns() -> None:
    (module,) = SCORE_JSON.render(FEATURES)
    found = re.search(r"@declared nvarchar\(max\) = N'((?:[^']|'')*)'", module.text)
    assert found is not None
    told = json.loads(found[1].replace("''", "'"))
    assert [(one["name"], one["sql_type"]) for one in told["columns"]] == [
        (column.name, column.sql_type) for column in FEATURES.features
    ]
    assert (told["form"], told["id"], told["optional"]) == ("objects", "machineID", [])


TRAINING: dict[str, tuple[dict[str, Any], str, str]] = {
    "misspelt": ({"estimator": "RandomForest"}, "estimator", "none that a procedure trains"),
    "number for classes": ({"estimator": "Ridge"}, "estimator", "is for regression, and failure is classes"),
    "cluster of labels": ({"estimator": "KMeans"}, "estimator", "takes no label"),
    "no parameter": ({"parameters": {"max iter": 3}}, "parameters.max iter", "no name of a parameter"),
    "strategy": ({"impute": "guess"}, "impute", "one of 'median'"),
    "gap": ({"gap": "a day"}, "gap", "not a length of time"),
}


@pytest.mark.parametrize(("values", "path", "message"), TRAINING.values(), ids=TRAINING)
def test_training_that_cannot_be_meant_names_its_key(values: dict[str, Any], path: str, message: str) -> None:
    error = refused({"kind": "train", "estimator": "LogisticRegression", **values})
    assert ".".join(map(str, error.path)) == f"procedures.p.{path}"
    assert message in str(error)


def test_training_reads_the_function_and_may_see_the_view() -> None:
    declared = procedures.parse({**BASE, "kind": "train", "estimator": "RandomForestClassifier"}, {"f": FEATURES})
    (module,) = declared.render(FEATURES)
    assert module.signing is not None
    assert module.signing.read == (FEATURES.function,)
    assert FEATURES.view in module.signing.looked_up
    assert '"gap_s": 86400.0' in module.text
