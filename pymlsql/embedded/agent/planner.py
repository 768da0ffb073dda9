"""What is due, by readings of the wall clock; it reads no clock itself.

The rule where the clock is changed, for daylight saving or by hand:

- A time that the clock leaps over is due at once after the leap; several of one schedule are one run.
- A time that the clock shows a second time is not due a second time, so that nothing runs twice; schedules of every few
  minutes therefore rest during the hour that comes again.
- A clock that is put back by more than any change of daylight saving was wrong: all is planned anew from where it is.
- What was due while nobody looked (the server was stopped) is not made up for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from pymlsql.schedules import Schedule, next_run

SAVING_LIMIT = dt.timedelta(hours=2)
"""No zone's change of daylight saving is longer."""

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class _Plan:
    schedule: Schedule
    due: dt.datetime | None


class Planner(Generic[Key]):
    """When each schedule comes next. ``now`` is everywhere the wall clock's time, without a zone."""

    def __init__(self, now: dt.datetime) -> None:
        self._last = now
        self._plans: dict[Key, _Plan] = {}
        self._next: dt.datetime | None = None

    def keep(self, schedules: Mapping[Key, Schedule], now: dt.datetime) -> None:
        """Plan for these schedules and no others; one that has not changed stays planned as it was."""
        before = self._plans
        self._plans = {
            key: plan
            if (plan := before.get(key)) is not None and plan.schedule == schedule
            else _Plan(schedule, next_run(schedule, now))
            for key, schedule in schedules.items()
        }
        self._find_next()

    def due(self, now: dt.datetime) -> list[Key]:
        """What is due, the longest due first, each once; it is planned again from ``now`` on."""
        back = self._last - now
        self._last = max(self._last, now) if back <= SAVING_LIMIT else now
        if back > SAVING_LIMIT:
            self._plans = {k: _Plan(plan.schedule, next_run(plan.schedule, now)) for k, plan in self._plans.items()}
            self._find_next()
        if self._next is None or now < self._next:
            return []
        found = [(plan.due, key) for key, plan in self._plans.items() if plan.due is not None and plan.due <= now]
        found.sort(key=lambda pair: pair[0])
        for _, key in found:
            schedule = self._plans[key].schedule
            self._plans[key] = _Plan(schedule, next_run(schedule, now))
        self._find_next()
        return [key for _, key in found]

    def planned(self, key: Key) -> dt.datetime | None:
        """When this schedule is due next; None when it is not."""
        plan = self._plans.get(key)
        return plan.due if plan is not None else None

    @property
    def next_due(self) -> dt.datetime | None:
        """When anything is due next."""
        return self._next

    def _find_next(self) -> None:
        self._next = min((plan.due for plan in self._plans.values() if plan.due is not None), default=None)
