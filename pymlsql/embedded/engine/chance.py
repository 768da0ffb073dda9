"""The numbers of RAND: one sequence a session, which a seed begins anew."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tsql.functions.chance import FACTORS, FOR_ZERO, MODULI, SECOND, UNIT
from pymlsql.embedded.tsql.messages import unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


class RandomNumbers:
    """A session's sequence, begun by chance."""

    def __init__(self) -> None:
        self._states = [random.randrange(1, MODULI[0]), SECOND]
        self._is_known = True

    def seed(self, seed: int) -> None:
        """Begin the sequence of ``seed``."""
        if abs(seed) >= MODULI[0]:
            raise unsupported("RAND with this seed")
        self._states, self._is_known = [abs(seed) or FOR_ZERO, SECOND], True

    def lose(self) -> None:
        """The sequence goes on from a seed that is not known."""
        self._is_known = False

    def next(self) -> float:
        """The next number, between 0 and 1."""
        if not self._is_known:
            raise unsupported("RAND() behind RAND with seeds of rows")
        self._states = [f * state % m for f, state, m in zip(FACTORS, self._states, MODULI, strict=True)]
        difference = self._states[0] - self._states[1]
        return (difference if difference >= 1 else difference + MODULI[0] - 1) * UNIT


def _seeded(session: Session, frame: Frame, args: list[str]) -> float:
    session.random.seed(int(args[0]))
    return session.random.next()


def _lost(session: Session, frame: Frame, args: list[str]) -> float:
    session.random.lose()
    return 0.0


CHANCE_VALUES: dict[str, Callable[[Session, Frame, list[str]], Any]] = {
    "RAND": lambda s, f, a: s.random.next(),
    "RAND SEED": _seeded,
    "RAND LOST": _lost,
}
"""Run-time values by the names that functions of chance give them."""
