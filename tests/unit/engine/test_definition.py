"""The normal form of constraint expressions, as definitions in Microsoft's documents and sample databases show it."""

from __future__ import annotations

import pytest

from pymlsql.embedded.engine.system_views.definition import columns_in, normal_form

CASES = [
    ("0", "((0))"),
    ("(0)", "((0))"),
    ("((0))", "((0))"),
    ("-1", "((-1))"),
    ("- 1", "((-1))"),
    ("+1", "((1))"),
    ("1.50", "((1.50))"),
    ("'x'", "('x')"),
    ("n'it''s'", "(N'it''s')"),
    ("null", "(NULL)"),
    ("GETUTCDATE()", "(getutcdate())"),
    ("GetDate( )", "(getdate())"),
    ("CURRENT_TIMESTAMP", "(getdate())"),
    ("SYSTEM_USER", "(suser_sname())"),
    ("NEWID()", "(newid())"),
    ("1 + 2 * 3", "((1)+(2)*(3))"),
    ("(1 + 2) * 3", "(((1)+(2))*(3))"),
    ("'a' + [b]", "('a'+[b])"),
    ("DATEADD(dd, -18, GETDATE())", "(dateadd(day,(-18),getdate()))"),
    ("CAST(GETDATE() AS date)", "(CONVERT([date],getdate()))"),
    ("CONVERT(varchar(10), GETDATE(), 120)", "(CONVERT([varchar](10),getdate(),(120)))"),
    ("CAST(0 AS decimal(9, 2))", "(CONVERT([decimal](9,2),(0)))"),
    ("f > 0", "([f]>(0))"),
    ("((F)) != (0)", "([f]<>(0))"),
    ("f !< 1", "([f]>=(1))"),
    ("a - (b - c)", "([a]-([b]-[c]))"),
    ("(a - b) - c", "([a]-[b]-[c])"),
    ("a IN ('x', 'y', 'z')", "([a]='z' OR [a]='y' OR [a]='x')"),
    ("a IN (1)", "([a]=(1))"),
    ("a IN (1, 2) AND b = 1", "(([a]=(2) OR [a]=(1)) AND [b]=(1))"),
    ("a BETWEEN 1 AND 10 OR b IS NULL", "([a]>=(1) AND [a]<=(10) OR [b] IS NULL)"),
    ("(a = 1 OR b = 2) AND c LIKE 'x%'", "(([a]=(1) OR [b]=(2)) AND [c] like 'x%')"),
    ("NOT (a = 1 OR b IS NOT NULL)", "(NOT ([a]=(1) OR [b] IS NOT NULL))"),
    ("UPPER(a) = 'U' or a is null", "(upper([a])='U' OR [a] IS NULL)"),
    ("[odd ]] name] > 0", "([odd ]] name]>(0))"),
    ("ISJSON(a) = 1 -- and so on", "(isjson([a])=(1))"),
    ("(a) = dbo.f(b)", "([a]=[dbo].[f]([b]))"),
]

KEPT = [
    ("CASE WHEN a = 1 THEN 2 END", "(CASE WHEN a = 1 THEN 2 END)"),
    ("(COALESCE(a, b) > 0)", "(COALESCE(a, b) > 0)"),
    ("a NOT IN (1, 2)", "(a NOT IN (1, 2))"),
    ("t.a > 0", "(t.a > 0)"),
    ("0x00", "(0x00)"),
]


@pytest.mark.parametrize(("text", "wanted"), CASES, ids=[text for text, _ in CASES])
def test_expressions_are_shown_in_normal_form(text: str, wanted: str) -> None:
    assert normal_form(text, ("a", "b", "c", "f")) == wanted


@pytest.mark.parametrize(("text", "wanted"), CASES, ids=[text for text, _ in CASES])
def test_the_normal_form_is_its_own_normal_form(text: str, wanted: str) -> None:
    assert normal_form(wanted, ("a", "b", "c", "f")) == wanted


@pytest.mark.parametrize(("text", "wanted"), KEPT, ids=[text for text, _ in KEPT])
def test_what_is_not_decoded_is_kept_as_written(text: str, wanted: str) -> None:
    assert normal_form(text) == wanted


def test_columns_in_an_expression_are_neither_functions_nor_strings() -> None:
    assert columns_in("len([B]) > 1 AND A = 'c'", ("a", "b", "c", "len")) == ("a", "b")
