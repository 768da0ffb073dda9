"""Declarations of batch procedures: what they make, and what they refuse, with the key that it is about."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pymlsql import procedures
from pymlsql.errors import DeclarationError
from pymlsql.features import Attributes, Column, Entity, FeatureSet, OwnLabel, Source
from pymlsql.modules import TableColumn
from pymlsql.procedures import Batch
from pymlsql.procedures.batch import LOCALS, PARAMETERS
from tests.golden.cases import CASES, FLAT_FEATURES, FOLDER

LABEL = OwnLabel(kind="column", column="y", name="y", sql_type="nvarchar(3)", values=("no", "yes"))
FEATURES = FeatureSet(
    view="dbo.V",
    entity=(Entity(name="id", sql_type="int", parameter="id"),),
    time="at",
    rows="t",
    sources={"t": Source(table="dbo.T")},
    attributes=(Attributes(source="t", columns=(Column(name="x", sql_type="float"),)),),
    label=LABEL,
)
NUMBER = LABEL.model_copy(update={"sql_type": "float", "values": ()})
WORDS = {
    "kind": "batch", "name": "dbo.Score", "features": "x", "model": "m", "predictions": "dbo.P", "served": "dbo.S",
}  # fmt: skip


def parse(features: FeatureSet = FEATURES, **words: Any) -> Batch:
    """A declaration as the project file has it, at procedures.one."""
    found = procedures.parse({**WORDS, **words}, {"x": features}, ("procedures", "one"))
    assert isinstance(found, Batch)
    return found


def with_label(label: Any, **changes: Any) -> FeatureSet:
    return FEATURES.model_copy(update={"label": label, **changes})


def columns(declared: Batch, features: FeatureSet = FEATURES) -> dict[str, str]:
    """The columns of the prediction table with their types."""
    table = declared.render(features)[0]
    assert table.type == "table"
    assert all(not column.nullable for column in table.columns)
    return {column.name: column.sql_type for column in table.columns}


RUN = {"model_version": "int", "run_id": "bigint", "scored_at": "datetime"}


@pytest.mark.parametrize(
    ("label", "words", "made"),
    [
        (LABEL, {}, {"predicted": "nvarchar(3)", "p_no": "float", "p_yes": "float"}),
        (
            LABEL, {"probabilities": False, "top_k": 1, "alerts_per_period": 3},
            {"predicted": "nvarchar(3)", "urgency": "float", "top_1": "nvarchar(3)", "top_1_p": "float",
             "alert": "bit"},
        ),
        (NUMBER, {}, {"predicted": "float"}),
        (None, {"output": "cluster"}, {"predicted": "int"}),
        (None, {"output": "anomaly"}, {"score": "float", "is_anomaly": "bit"}),
    ],
)  # fmt: skip
def test_table_has_keys_output_and_run(label: Any, words: dict[str, Any], made: dict[str, str]) -> None:
    features = with_label(label)
    assert columns(parse(features, **words), features) == {"id": "int", "at": "datetime", **made, **RUN}


def test_modules_come_in_an_order_in_which_they_can_be_created() -> None:
    modules = parse(granted_to=["callers"]).render(FEATURES)
    assert [(one.type, one.name) for one in modules] == [
        ("table", "[dbo].[P]"), ("procedure", "[dbo].[Score]"), ("view", "[dbo].[S]"), ("view", "[dbo].[PLatest]"),
        ("view", "[dbo].[PAtRisk]"), ("view", "[dbo].[PDaily]"),
    ]  # fmt: skip
    assert [one.granted_to for one in modules] == [(), ("callers",), *[("ml_reader",)] * 4]
    assert len(parse(serving=False).render(FEATURES)) == 3
    assert parse().granted_to == ("ml_scorer",)
    assert modules[1].signing is not None
    assert modules[0].columns[0] == TableColumn("id", "int", nullable=False)


REFUSED: dict[str, tuple[FeatureSet, dict[str, Any], str]] = {
    "no kind": (FEATURES, {"kind": "btach"}, r"one\.kind: no kind of procedure .did you mean batch"),
    "unknown word": (FEATURES, {"chunks": 3}, r"one\.chunks: there is no such key"),
    "output with a label": (FEATURES, {"output": "cluster"}, r"one\.output: dbo\.V has the label y"),
    "neither label nor output": (with_label(None), {}, r"one\.features: dbo\.V has no label: say output"),
    "text without values": (
        with_label(LABEL.model_copy(update={"values": ()})), {}, "nvarchar.3., neither a number nor of declared values",
    ),
    "classes of a number": (with_label(NUMBER), {"top_k": 2}, r"top_k: there are no classes: the label is a number"),
    "probabilities of a cluster": (
        with_label(None), {"output": "cluster", "probabilities": True}, r"one\.probabilities: there are no classes",
    ),
    "too many": (FEATURES, {"top_k": 3}, r"one\.top_k: there are 2 classes only"),
    "unknown class": (FEATURES, {"thresholds": {"maybe": 0.5}}, r"one\.thresholds\.maybe: the label has no class"),
    "no probability": (FEATURES, {"thresholds": {"yes": 1.5}}, r"one\.thresholds\.yes: a threshold is above 0"),
    "all with a threshold": (FEATURES, {"thresholds": {"yes": 0.5, "no": 0.5}}, r"one\.thresholds: one class has none"),
    "both": (FEATURES, {"thresholds": {"yes": 0.5}, "costs": {"yes": {"no": 1}}}, r"one\.costs: .* not by both"),
    "half a matrix": (FEATURES, {"costs": {"yes": {"no": 5}}}, r"one\.costs: what predicting yes costs where it is no"),
    "alerts of clusters": (
        with_label(None), {"output": "cluster", "alerts_per_period": 1}, r"one\.alerts_per_period: no cluster is more",
    ),
    "own parameter": (
        with_label(LABEL, entity=(Entity(name="id", sql_type="int", parameter="Version"),)), {},
        r"one\.features: the procedure has a @Version of its own",
    ),
    "own column": (
        with_label(LABEL, entity=(Entity(name="Predicted", sql_type="int", parameter="id"),)), {},
        r"two columns of dbo\.P would be called predicted",
    ),
    "long key": (
        with_label(LABEL, entity=(Entity(name="id", sql_type="nvarchar(450)", parameter="id"),)), {},
        "take up to 916 bytes",
    ),
    "two of one name": (FEATURES, {"served": "DBO.v"}, r"one\.name: .* need different names"),
    "existing with more": (FEATURES, {"table": "existing", "top_k": 1}, r'one\.top_k: not with table = "existing"'),
    "existing flat": (FLAT_FEATURES, {"table": "existing"}, "needs one entity key, a time key and a label"),
    "no store": (FEATURES, {"from_store": True}, r"one\.from_store: no rows of dbo\.V are stored"),
    "odd type": (
        with_label(LABEL, attributes=(Attributes(source="t", columns=(Column(name="x", sql_type="time"),)),)), {},
        "The feature x is time, which no script takes",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("features", "words", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_names_its_key(features: FeatureSet, words: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message) as caught:
        parse(features, **words)
    assert caught.value.path[:2] == ("procedures", "one")
    assert not str(caught.value).endswith("..")


def test_all_variables_of_the_procedures_are_known_by_name() -> None:
    """Those that a parameter must not be called."""
    found = set()
    for name in CASES:
        if name.startswith("batch"):
            text = re.sub(r"N'(?:[^']|'')*'", "", (FOLDER / f"{name}.sql").read_text(encoding="utf-8"))
            found |= {variable.lower() for variable in re.findall(r"(?<!@)@([A-Za-z_]\w*)", text)}
    own = {"asset", "call_id", "shop_id", "item"}
    called = {"resource", "lockmode", "lockowner", "locktimeout", "input_data_1", "parallel", "params"}
    assert found - called == {*LOCALS, *PARAMETERS, *own}


OTHERS = {
    "purge of nothing": (
        {"kind": "purge", "procedure": "dbo.Other", "predictions": "dbo.P", "keep_days": 3},
        r"two\.procedure: no batch procedure of this project is dbo\.Other",
    ),
    "purge under another name": (
        {"kind": "purge", "procedure": "[dbo].Score", "predictions": "dbo.P", "keep_days": 3},
        r"two\.procedure: write it as there, dbo\.Score",
    ),
    "purge of another table": (
        {"kind": "purge", "procedure": "dbo.Score", "predictions": "dbo.Q", "keep_days": 3},
        r"two\.predictions: dbo\.Score stores into dbo\.P",
    ),
    "purge of today": (
        {"kind": "purge", "procedure": "dbo.Score", "predictions": "dbo.P", "keep_days": 0}, r"two\.keep_days: ",
    ),
    "purge with an alias": (
        {"kind": "purge", "procedure": "dbo.Score", "predictions": "dbo.P", "keep_days": 1, "alias": "x"},
        "alias: runs of all versions go",
    ),
    "evaluation of nothing": (
        {"kind": "evaluate", "served": "dbo.Other", "evaluations": "dbo.E", "confusion": "dbo.C"},
        r"two\.served: no batch procedure of this project serves",
    ),
    "evaluation without confusion": (
        {"kind": "evaluate", "served": "dbo.S", "evaluations": "dbo.E"}, r"two\.?:? ?confusion: classes need a table",
    ),
    "two of one table": (WORDS | {"name": "dbo.Second", "served": "dbo.S2"}, r"one makes \[dbo\]\.\[P\] too"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "message"), OTHERS.values(), ids=OTHERS)
def test_what_contradicts_another_procedure_names_its_key(words: dict[str, Any], message: str) -> None:
    where = ("procedures", "two")
    with pytest.raises(DeclarationError, match=message):
        second = procedures.parse({"name": "dbo.Two", "features": "x", "model": "m", **words}, {"x": FEATURES}, where)
        procedures.check_together({"one": parse(), "two": second}, {"x": FEATURES})
