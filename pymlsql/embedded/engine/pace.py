"""What the runs of a plan cost of late: what reads large tables and is quick all the same gets one thread."""

from __future__ import annotations

QUICK_S = 0.05
"""Processor seconds of the session's thread, below which sharing a statement out costs more than it saves."""

N_RUNS = 3
"""So many quick runs in a row, so that one plan used for few rows and for many by turns keeps its threads."""

MOST_RUNS = 1000


class Pace:
    """The last runs of a plan. It decides on threads alone, never on rows.

    Each time that a plan which was taken for quick is not, twice as many quick runs are wanted before the next try.
    """

    __slots__ = ("_n_quick", "_n_wanted")

    def __init__(self) -> None:
        self._n_quick = 0
        self._n_wanted = N_RUNS

    @property
    def is_quick(self) -> bool:
        """Whether the last runs have all been quick."""
        return self._n_quick >= self._n_wanted

    def ran(self, seconds: float) -> None:
        """A run has cost so much, until the client had its rows."""
        if seconds < QUICK_S:
            self._n_quick += 1
            return
        if self.is_quick:
            self._n_wanted = min(2 * self._n_wanted, MOST_RUNS)
        self._n_quick = 0
