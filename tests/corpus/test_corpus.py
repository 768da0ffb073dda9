"""Scripts of the kinds found in tutorials for SQL Server Machine Learning Services, each with its expected results."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from typing import Any

import pyodbc
import pytest

from tests import tsqlcheck
from tests.contract.cases import error_number
from tests.corpus import gaps
from tests.corpus.form import HERE, SCRIPTS, Answer, ResultSet, Script, check, expectations, plain
from tests.servers import Target

MESSAGE_NUMBER = re.compile(r"\((-?\d+)\)")
OBJECTS = """SELECT RTRIM(o.type), SCHEMA_NAME(o.schema_id), o.name FROM sys.objects AS o
WHERE o.is_ms_shipped = 0 AND o.type IN ('P', 'V', 'IF', 'TF', 'FN', 'U')"""
DROPPED_FIRST = {
    "P": "PROCEDURE", "V": "VIEW", "IF": "FUNCTION", "TF": "FUNCTION", "FN": "FUNCTION", "U": "TABLE",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _scripts_enabled(connection: Any) -> None:
    connection.execute("EXEC sp_configure 'external scripts enabled', 1; RECONFIGURE")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """What is computed here takes one thread, as the scripts do: two of OpenMP on busy cores take ten times as long."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


def _objects(connection: Any) -> set[tuple[str, str, str]]:
    return {tuple(row) for row in connection.execute(OBJECTS).fetchall()}


@contextlib.contextmanager
def _own_connection(server: Target, connection: Any) -> Iterator[Any]:
    """A connection of the script's own; what the script leaves in the database is dropped when it is over."""
    before = _objects(connection)
    own = pyodbc.connect(server.odbc, autocommit=True, timeout=20)
    try:
        yield own
    finally:
        own.close()
        left = _objects(connection) - before
        for kind, word in DROPPED_FIRST.items():
            for _, schema, name in (one for one in left if one[0] == kind):
                connection.execute(f"DROP {word} [{schema}].[{name}]")


def _messages(cursor: Any) -> list[tuple[int, str]]:
    return [(int(MESSAGE_NUMBER.findall(head)[-1]), text) for head, text in cursor.messages or []]


def run_batch(cursor: Any, batch: str) -> Answer:
    """Everything a batch answers, its error too."""
    answer = Answer()
    try:
        cursor.execute(batch)
        more = True
        while more:
            answer.messages += _messages(cursor)
            if cursor.description is not None:
                names = [column[0] for column in cursor.description]
                answer.sets.append(ResultSet(names, [tuple(map(plain, row)) for row in cursor.fetchall()]))
            more = cursor.nextset()
    except pyodbc.Error as error:
        answer.error = (error_number(error), str(error.args[1]))
    return answer


def _case(script: Script) -> Any:
    gap = None if os.environ.get("PYMLSQL_TEST_URL") else gaps.GAPS.get(script.name)
    marks = [pytest.mark.xfail(reason=gap, strict=True, raises=gaps.Gap)] if gap else []
    return pytest.param(script, id=script.name, marks=marks)


@pytest.mark.parametrize("script", [_case(script) for script in SCRIPTS])
def test_script_answers(server: Target, connection: Any, script: Script) -> None:
    expected = expectations(script)
    with _own_connection(server, connection) as own, own.cursor() as cursor:
        for batch, answer in zip(script.batches, expected, strict=True):
            got = run_batch(cursor, batch)
            try:
                check(got, answer)
            except AssertionError as difference:
                if server.embedded and script.name in gaps.GAPS:
                    raise gaps.Gap(str(difference)) from difference
                raise


def test_scripts_are_valid() -> None:
    missing = tsqlcheck.unavailable()
    if missing:
        pytest.skip(missing)
    found = tsqlcheck.judge([script.text for script in SCRIPTS])
    assert [f"{SCRIPTS[finding.script or 0].name}:{finding.line}: {finding.message}" for finding in found] == []


def test_every_batch_that_runs_a_script_is_held_against_something() -> None:
    """A result set, a message or an error: a batch with a script and no expectation would show nothing."""
    bare = [
        f"{script.name}: {batch.strip()[:60]}"
        for script in SCRIPTS
        for batch in script.batches
        if re.search(r"^ *EXEC\w* .*sp_execute_external_script", batch, re.MULTILINE)
        and not re.search(r"CREATE (OR ALTER )?PROC|^-- expect:|^-- silent$", batch, re.MULTILINE)
    ]
    assert bare == []


def test_heads_say_how_results_were_derived() -> None:
    """By hand, or by Python beside the script that computes them in this process; never by recording."""
    for script in SCRIPTS:
        words = re.split("[,;:]", script.derived)[0]
        assert words in ("by hand", "in this process"), script.name
        assert script.sibling.exists() == ("-- expect: derived" in script.text), script.name
        assert script.sibling.exists() == (words == "in this process"), script.name


def test_gaps_are_of_scripts_that_are_there() -> None:
    assert set(gaps.GAPS) <= {script.name for script in SCRIPTS}
    alone = {path.stem for path in HERE.glob("*.py")} - {script.name for script in SCRIPTS}
    assert alone == {"form", "gaps", "test_corpus"}


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(SCRIPTS) >= 60
