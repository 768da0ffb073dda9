"""Time zones by their Windows names, with the rules of summer time that hold since 2008.

Source: "AT TIME ZONE (Transact-SQL)" of sql-docs; the laws on summer time of the European Union (2000/84/EC), the
United States (Energy Policy Act of 2005) and New South Wales (Standard Time Act 1987).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pymlsql.embedded.tsql.messages import unsupported

AT_ZONE = "pymlsql_at_zone"
"""The function of DuckDB that puts a time into a zone; see engine/scalars.py."""
_YEARS = range(2008, 2038)
_HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Zone:
    """``offset`` is that of standard time, in minutes; ``rule`` says when clocks go an hour ahead ("": never)."""

    offset: int
    rule: str = ""

    def is_summer(self, utc: dt.datetime) -> bool:
        """Whether summer time holds at an instant."""
        if not self.rule:
            return False
        year = (utc + dt.timedelta(minutes=self.offset)).year
        start, end = self._change(year, start=True), self._change(year, start=False)
        return start <= utc < end if start < end else not end <= utc < start

    def _change(self, year: int, *, start: bool) -> dt.datetime:
        """When summer time begins or ends in a year, in UTC. It ends by the clock of summer time."""
        month, week, hour = _RULES[self.rule][0 if start else 1]
        day = _sunday(year, month, week)
        local = dt.datetime(year, month, day) + hour * _HOUR
        if self.rule == "EU":
            return local
        return local - dt.timedelta(minutes=self.offset + (0 if start else 60))


_RULES = {
    "EU": ((3, -1, 1), (10, -1, 1)),  # at 01:00 UTC everywhere
    "US": ((3, 2, 2), (11, 1, 2)),
    "AU": ((10, 1, 2), (4, 1, 3)),
}
"""Month, which of its Sundays (-1: the last) and hour, of the beginning and of the end."""

ZONES = {
    "utc": Zone(0), "gmt standard time": Zone(0, "EU"), "greenwich standard time": Zone(0),
    "w. europe standard time": Zone(60, "EU"), "central europe standard time": Zone(60, "EU"),
    "romance standard time": Zone(60, "EU"), "central european standard time": Zone(60, "EU"),
    "fle standard time": Zone(120, "EU"), "gtb standard time": Zone(120, "EU"),
    "eastern standard time": Zone(-300, "US"), "central standard time": Zone(-360, "US"),
    "mountain standard time": Zone(-420, "US"), "us mountain standard time": Zone(-420),
    "pacific standard time": Zone(-480, "US"), "alaskan standard time": Zone(-540, "US"),
    "hawaiian standard time": Zone(-600), "india standard time": Zone(330), "china standard time": Zone(480),
    "singapore standard time": Zone(480), "tokyo standard time": Zone(540), "korea standard time": Zone(540),
    "e. australia standard time": Zone(600), "aus eastern standard time": Zone(600, "AU"),
}  # fmt: skip
"""The zones that are known, by their names in lower case."""


def _sunday(year: int, month: int, week: int) -> int:
    first = 7 - dt.date(year, month, 1).weekday()  # Monday is 0
    first = first if first <= 7 else first - 7
    if week > 0:
        return first + 7 * (week - 1)
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).day
    return first + (last - first) // 7 * 7


def at_zone(stamp: dt.datetime, name: str, is_utc: bool) -> dict[str, object]:
    """A time as a datetimeoffset of a zone: ``stamp`` is of UTC, or of the zone's own clock. Raises 40510.

    What the clock leaves out is moved ahead by an hour; what it shows twice is summer time.
    """
    zone = ZONES[name]
    if name != "utc" and stamp.year not in _YEARS:
        raise unsupported(f"AT TIME ZONE of a time before {_YEARS.start} or after {_YEARS.stop - 1}")
    offset = dt.timedelta(minutes=zone.offset)
    if is_utc:
        return {"u": stamp, "o": zone.offset + 60 * zone.is_summer(stamp)}
    if zone.is_summer(stamp - offset - _HOUR):
        return {"u": stamp - offset - _HOUR, "o": zone.offset + 60}
    return {"u": stamp - offset, "o": zone.offset + 60 * zone.is_summer(stamp - offset)}
