"""A shortcut gives what DuckDB gives, or declines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pymlsql.embedded.engine import evaluation
from pymlsql.embedded.engine.frame import Frame, Value
from pymlsql.embedded.engine.shortcuts import UNKNOWN_YET, quick_condition, quick_value
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.nodes import Text
from pymlsql.embedded.tsql.types import BIGINT, BIT, INT, SMALLINT, TINYINT, SqlType, nvarchar
from tests.unit.engine.conftest import Client

RANGES = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1),
          "bigint": (-(2**63), 2**63 - 1)}  # fmt: skip
TYPES = [TINYINT, SMALLINT, INT, BIGINT]
SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def operands(draw: st.DrawFn) -> tuple[SqlType, int | None]:
    type_ = draw(st.sampled_from(TYPES))
    low, high = RANGES[type_.name]
    near = st.one_of(st.integers(low, high), st.sampled_from([low, high, 0 if low <= 0 else low, 1]))
    return type_, draw(st.one_of(st.none(), near))


def long_way(client: Client, frame: Frame, text: str, target: SqlType) -> Any:
    """The value by DuckDB alone; the number of the error it raises."""
    session = client.session
    try:
        plan = evaluation.plan_scalar(session, frame, Text(text, 1), target)
        return evaluation._first(session, frame, plan, f"SELECT {plan.compiled.sql}", 1)
    except SqlError as error:
        return f"error {error.number}"


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    """Sums and products of @a, @b and numbers."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(["@a", "@b", "NULL", "0", "3", "-7", "2147483647", "@a", "@b"]))
    left, right = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    text = f"{left} {draw(st.sampled_from('+-*/%'))} {right}"
    return f"({text})" if draw(st.booleans()) else text


@SETTINGS
@given(a=operands(), b=operands(), text=expressions(), target=st.sampled_from(TYPES))
def test_expressions_are_those_of_the_long_way(
    client: Client, a: tuple[SqlType, Any], b: tuple[SqlType, Any], text: str, target: SqlType
) -> None:
    frame = Frame(variables={"@a": Value(*a), "@b": Value(*b)})
    quick = quick_value(frame, text, target)
    if quick is not UNKNOWN_YET:
        assert quick == long_way(client, frame, text, target)


@SETTINGS
@given(a=operands(), b=operands(), operator=st.sampled_from("+-*/%"), target=st.sampled_from(TYPES))
def test_arithmetic_is_that_of_the_long_way(
    client: Client, a: tuple[SqlType, Any], b: tuple[SqlType, Any], operator: str, target: SqlType
) -> None:
    frame = Frame(variables={"@a": Value(*a), "@b": Value(*b)})
    text = f"@a {operator} @b"
    quick = quick_value(frame, text, target)
    if quick is not UNKNOWN_YET:
        assert quick == long_way(client, frame, text, target)


@SETTINGS
@given(a=operands(), b=operands(), operator=st.sampled_from(["=", "<>", "<", ">", "<=", ">="]))
def test_comparison_is_that_of_the_long_way(
    client: Client, a: tuple[SqlType, Any], b: tuple[SqlType, Any], operator: str
) -> None:
    frame = Frame(variables={"@a": Value(*a), "@b": Value(*b)})
    text = f"@a {operator} @b"
    quick = quick_condition(frame, text)
    if quick is not None:
        plan = evaluation.plan_condition(client.session, frame, Text(text, 1))
        found = evaluation._first(client.session, frame, plan, f"SELECT {plan.compiled.sql}", 1)
        assert quick == bool(found)


TAKEN = [
    ("NULL", INT, None), ("7", INT, 7), ("1", BIT, True), ("@i", INT, 5), ("@i + 1", INT, 6), ("@i * 3", BIGINT, 15),
    ("@n + 1", INT, None), ("@i / 2", INT, 2), ("-7 / 2", INT, -3), ("-7 % 4", INT, -3), ("@i - (2 - 4) * 3", INT, 11),
    ("2 + @i * (3 /* three */)", BIGINT, 17),
]  # fmt: skip
DECLINED = [
    ("@i + 2147483647", INT), ("300", TINYINT), ("'a'", nvarchar(5)), ("@s", INT),
    ("@unknown", INT), ("-2147483649", INT), ("@i / 0", INT), ("@i % (@i - 5)", INT), ("@i + 1.0", INT),
    ("@@ROWCOUNT", INT), ("@i = 5", INT), ("-@i * 2", INT), ("@i & 1", INT), ("2147483648", BIGINT),
    ("@i * -7 / @i", INT), ("100 / -100 * 10", INT),
]  # fmt: skip


@pytest.mark.parametrize(("text", "target", "expected"), TAKEN)
def test_plain_expressions_are_taken(text: str, target: SqlType, expected: Any) -> None:
    frame = Frame(variables={"@i": Value(INT, 5), "@n": Value(INT)})
    assert quick_value(frame, text, target) == expected


@pytest.mark.parametrize(("text", "target"), DECLINED)
def test_everything_else_is_declined(text: str, target: SqlType) -> None:
    values = {"@i": Value(INT, 5), "@n": Value(INT), "@s": Value(nvarchar(5), "5")}
    assert quick_value(Frame(variables=values), text, target) is UNKNOWN_YET


@pytest.mark.parametrize(("text", "expected"), [("@n IS NULL", True), ("@n IS NOT NULL", False), ("@i IS NULL", False)])
def test_null_is_asked_without_duckdb(text: str, expected: bool) -> None:
    assert quick_condition(Frame(variables={"@i": Value(INT, 5), "@n": Value(INT)}), text) is expected
