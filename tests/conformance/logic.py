"""Logical functions and expressions."""

from __future__ import annotations

from decimal import Decimal as D

from tests.conformance.form import Page, gives, holds, page, raises

PAGES: list[Page] = [
    page("t-sql/functions/logical-functions-iif-transact-sql",
         gives("IIF(45 > 30, 'TRUE', 'FALSE')", "TRUE"),
         gives("IIF(45 > 30, NULL, 0)", None),
         gives("IIF(NULL = 1, 'a', 'b')", "b"),
         gives("IIF(1 = 1, 'a', 'b')", "a"),
         gives("IIF(1 = 1, 1, 2.5)", D("1.0")),
         raises("IIF(45 > 30, NULL, NULL)", 8133)),
    page("t-sql/functions/logical-functions-choose-transact-sql",
         gives("CHOOSE(3, 'Manager', 'Director', 'Developer', 'Tester')", "Developer"),
         gives("CHOOSE(2, 'a', 'b', 'c')", "b"),
         gives("CHOOSE(0, 'a', 'b')", None),
         gives("CHOOSE(5, 'a', 'b')", None),
         gives("CHOOSE(1.9, 'a', 'b')", "a"),
         gives("CHOOSE(NULL, 'a', 'b')", None)),
    page("t-sql/functions/isnull-transact-sql",
         gives("ISNULL(NULL, 'x')", "x"),
         gives("ISNULL(CAST(NULL AS varchar(2)), 'abcdef')", "ab"),
         gives("ISNULL(5, 7)", 5),
         gives("ISNULL(CAST(NULL AS int), 2.9)", 2)),
    page("t-sql/functions/logical-functions-greatest-transact-sql",
         gives("GREATEST('6.62', 3.1415, N'7')", D("7.0000")),
                       gives("GREATEST(1, NULL, 3)", 3),
                       gives("GREATEST(NULL + 1, NULL + 2)", None)),
    page("t-sql/functions/logical-functions-least-transact-sql",
         gives("LEAST('6.62', 3.1415, N'7')", D("3.1415")),
                       gives("LEAST(1, NULL, 3)", 1)),
    page("t-sql/language-elements/coalesce-transact-sql",
         gives("COALESCE(NULL, NULL, 'third_value', 'fourth_value')", "third_value"),
         gives("COALESCE(NULL, NULL, 3)", 3),
         gives("COALESCE(NULL, 1, 2.5)", D("1.0")),
         raises("COALESCE(NULL, NULL)", 4127)),
    page("t-sql/language-elements/nullif-transact-sql",
         gives("NULLIF(4, 4)", None),
         gives("NULLIF(5, 7)", 5),
         gives("NULLIF(1, 1)", None),
         gives("NULLIF('a', 'A')", None)),
    page("t-sql/language-elements/null-and-unknown-transact-sql",
         holds("NULL = NULL", False),
         holds("NOT (NULL = 1)", False),
         holds("NOT (NULL = NULL)", False),
         holds("NULL IS NULL")),
]  # fmt: skip
