"""The Agent that runs: starts jobs at their times and on request, one run of a job at a time."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pymlsql.embedded.agent.planner import Planner
from pymlsql.embedded.agent.progress import Cause
from pymlsql.embedded.engine.agent.inquiry import ask, own_session
from pymlsql.embedded.engine.agent.installation import DATABASE
from pymlsql.embedded.engine.agent.link import JobState
from pymlsql.embedded.engine.agent.records import Book, read_schedules
from pymlsql.embedded.engine.agent.run import Run, Surroundings
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.schedules import AT_START, Schedule, date_number, time_number

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine

log = logging.getLogger("pymlsql.embedded.agent")

_LONGEST_SLEEP_S = 0.5
_REFRESH_S = 60.0
_END_S = 5.0
_SHUTDOWN = "Shutdown Sequence 0"
Key = tuple[str, int]


def _in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="agent-job", daemon=True).start()


def _wait(stop: threading.Event, seconds: float) -> bool:
    return stop.wait(seconds)


class Runner:
    """SQL Server Agent over the jobs of ``database``. :meth:`start` begins, :meth:`close` ends it.

    A test gives its own ``clock``, ``spawn`` and ``wait``, calls :meth:`begin` instead of :meth:`start`, and then
    :meth:`tick` whenever its clock has moved; with ``inline`` everything happens in the calling thread.
    """

    def __init__(self, engine: Engine, database: str = DATABASE, *, clock: Callable[[], dt.datetime] = dt.datetime.now,
                 spawn: Callable[[Callable[[], None]], None] = _in_thread,
                 wait: Callable[[threading.Event, float], bool] = _wait, inline: bool = False) -> None:  # fmt: skip
        self._engine = engine
        self._clock = clock
        self._spawn = spawn
        self._session = own_session(engine, database)
        self._book = Book(engine, database, inline=inline)
        self._around = Surroundings(engine, database, self._book, clock, wait)
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._wake = threading.Event()
        self._runs: dict[str, Run] = {}
        self._names: dict[Key, str] = {}
        self._planner: Planner[Key] = Planner(clock())
        self._pending: list[Callable[[], bool]] = []
        self._is_stale = True
        self._refreshed = 0.0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._has_begun = threading.Event()

    # Life -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin, in a thread of the runner's own."""
        self._thread = threading.Thread(target=self._work, name="agent", daemon=True)
        self._thread.start()
        self._has_begun.wait(_END_S)

    def begin(self) -> None:
        """A new session of the Agent's: plan all schedules, and start what starts with the Agent."""
        self._book.begin(self._clock())
        self._engine.agent.agent = self
        for (job_id, number), schedule in self._refresh(self._clock()).items():
            if schedule.freq_type == AT_START:
                self._launch(job_id, Cause(3, self._names[job_id, number], number))

    def _work(self) -> None:
        try:
            self.begin()
        except SqlError as error:
            log.error("the Agent could not begin: %s", error)
            return
        finally:
            self._has_begun.set()
        while not self._closed:
            try:
                self.tick()
            except Exception:
                log.exception("the Agent could not look for jobs that are due")
            due, now = self._planner.next_due, self._clock()
            left = _LONGEST_SLEEP_S if due is None else (due - now).total_seconds()
            self._wake.wait(max(0.005, min(left, _LONGEST_SLEEP_S)))
            self._wake.clear()

    def close(self) -> None:
        """Cancel what runs, and write down that it was."""
        self._closed = True
        self._engine.agent.agent = None
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_END_S)
        until = time.monotonic() + _END_S
        while (runs := self._running()) and time.monotonic() < until:
            for run in runs:
                run.stop(_SHUTDOWN)
            time.sleep(0.01)
        self._book.close(_END_S)
        self._session.close()

    # What is due ----------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Start what is due by the clock."""
        now = self._clock()
        with self._lock:
            ended = [waits for waits in self._pending if not waits()]
            self._pending = [waits for waits in self._pending if waits not in ended]
            stale = self._is_stale or bool(ended) or time.monotonic() > self._refreshed + _REFRESH_S
        due = self._planner.due(now)
        for job_id, number in due:
            self._launch(job_id, Cause(1, self._names[job_id, number], number))
        if stale:
            self._refresh(now)
        elif due:
            self._tell_plan()
        for run in self._running():
            if run.stopped_by:
                run.stop(run.stopped_by)

    @property
    def next_due(self) -> dt.datetime | None:
        """When any job is due next."""
        return self._planner.next_due

    def _refresh(self, now: dt.datetime) -> dict[Key, Schedule]:
        with self._lock:
            self._is_stale = False
            self._refreshed = time.monotonic()
        with self._reading:
            found = read_schedules(self._session)
        schedules = {key: schedule for key, (_, schedule) in found.items()}
        self._names = {key: name for key, (name, _) in found.items()}
        self._planner.keep(schedules, now)
        self._tell_plan()
        return schedules

    def _tell_plan(self) -> None:
        self._book.note_plan({key: self._planner.planned(key) for key in self._names})

    def _launch(self, job_id: str, cause: Cause) -> bool:
        """Start a job unless it runs; whether it was started."""
        with self._lock:
            if self._closed or job_id in self._runs:
                return False
            run = Run(self._around, job_id, cause, lambda: self._forget(job_id))
            self._runs[job_id] = run
        self._spawn(run.carry_out)
        return True

    def _forget(self, job_id: str) -> None:
        with self._lock:
            self._runs.pop(job_id, None)

    def _running(self) -> list[Run]:
        with self._lock:
            return list(self._runs.values())

    # What msdb's procedures ask -------------------------------------------------------------------------------

    def request_start(self, job_id: str, login: str, step_name: str | None) -> str | None:
        """Start a job now; why not, as a sentence."""
        name = self._name_of(job_id)
        if name is None:
            return f"Request to run job {job_id} (from User {login}) refused because the job is not committed yet."
        with self._lock:
            running = self._runs.get(job_id)
        if running is None and self._launch(job_id, Cause(4, login, step_name=step_name)):
            return None
        by = f" from a request by {running.cause}" if running is not None else ""
        return f"Request to run job {name} (from User {login}) refused because the job is already running{by}."

    def request_stop(self, job_id: str, login: str) -> str | None:
        """Cancel a job's run; why not, as a sentence."""
        with self._lock:
            run = self._runs.get(job_id)
        if run is None:
            name = self._name_of(job_id) or job_id
            return f"Request to stop job {name} (from User {login}) refused because the job is not currently running."
        run.stop(f"User {login}")
        self._wake.set()
        return None

    def _name_of(self, job_id: str) -> str | None:
        text = "SELECT name FROM dbo.sysjobs WHERE job_id = CONVERT(uniqueidentifier, @job)"
        with self._reading:
            try:
                rows = ask(self._session, text, job=job_id)
            except SqlError:
                return None
        return str(rows[0][0]) if rows else None

    def note_change(self, in_transaction: Callable[[], bool]) -> None:
        """Jobs or schedules were changed, by a session that may yet have to commit it."""
        with self._lock:
            self._is_stale = True
            if in_transaction():
                self._pending.append(in_transaction)
        self._wake.set()

    def states(self) -> list[JobState]:
        """What every job does now that runs or will run."""
        with self._lock:
            runs = dict(self._runs)
        first: dict[str, tuple[dt.datetime, int]] = {}
        for job_id, number in list(self._names):
            at = self._planner.planned((job_id, number))
            if at is not None and (job_id not in first or (at, number) < first[job_id]):
                first[job_id] = at, number
        found = []
        for job_id in {**first, **runs}:
            planned, run = first.get(job_id), runs.get(job_id)
            state = JobState(job_id)
            if planned is not None:
                state = JobState(job_id, next_run_date=date_number(planned[0]), next_run_time=time_number(planned[0]),
                                 next_run_schedule_id=planned[1])  # fmt: skip
            found.append(_with_run(state, run) if run is not None else state)
        return found


def _with_run(state: JobState, run: Run) -> JobState:
    return JobState(
        state.job_id, 0, 0, state.next_run_date, state.next_run_time, state.next_run_schedule_id, 1, run.cause.source,
        run.cause.who, 1, run.step_id, run.retry, run.state,
    )  # fmt: skip
