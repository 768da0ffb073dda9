"""Every template, exactly as it renders."""

from __future__ import annotations

from typing import Any

import pytest

from pymlsql import templates
from pymlsql.errors import TemplateError
from pymlsql.registry import modules
from tests.golden.cases import CASES, FOLDER, check_golden


@pytest.mark.parametrize("name", CASES)
def test_template_renders_to_its_golden_text(name: str) -> None:
    template, variables = CASES[name]
    check_golden(name, templates.render(template, **variables))


def test_every_template_with_names_in_it_has_a_case_with_hostile_ones() -> None:
    covered = {template for name, (template, _) in CASES.items() if name.endswith("-hostile")}
    fixed = {modules.template(name) for name in (*modules.TEMPLATES, *modules.VIEWS)}
    assert covered == set(templates.names()) - fixed


def test_procedures_of_the_registry_are_their_templates() -> None:
    for name in modules.TEMPLATES:
        head = templates.head(modules.template(name))
        assert head.purpose.startswith("Procedure: "), name
        assert f"PROCEDURE {name}\n" in templates.source(modules.template(name))


def test_every_golden_text_belongs_to_a_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.sql")} == {*CASES, "upgrade"}


@pytest.mark.parametrize(
    ("template", "variables", "absent"),
    [
        (template, variables, absent)
        for name, (template, variables) in CASES.items()
        if not name.endswith("-hostile")
        for absent in variables
    ],
)
def test_each_variable_taken_away_raises(template: str, variables: dict[str, Any], absent: str) -> None:
    given = {name: value for name, value in variables.items() if name != absent}
    with pytest.raises(TemplateError, match=absent):
        templates.render(template, **given)


def test_variable_that_the_template_does_not_know_is_refused() -> None:
    template, variables = CASES["view"]
    with pytest.raises(TemplateError, match="does not know extra"):
        templates.render(template, **variables, extra=1)
