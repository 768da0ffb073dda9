"""The numbers of sequences, which no rollback takes back, and the runs of statements that ask for them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pymlsql.embedded.engine.catalog import Sequence
from pymlsql.embedded.engine.identity import Identities
from pymlsql.embedded.engine.security.enforcement import check_object, is_chained
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.nextvalues import NEXT
from pymlsql.embedded.tsql.typed import ERROR_MARK

if TYPE_CHECKING:
    import duckdb

    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.session import Session

_DEFAULT_CACHE = 50


@dataclass(slots=True)
class Run:
    """One run of a statement: the numbers it has taken from a sequence, by the number of the row."""

    sequence: Sequence
    numbers: list[int] = field(default_factory=list)


class Sequences:
    """Gives out the numbers; ``identities`` keeps the last ones."""

    def __init__(self, identities: Identities, connection: duckdb.DuckDBPyConnection) -> None:
        self._identities = identities
        self._lock = Lock()
        self._runs: dict[str, Run] = {}
        self._tokens = itertools.count(1)
        create: Any = connection.create_function
        create(NEXT, self._next, ["VARCHAR", "BIGINT"], "VARCHAR", type="arrow", side_effects=True)

    def begin(self, sequence: Sequence) -> str:
        """The token of a run."""
        token = str(next(self._tokens))
        self._runs[token] = Run(sequence)
        return token

    def end(self, tokens: list[str]) -> None:
        """Forget these runs."""
        for token in tokens:
            self._runs.pop(token, None)

    def _next(self, tokens: Any, places: Any) -> Any:
        wanted = places.to_pylist()
        run = self._runs[tokens[0].as_py()]
        try:
            with self._lock:
                missing = max(wanted) - len(run.numbers)
                if missing > 0:
                    run.numbers += self._take(run.sequence, missing)
        except SqlError as error:
            raise ValueError(f"{ERROR_MARK}{error.number}|{error.severity}|{error.message}") from error
        return pa.array([str(run.numbers[place - 1]) for place in wanted], pa.string())

    def take_range(self, sequence: Sequence, count: int) -> list[int]:
        """``count`` numbers at once. Raises 11732 when there are not as many."""
        with self._lock:
            try:
                return self._take(sequence, count, whole=True)
            except SqlError:
                raise sql_error(11732, sequence.name) from None

    def _take(self, sequence: Sequence, count: int, *, whole: bool = False) -> list[int]:
        last = self._identities.last_number(sequence.counter)
        taken: list[int] = []
        number = sequence.start if last is None else last + sequence.increment
        while len(taken) < count:
            if not sequence.minimum <= number <= sequence.maximum:
                if not sequence.cycling:
                    break
                number = sequence.minimum if sequence.increment > 0 else sequence.maximum
            fit = _until_bound(sequence, number, count - len(taken))
            taken += range(number, number + fit * sequence.increment, sequence.increment)
            number = taken[-1] + sequence.increment
        if len(taken) < count and whole:
            raise sql_error(11728, sequence.name)
        if taken:
            self._identities.advance(sequence.counter, taken[-1], _mark(sequence, taken[-1]))
        if len(taken) < count:
            raise sql_error(11728, sequence.name)
        return taken


def _until_bound(sequence: Sequence, number: int, count: int) -> int:
    """How many of ``count`` numbers from ``number`` on lie within the bounds."""
    edge = sequence.maximum if sequence.increment > 0 else sequence.minimum
    return min(count, (edge - number) // sequence.increment + 1)


def _mark(sequence: Sequence, last: int) -> int:
    """Up to which number a crash may lose some."""
    ahead = 0 if sequence.cache == 0 else sequence.cache or _DEFAULT_CACHE
    mark = last + ahead * sequence.increment
    return max(sequence.minimum, min(sequence.maximum, mark))


def begin_run(session: Session, frame: Frame, object_id: str, namer: str) -> str:
    """The run-time value of a statement that asks a sequence: the token of this run. Raises 229."""
    sequence = session.databases.by_id(int(object_id))
    if not isinstance(sequence, Sequence):
        raise sql_error(208, object_id)
    who = session.identity_for(sequence)
    chained = is_chained(who, int(namer) or frame.object_id, sequence)
    if not who.rights.unlimited and not chained:
        check_object(session, "UPDATE", sequence)
    token = session.engine.sequences.begin(sequence)
    session.sequence_runs.append(token)
    return token
