"""Prediction procedures as declared and rendered."""

from __future__ import annotations

import json

import pytest

from pymlsql import batches, deployment
from pymlsql.errors import DeclarationError
from pymlsql.examples.pdm.declaration import FEATURES, PROCEDURE, PROJECT
from pymlsql.features import Column
from pymlsql.procedures import ScoringProcedure
from tests.golden.cases import TABLE_PROCEDURE


def test_all_modules_come_in_an_order_in_which_they_can_be_created() -> None:
    assert [(module.type, module.name) for module in PROJECT.modules] == [
        ("function", "[dbo].[FeaturesAndLabelsSlots]"),
        ("function", "[dbo].[FeaturesAndLabelsFor]"),
        ("view", "[dbo].[FeaturesAndLabels]"),
        ("procedure", "[dbo].[PredictFailures]"),
        ("view", "[dbo].[ServedFailurePredictions]"),
        ("view", "[dbo].[FailurePredictionsLatest]"),
        ("view", "[dbo].[FailurePredictionsAtRisk]"),
        ("view", "[dbo].[FailurePredictionsDaily]"),
        ("procedure", "[dbo].[ScoreFailures]"),
        ("procedure", "[dbo].[ScoreFailure]"),
        ("type", "[dbo].[FailureRows]"),
        ("procedure", "[dbo].[ScoreFailureRows]"),
        ("procedure", "[dbo].[TrainFailures]"),
    ]


def test_script_has_one_batch_a_module_behind_the_options() -> None:
    first, *rest = batches.split(deployment.render_script(PROJECT.modules, sign=False))
    assert "SET QUOTED_IDENTIFIER ON" in first
    made = [batch for batch in rest if not batch.startswith(("SET NOCOUNT ON;", "GRANT "))]  # descriptions, grants
    for batch, module in zip(made, PROJECT.modules, strict=True):
        assert module.name in batch if module.type == "type" else batch.rstrip() == module.text.rstrip()


def test_signature_of_the_procedure_is_the_agreed_one() -> None:
    (text,) = [module.text for module in PROJECT.modules if module.name == "[dbo].[PredictFailures]"]
    head = " ".join(text[: text.index("\nAS\n")].split())
    assert head == (
        "CREATE OR ALTER PROCEDURE [dbo].[PredictFailures] @machine_id int = NULL, @since datetime = NULL,"
        " @until datetime = NULL, @unscored bit = 0, @model sysname = N'failures', @alias sysname = NULL,"
        " @persist bit = 1, @run_id bigint = NULL OUTPUT, @route_id int = NULL"
    )
    assert [f"THROW 5100{n}" in text for n in range(1, 6)] == [True] * 5


def test_script_is_told_the_columns_with_the_types_of_the_view() -> None:
    columns = json.loads(PROCEDURE.columns_json)
    assert columns == [{"name": column.name, "sql_type": column.sql_type} for column in FEATURES.features]
    assert json.loads(PROCEDURE.classes_json) == ["none", "comp1", "comp2", "comp3", "comp4"]


def test_procedure_over_a_table_filters_the_table() -> None:
    assert "[dbo].[FeatureRows]" in TABLE_PROCEDURE.feature_rows
    assert "@machine_id" in TABLE_PROCEDURE.slot_rows
    assert PROCEDURE.feature_rows == "[dbo].[FeaturesAndLabelsFor] (@machine_id, @since, @until)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parameter": "since"}, "parameter @since of its own"),
        ({"classes": ("none", "None")}, "differ in case only"),
        ({"features": (Column(name="t", sql_type="time"),)}, "CAST"),
        ({"chunk_rows": 0}, "greater than or equal to 1"),
    ],
)
def test_procedure_that_cannot_work_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises((ValueError, DeclarationError), match=message):
        ScoringProcedure.model_validate({**dict(TABLE_PROCEDURE), **change})
