"""SQL Server Agent: when each of 1,000 schedules comes next, in this process; what waiting for a job takes more."""

from __future__ import annotations

import datetime as dt
import random
import statistics
import time

from measure import judged, report, server, sized

from pymlsql import connect, jobs
from pymlsql.schedules import DAILY, HOURS, MINUTES, MONTHLY, RELATIVE, WEEKLY, Schedule, next_run, verify

N_SCHEDULES = 1000
N_ROUNDS = sized(50, 3)
N_RUNS = sized(20, 2)
STEP_S = 0.2
JOB = (
    "EXEC msdb.dbo.sp_add_job @job_name = N'waits'",
    "EXEC msdb.dbo.sp_add_jobstep @job_name = N'waits', @step_name = N's', "
    "@command = N'WAITFOR DELAY ''00:00:00.200'''",
    "EXEC msdb.dbo.sp_add_jobserver @job_name = N'waits'",
)
NOW = dt.datetime(2026, 11, 21, 12, 34, 56)


def some(chance: random.Random) -> Schedule:
    """A schedule of any kind that recurs."""
    kind = chance.choice((DAILY, WEEKLY, MONTHLY, RELATIVE))
    largest = {DAILY: 9, WEEKLY: 127, MONTHLY: 31, RELATIVE: 10}[kind]
    return verify(Schedule(
        kind, chance.randint(1, largest), chance.choice((1, MINUTES, HOURS)), chance.randint(1, 300),
        chance.choice((1, 2, 4, 8, 16)), chance.randint(1, 6), 20200101 + chance.randrange(12) * 100,
        active_start_time=chance.randrange(24) * 10000, active_end_time=chance.randrange(24) * 10000 + 5959,
    ))  # fmt: skip


def main() -> None:
    """Time all of them, round after round."""
    chance = random.Random(1)
    schedules = [some(chance) for _ in range(N_SCHEDULES)]
    taken = []
    for _ in range(N_ROUNDS):
        started = time.perf_counter()
        for schedule in schedules:
            next_run(schedule, NOW)
        taken.append((time.perf_counter() - started) * 1e3)
    report(judged("agent.next_run", statistics.median(taken)), judged("agent.wait", statistics.median(waited())))


def waited() -> list[float]:
    """Seconds from the start of a job until its end is known, less those of its step."""
    taken = []
    with server() as target, connect(target.url) as db:
        for text in JOB:
            db.execute(text)
        for _ in range(N_RUNS):
            started = time.perf_counter()
            jobs.run_job(db, "waits", timeout_s=30)
            taken.append(time.perf_counter() - started - STEP_S)
    return taken


if __name__ == "__main__":
    main()
