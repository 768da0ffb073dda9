"""T-SQL expressions of a declaration: what is taken, how it is printed, and in which words the rest is refused."""

from __future__ import annotations

import pytest

from pymlsql.errors import DeclarationError
from pymlsql.examples.pdm.declaration import FEATURES
from pymlsql.features import FeatureSet
from pymlsql.features.expressions import parse
from pymlsql.features.functions import DATEPARTS, FUNCTIONS
from pymlsql.features.tokens import ExpressionError
from pymlsql.features.twins import check_twin
from tests import tsqlcheck

COLUMNS = ("a", "B", "odd]name", "O'Brien", "when", "t")
HIDDEN = {"failure": "is the label: no feature may use it"}

TAKEN = {
    "a + 1": "f.[a] + 1",
    "A*b": "f.[a] * f.[B]",
    "- -a": "- -f.[a]",
    "a - -1": "f.[a] - -1",
    "-(-a)": "-(-f.[a])",
    "a--1".replace("--", "- -"): "f.[a] - -1",
    "[odd]]name] / \"O'Brien\"": "f.[odd]]name] / f.[O'Brien]",
    "[when]": "f.[when]",
    "'it''s -- /* ; SELECT'": "N'it''s -- /* ; SELECT'",
    "N'x' + 'y'": "N'x' + N'y'",
    "case when a>1 then 2 end": "CASE WHEN f.[a] > 1 THEN 2 END",
    "case a when 1 then 'x' else null end": "CASE f.[a] WHEN 1 THEN N'x' ELSE NULL END",
    "iif((a > 1 and (b = 2)) or not (a) in (1, 2), 1, 0)":
        "IIF((f.[a] > 1 AND (f.[B] = 2)) OR NOT (f.[a]) IN (1, 2), 1, 0)",
    "iif((a + 1) * 2 between 1 and 2 and b is not null, 1, 0)":
        "IIF((f.[a] + 1) * 2 BETWEEN 1 AND 2 AND f.[B] IS NOT NULL, 1, 0)",
    "iif(t not like '[%]x' escape '!', 1, 0)": "IIF(f.[t] NOT LIKE N'[%]x' ESCAPE N'!', 1, 0)",
    "CAST(a AS Decimal( 9,2 ))": "CAST(f.[a] AS decimal(9, 2))",
    "try_convert(float, t)": "TRY_CONVERT(float, f.[t])",
    "datediff_big(Hour, '20200101', t)": "DATEDIFF_BIG(Hour, N'20200101', f.[t])",
    "datepart(iso_week, t)": "DATEPART(iso_week, f.[t])",
    "coalesce(nullif(a, 0), sqrt(b), .5e1, 0x1F)": "COALESCE(NULLIF(f.[a], 0), SQRT(f.[B]), .5e1, 0x1F)",
    "pi()": "PI()",
    "left(t, 3)": "LEFT(f.[t], 3)",
}  # fmt: skip

REFUSED = {
    "a; DROP TABLE t": "no statement: it holds a semicolon",
    "SELECT a": "SELECT begins a statement or subquery",
    "(SELECT MAX(a) FROM t)": "SELECT begins a statement or subquery",
    "coalesce((select 1), 2)": "SELECT begins a statement or subquery",
    "iif(exists (select 1), 1, 0)": "EXISTS begins a subquery",
    "iif(a in (select b from t), 1, 0)": "SELECT begins a statement or subquery",
    "a -- b": "no comments",
    "a /* b */": "no comments",
    "a--1": "no comments",
    "(a": r"a \( is not closed",
    "a)": r"a \) closes what no \( opened",
    "'a": "a text is not closed",
    "N'a''": "a text is not closed",
    "[a": "a name is not closed: its ] is missing",
    '"a': "a name is not closed",
    "sum(a)": "sum looks at other rows",
    "COUNT_BIG(a)": "looks at other rows",
    "row_number() over (order by a)": "looks at other rows",
    "abs(a) over (partition by b)": "a window function looks at other rows",
    "GETDATE()": "GETDATE is not the same tomorrow",
    "datediff(day, t, sysdatetime())": "SYSDATETIME is not the same tomorrow",
    "iif((a > 1 and t < getdate()), 1, 0)": "GETDATE is not the same tomorrow",
    "current_timestamp": "CURRENT_TIMESTAMP is not the same tomorrow",
    "newid()": "NEWID is not the same",
    "rand(a)": "RAND is not the same",
    "format(a, 'N')": "FORMAT is not the same",
    "datepart(weekday, t)": "depends on each session's DATEFIRST",
    "datepart(dw, t)": "depends on each session's DATEFIRST",
    "datediff(fortnight, t, t)": "fortnight is no part of a date",
    "dbo.f(a)": "the row has no column dbo|named without table or schema",
    "a.b": "named without table or schema",
    "f.a": "the row has no column f|without table",
    "myfunction(a)": "myfunction is none of the functions",
    "@x + 1": "@x is a variable",
    "@@ROWCOUNT": "is a variable",
    "c": "the row has no column c",
    "failure": "failure is the label: no feature may use it",
    "[Failure] + 'x'": "Failure is the label: no feature may use it",
    "a b": "the expression ends before b",
    "a +": "ends where a value is wanted",
    "a = 1": "the expression ends before =",
    "a collate Latin1_General_BIN2": "the expression ends before collate",
    "": "ends where a value is wanted",
    "round(a)": "round takes 2 to 3 arguments, not 1",
    "cast(a as text)": "is not a T-SQL type",
    "cast(a as int": "is not closed",
    "case when a then 1 end": "IN is wanted, not then",
    "a\x00": "has no meaning",
    "'x\\\n'": "backslash at the end of a line",
    "(" * 60 + "a" + ")" * 60: "more than 40 deep",
    "1" + "+1" * 2000: "at most 4000 characters",
}


