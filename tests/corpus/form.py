"""The form of a script of the corpus: what it is, its batches, and what each of them answers.

A script is a .sql file whose batches are separated by GO. Its head says what it is and how its expected results were
derived; the answer of a batch stands at the batch's end:

    -- Title: one line
    -- Derived: by hand, and how; or: in this process, and how (then NAME.py stands beside NAME.sql)
    ...
    -- expect: set species, n          a result set and the names of its columns; "set" alone: columns without names
    -- expect: (1, 'setosa', 0.25)     one of its rows, as Python writes it; dates are text in ISO form
    -- expect: derived species, n      a result set that expected() of NAME.py gives, the next of its list
    -- expect: message 39005 'text'    a message of that number that holds the text
    -- expect: error 39004 'text'      the batch ends with this error, and what the driver says of it holds the text

Rows are compared in order, floats to 1e-6. Text that a script printed, expected or not, is compared as a whole.
"""

from __future__ import annotations

import ast
import datetime as dt
import importlib.util
import math
import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pymlsql import batches

HERE = Path(__file__).resolve().parent
EXPECTATION = re.compile(r"^-- expect: (.+)$", re.MULTILINE)
HEADING = re.compile(r"^-- (Title|Derived): (.+)$", re.MULTILINE)

Row = tuple[Any, ...]


@dataclass
class ResultSet:
    """Names and rows of one result set."""

    columns: list[str]
    rows: list[Row] = field(default_factory=list)


@dataclass
class Answer:
    """What a batch answers: its result sets, its messages as (number, text), and the error it ends with or None."""

    sets: list[ResultSet] = field(default_factory=list)
    messages: list[tuple[int, str]] = field(default_factory=list)
    error: tuple[int, str] | None = None


@dataclass(frozen=True)
class Script:
    """One file of the corpus."""

    name: str
    title: str
    derived: str
    text: str
    batches: list[str]

    @property
    def sibling(self) -> Path:
        """Where the Python is that computes its results in the process of the tests."""
        return HERE / f"{self.name}.py"


def read_script(path: Path) -> Script:
    """The script of a file; raises ValueError where its head is not complete."""
    text = path.read_text(encoding="utf-8")
    head = dict(HEADING.findall(text))
    if set(head) != {"Title", "Derived"}:
        raise ValueError(f"{path.name}: its head has to have the lines Title and Derived")
    return Script(path.stem, head["Title"], head["Derived"], text, batches.split(text))


SCRIPTS = [read_script(path) for path in sorted(HERE.glob("*.sql"))]


def computed(script: Script) -> list[list[Row]]:
    """The rows of the result sets that are computed in this process, in order."""
    spec = importlib.util.spec_from_file_location(f"corpus_{script.name}", script.sibling)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows: list[list[Row]] = module.expected()
    return rows


def expectations(script: Script) -> list[Answer]:
    """What each batch is to answer; raises ValueError at a line that says nothing known."""
    derived = iter(computed(script) if script.sibling.exists() else [])
    answers = [_expectation(script, batch, derived) for batch in script.batches]
    left = len(list(derived))
    if left:
        raise ValueError(f"{script.name}: {left} result sets of its .py stand nowhere in its .sql")
    return answers


def _expectation(script: Script, batch: str, derived: Any) -> Answer:
    answer = Answer()
    for line in EXPECTATION.findall(batch):
        word, _, rest = line.partition(" ")
        if word in ("set", "derived"):
            columns = [name.strip() for name in rest.split(",")] if rest else []
            answer.sets.append(ResultSet(columns, next(derived) if word == "derived" else []))
        elif word in ("message", "error"):
            number, _, text = rest.partition(" ")
            said = (int(number), ast.literal_eval(text or "''"))
            if word == "message":
                answer.messages.append(said)
            else:
                answer.error = said
        elif line.startswith("(") and answer.sets:
            answer.sets[-1].rows.append(ast.literal_eval(line))
        else:
            raise ValueError(f"{script.name}: what does {line!r} mean?")
    return answer


# --- comparing -------------------------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A value from a driver in the form in which expectations are written."""
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return bytes(value) if isinstance(value, (bytearray, memoryview)) else value


def equal(got: Any, expected: Any) -> bool:
    """Alike in type and value; floats to 1e-6."""
    if isinstance(expected, float) and isinstance(got, float):
        return math.isclose(got, expected, rel_tol=1e-6, abs_tol=1e-9)
    return type(got) is type(expected) and bool(got == expected)


def _equal_rows(got: list[Row], expected: list[Row]) -> bool:
    return len(got) == len(expected) and all(
        len(a) == len(b) and all(map(equal, a, b)) for a, b in zip(got, expected, strict=True)
    )


def check(got: Answer, expected: Answer) -> None:
    """Fail with both sides where a batch did not answer as expected."""
    assert (got.error is None) == (expected.error is None), f"error {got.error}, expected {expected.error}"
    if got.error is not None and expected.error is not None:
        assert expected.error[0] == got.error[0], got.error
        assert expected.error[1] in got.error[1], got.error
    assert len(got.sets) == len(expected.sets), f"{len(got.sets)} result sets: {got.sets}"
    for number, (a, b) in enumerate(zip(got.sets, expected.sets, strict=True), start=1):
        names = [name for name in a.columns if name]
        assert names == b.columns, f"columns of result set {number}: {a.columns}"
        assert _equal_rows(a.rows, b.rows), f"result set {number}\n   got {a.rows}\nexpect {b.rows}"
    _check_messages(got.messages, expected.messages)


PRINTED = (39005, 39022)
"""What a script wrote to stdout and to stderr."""


def _check_messages(got: list[tuple[int, str]], expected: list[tuple[int, str]]) -> None:
    """Each in its order among those of its number; a script that prints nothing by itself prints nothing."""
    for number in {number for number, _ in expected}:
        said = "\n".join(text for n, text in got if n == number)
        place = 0
        for text in (text for n, text in expected if n == number):
            assert text in said[place:], f"no message {number} with {text!r} in {got}"
            place = said.index(text, place) + len(text)
    silent = set(PRINTED) - {number for number, _ in expected}
    assert [message for message in got if message[0] in silent] == []
