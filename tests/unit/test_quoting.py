"""Names, literals, types and numbers as T-SQL text."""

from __future__ import annotations

import pytest

from pymlsql import quoting
from pymlsql.errors import TemplateError

IDENTS = {
    "plain": ("score", "[score]"),
    "closing bracket": ("score]s", "[score]]s]"),
    "opening bracket": ("a[b", "[a[b]"),
    "quote": ("O'Brien", "[O'Brien]"),
    "keyword": ("select", "[select]"),
    "space and dot": ("a b.c", "[a b.c]"),
    "longest": ("x" * 128, "[" + "x" * 128 + "]"),
    "beyond the basic plane counts twice": ("\U0001f600" * 64, "[" + "\U0001f600" * 64 + "]"),
}


@pytest.mark.parametrize(("name", "expected"), IDENTS.values(), ids=IDENTS)
def test_ident_is_bracketed(name: str, expected: str) -> None:
    assert quoting.ident(name) == expected


@pytest.mark.parametrize(
    "name", ["", "x" * 129, "\U0001f600" * 65, "a\0b", "a\nDROP TABLE t", "\ud800", None, 3],
    ids=["empty", "too long", "too long in UTF-16", "NUL", "line end", "half a surrogate", "None", "number"],
)  # fmt: skip
def test_ident_refuses_what_is_no_name(name: object) -> None:
    with pytest.raises(TemplateError):
        quoting.ident(name)


NAMES = {
    "one part": ("T", ("T",), "[T]"),
    "two parts": ("dbo.T", ("dbo", "T"), "[dbo].[T]"),
    "brackets": ("[dbo].[a.b]", ("dbo", "a.b"), "[dbo].[a.b]"),
    "escaped bracket": ("dbo.[a]]b]", ("dbo", "a]b"), "[dbo].[a]]b]"),
    "double quotes": ('"my schema"."a""b"', ("my schema", 'a"b'), '[my schema].[a"b]'),
    "four parts": ("srv.db.dbo.T", ("srv", "db", "dbo", "T"), "[srv].[db].[dbo].[T]"),
}


@pytest.mark.parametrize(("text", "parts", "expected"), NAMES.values(), ids=NAMES)
def test_qualified_name_is_parsed_and_quoted(text: str, parts: tuple[str, ...], expected: str) -> None:
    assert quoting.parse_name(text) == parts
    assert quoting.qualified(text) == expected
    assert quoting.qualified(parts) == expected


@pytest.mark.parametrize("text", ["", ".", "dbo.", "a b", "dbo.T; DROP", "[dbo", "a.b.c.d.e", "dbo.'T'"])
def test_qualified_refuses_what_is_no_name(text: str) -> None:
    with pytest.raises(TemplateError):
        quoting.qualified(text)


STRINGS = {
    "plain": ("abc", "N'abc'"),
    "empty": ("", "N''"),
    "quote": ("O'Brien", "N'O''Brien'"),
    "only quotes": ("''", "N''''''"),
    "line ends stay": ("a\r\nb", "N'a\r\nb'"),
    "backslash within a line": (r"a\b", r"N'a\b'"),
    "beyond the basic plane": ("\U0001f600", "N'\U0001f600'"),
}


@pytest.mark.parametrize(("text", "expected"), STRINGS.values(), ids=STRINGS)
def test_string_is_a_unicode_literal(text: str, expected: str) -> None:
    assert quoting.string(text) == expected


@pytest.mark.parametrize("value", ["a\\\nb", "a\\\r\nb", "\udc00", 1, None, b"x"])
def test_string_refuses_what_would_arrive_changed(value: object) -> None:
    with pytest.raises(TemplateError):
        quoting.string(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INT", "int"), ("nvarchar(20)", "nvarchar(20)"), ("NVarChar( MAX )", "nvarchar(max)"),
        ("decimal(18,2)", "decimal(18, 2)"), ("float", "float"), ("binary(32)", "binary(32)"),
        ("datetime2(7)", "datetime2(7)"),
    ],
)  # fmt: skip
def test_sqltype_is_checked_and_lowered(text: str, expected: str) -> None:
    assert quoting.sqltype(text) == expected


def test_text_of_a_temporary_table_has_the_collation_of_the_database() -> None:
    assert quoting.temptype("nvarchar(20)") == "nvarchar(20) COLLATE DATABASE_DEFAULT"
    assert quoting.temptype("float") == "float"
    with pytest.raises(TemplateError):
        quoting.temptype("xml")


@pytest.mark.parametrize(
    "text",
    ["", "integer", "nvarchar(4001)", "nvarchar(0)", "binary(max)", "int; DROP TABLE t", "int(4)", "xml", None, "char"],
)
def test_sqltype_refuses_other_text(text: object) -> None:
    with pytest.raises(TemplateError):
        quoting.sqltype(text)


def test_integer_prints_whole_numbers_within_bigint_only() -> None:
    assert [quoting.integer(value) for value in (0, -1, 2**63 - 1)] == ["0", "-1", "9223372036854775807"]
    for value in (True, 1.0, "1", None, 2**63):
        with pytest.raises(TemplateError):
            quoting.integer(value)