@pytest.mark.parametrize("text", TAKEN)
def test_expression_is_printed_anew(text: str) -> None:
    assert parse(text, COLUMNS, hidden=HIDDEN).text == TAKEN[text]


def test_what_is_printed_is_read_as_itself() -> None:
    for printed in TAKEN.values():
        assert parse(printed.replace("f.[", "["), COLUMNS).text == printed


def test_microsofts_parser_takes_what_is_printed() -> None:
    why_not = tsqlcheck.unavailable()
    if why_not:
        pytest.skip(why_not)
    texts = [f"SELECT {parse(text, COLUMNS).text} AS x FROM dbo.t AS f;" for text in TAKEN]
    for name, (low, _) in FUNCTIONS.items():
        for part in DATEPARTS.get(name, ("",)):
            arguments = ([part] if part else []) + ["a"] * (low - bool(part))
            text = f"{name}({', '.join(arguments)})"
            texts.append(f"SELECT {parse(text, COLUMNS).text} AS x FROM dbo.t AS f;")
    assert tsqlcheck.judge(texts) == []


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_expression_over_the_row_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError, match=REFUSED[text]):
        parse(text, COLUMNS, hidden=HIDDEN)


def test_columns_are_those_that_it_reads() -> None:
    assert parse("iif(b > 1, [a] + B, t)", COLUMNS).columns == ("B", "a", "t")


def test_nesting_takes_no_time() -> None:
    text = "a"
    for _ in range(13):
        text = f"(iif(({text}) = 1, 2, 3))"
    assert parse(text, COLUMNS).columns == ("a",)


def expressed(**values: str) -> dict[str, object]:
    """The example with one expression."""
    given = {"name": "x", "type": "float", "sql": "age + 1", **values}
    return FEATURES.model_dump() | {"expressions": [given]}


TWINS = {
    "@pd.read_pickle('x')": ".* is no expression of pandas",
    "age.to_csv('x')": ".to_csv is none of what a twin may ask",
    "open('x')": "open is none of the functions of DataFrame.eval",
    "[a for a in age]": "ListComp is no part of an expression",
    "age.abs.__globals__": ".__globals__ is none of what a twin may ask",
}


@pytest.mark.parametrize("text", TWINS)
def test_twin_runs_no_code_of_its_own(text: str) -> None:
    with pytest.raises(DeclarationError, match=f"expressions.0.pandas: {TWINS[text]}"):
        FeatureSet.parse(expressed(pandas=text))


WRONG = {
    "label": (expressed(sql="IIF(failure = 'none', 0, 1)"), "expressions.0.sql: failure is the label"),
    "unknown": (expressed(sql="agee"), "expressions.0.sql: the row has no column agee.*did you mean age"),
    "itself": (expressed(sql="x + 1"), "expressions.0.sql: x is an expression itself"),
    "name of a feature": (expressed(name="AGE"), "expressions.0.name: the view would have two columns age"),
    "type": (expressed(type="nvarchar(max)"), r"expressions.0.type: an expression cannot be nvarchar\(max\)"),
    "no type": (expressed(type="object"), "expressions.0.(sql_)?type: .*is not a T-SQL type"),
}


def test_twin_may_name_columns_of_any_name_and_ask_them_of_their_rows() -> None:
    for text in ("age", "sqrt(`a b`) + 1", "(a > 1) & ~b.isna()", "a.where(b != 0, 0).clip(0, 1)", "t.dt.hour",
                 "s.str.upper()", "a.isin([1, 2])"):  # fmt: skip
        assert check_twin(text) == text


@pytest.mark.parametrize(("values", "message"), WRONG.values(), ids=WRONG)
def test_declaration_names_the_key_of_a_wrong_expression(values: dict[str, object], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        FeatureSet.parse(values)
