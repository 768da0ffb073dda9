"""How templates are written, whatever they say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from jinja2 import nodes

from pymlsql import _resources, templates
from pymlsql.errors import TemplateError

MACROS = tuple(
    path.relative_to(_resources.folder("sql")).as_posix()
    for path in sorted((_resources.folder("sql") / "macros").rglob("*.j2"))
)


def outputs(name: str) -> Iterator[nodes.Expr]:
    """What each `{{ }}` of a template prints."""
    for output in templates.parse(name).find_all(nodes.Output):
        yield from (node for node in output.nodes if not isinstance(node, nodes.TemplateData))


def is_quoted(expression: nodes.Expr) -> bool:
    """A filter of ours at the end; or a constant written in the template, or a choice between two."""
    if isinstance(expression, nodes.Filter):
        return expression.name in templates.FILTERS
    if isinstance(expression, nodes.CondExpr):
        return is_quoted(expression.expr1) and expression.expr2 is not None and is_quoted(expression.expr2)
    return isinstance(expression, nodes.Const) and isinstance(expression.value, str)


@pytest.mark.parametrize("name", [*templates.names(), *MACROS])
def test_every_expression_ends_in_a_quoting_filter(name: str) -> None:
    bare = [f"line {expression.lineno}: {expression}" for expression in outputs(name) if not is_quoted(expression)]
    assert bare == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ a | ident }}", True), ("{{ a }}", False), ("{{ a | ident | upper }}", False), ("{{ a.b | string }}", True),
        ("{{ ',' if a else '' }}", True), ("{{ a if b else '' }}", False), ("{{ a ~ 'x' }}", False),
    ],
)  # fmt: skip
def test_the_rule_about_filters_can_fail(text: str, expected: bool) -> None:
    import jinja2

    environment = jinja2.Environment()
    environment.filters.update(templates.FILTERS)
    (output,) = environment.parse(text).find_all(nodes.Output)
    assert is_quoted(output.nodes[0]) is expected


@pytest.mark.parametrize("name", templates.names())
def test_head_comment_names_purpose_and_exactly_the_variables(name: str) -> None:
    head = templates.head(name)
    assert head.purpose
    assert set(head.variables) == templates.used_variables(name)


@pytest.mark.parametrize("name", [*templates.names(), *MACROS])
def test_templates_are_ascii_without_tabs(name: str) -> None:
    text = templates.source(name)
    assert text.isascii()
    assert "\t" not in text


def test_unknown_template_is_named_in_the_error() -> None:
    with pytest.raises(TemplateError, match=r"no template views/nothing"):
        templates.render("views/nothing.sql.j2")


def test_value_that_cannot_be_quoted_names_the_template() -> None:
    with pytest.raises(TemplateError, match=r"views/features\.sql\.j2"):
        templates.render("views/features.sql.j2", features=type("Fake", (), {"view": "a b c"})())
