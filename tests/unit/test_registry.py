"""Names of models and aliases, and the procedure call as text."""

from __future__ import annotations

import datetime

import pytest

from pymlsql import registry, scoring
from pymlsql.errors import RegistryError, TemplateError


@pytest.mark.parametrize("name", ["failures", "Größe 2", "a" * 128, "it's"])
def test_a_name_may_be_any_line_of_text(name: str) -> None:
    registry.check_name(name, "model")


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "a\x00", "a" * 129])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(RegistryError, match="cannot be the name of an alias"):
        registry.check_name(name, "alias")


def test_a_call_names_only_the_arguments_that_were_given() -> None:
    since = datetime.datetime(2015, 3, 1)
    sql, values = scoring.render_call("dbo.Predict", {"machine_id": None, "since": since, "unscored": 0})
    assert sql == "EXEC [dbo].[Predict] @since = ?, @unscored = ?"
    assert values == (since, 0)
    assert scoring.render_call("dbo.[a]]b]", {}) == ("EXEC [dbo].[a]]b]", ())


def test_a_procedure_name_is_quoted_never_pasted() -> None:
    with pytest.raises(TemplateError):
        scoring.render_call("dbo.x; DROP TABLE ml.models", {})
