"""Schedules as OnCalendar and as crontab: the same times as Agent's, held against three other readings, or refused."""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from pymlsql import schedules
from pymlsql.cli.main import main
from pymlsql.jobs.calendar import crontab, on_calendar
from pymlsql.schedules import DAILY, HOURS, IDLE, MINUTES, MONTHLY, ONCE, RELATIVE, SECONDS, WEEKLY, Schedule

TODAY = 20261122
AFTER = dt.datetime(2026, 11, 22, 10, 7, 30)
N_RUNS = 12
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def part(text: str, low: int, high: int) -> set[int]:
    """The values of a part of OnCalendar that has lists and ranges."""
    if text == "*":
        return set(range(low, high + 1))
    ends = (one.partition("..") for one in text.split(","))
    return {value for first, _, last in ends for value in range(int(first), int(last or first) + 1)}


def is_day(date: dt.date, weekdays: str | None, days: str) -> bool:
    """Whether a day fits the weekdays and the date of OnCalendar."""
    if weekdays is not None and DAYS[date.weekday()] not in weekdays.split(","):
        return False
    if "~" in days:
        back, _, on = days.split("~")[1].partition("/")
        left = calendar.monthrange(date.year, date.month)[1] - date.day + 1
        return left <= int(back) if on else left == int(back)
    year, month, day = days.split("-")
    fits = zip((year, month, day), (date.year, date.month, date.day), strict=True)
    return all(text == "*" or value in part(text, 0, 0) for text, value in fits)


def times(line: str, after: dt.datetime) -> Iterator[dt.datetime]:
    """When a line of OnCalendar is due, read in the plainest way: each day, each second that it names."""
    *weekdays, days, clock = line.split()
    hours, minutes, seconds = (
        sorted(part(text, 0, high)) for text, high in zip(clock.split(":"), (23, 59, 59), strict=True)
    )
    for number in range(3 * 366):
        date = after.date() + dt.timedelta(days=number)
        if is_day(date, weekdays[0] if weekdays else None, days):
            for time in itertools.product(hours, minutes, seconds):
                found = dt.datetime.combine(date, dt.time(*time))
                if found > after:
                    yield found


def together(lines: list[Iterator[dt.datetime]]) -> list[dt.datetime]:
    """The first times of several lines, each once."""
    found = {moment for line in lines for moment in itertools.islice(line, N_RUNS)}
    return sorted(found)[:N_RUNS]


def agent_times(found: list[Schedule], after: dt.datetime) -> list[dt.datetime]:
    def runs(schedule: Schedule) -> Iterator[dt.datetime]:
        at = schedules.next_run(schedule, after)
        while at is not None:
            yield at
            at = schedules.next_run(schedule, at)

    return together([runs(schedule) for schedule in found])


NUMBER = st.integers
SUBDAYS = st.one_of(
    st.just({"freq_subday_type": 1}),
    st.builds(lambda n: {"freq_subday_type": MINUTES, "freq_subday_interval": n}, NUMBER(1, 200)),
    st.builds(lambda n: {"freq_subday_type": HOURS, "freq_subday_interval": n}, NUMBER(1, 13)),
    st.builds(lambda n: {"freq_subday_type": SECONDS, "freq_subday_interval": n}, NUMBER(10, 90)),
)
KINDS = st.one_of(
    st.just({"freq_type": DAILY}),
    st.builds(lambda n: {"freq_type": WEEKLY, "freq_interval": n, "freq_recurrence_factor": 1}, NUMBER(1, 127)),
    st.builds(lambda n: {"freq_type": MONTHLY, "freq_interval": n, "freq_recurrence_factor": 1}, NUMBER(1, 31)),
    st.builds(lambda n, p: {"freq_type": RELATIVE, "freq_interval": n, "freq_relative_interval": 1 << p,
                            "freq_recurrence_factor": 1}, NUMBER(1, 8), NUMBER(0, 4)),
)  # fmt: skip
CLOCK = st.builds(lambda h, m, s: h * 10000 + m * 100 + s, NUMBER(0, 23), NUMBER(0, 59), NUMBER(0, 59))


@st.composite
def declared(draw: st.DrawFn) -> Schedule:
    ends = (draw(CLOCK), draw(CLOCK)) if draw(st.booleans()) else (draw(CLOCK), 235959)
    terms = {**draw(KINDS), **draw(SUBDAYS), "active_start_time": ends[0], "active_end_time": ends[1]}
    if ends[0] == ends[1]:
        terms["freq_subday_type"], terms["freq_subday_interval"] = 1, 0
    return schedules.verify(Schedule(**terms))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.lists(declared(), min_size=1, max_size=3), st.datetimes(dt.datetime(2026, 11, 23), dt.datetime(2028, 1, 1)))
def test_the_lines_are_due_exactly_when_the_schedules_are(found: list[Schedule], after: dt.datetime) -> None:
    after = after.replace(microsecond=0)
    try:
        lines = on_calendar(found, TODAY)
    except ValueError as error:
        assert re.search(r"over midnight|would take \d+ lines", str(error))
        return
    assert together([times(line, after) for line in lines]) == agent_times(found, after)
    try:
        cron = [croniter(line, after) for line in crontab(found, TODAY)]
    except ValueError:
        return
    assert together([(one.get_next(dt.datetime) for _ in range(N_RUNS)) for one in cron]) == agent_times(found, after)


TOLD = {
    "each night": (Schedule(DAILY, active_start_time=23000), ["*-*-* 02:30:00"], ["30 2 * * *"]),
    "each minute": (Schedule(DAILY, 1, MINUTES, 1), ["*-*-* *:*:00"], ["* * * * *"]),
    "over midnight": (
        Schedule(DAILY, 1, HOURS, 2, active_start_time=220000, active_end_time=20000),
        ["*-*-* 00,02,22:00:00"], ["0 0,2,22 * * *"],
    ),
    "workdays": (
        Schedule(WEEKLY, 62, freq_recurrence_factor=1, active_start_time=73015),
        ["Mon,Tue,Wed,Thu,Fri *-*-* 07:30:15"], None,
    ),
    "the 31st": (Schedule(MONTHLY, 31, freq_recurrence_factor=1), ["*-*-31 00:00:00"], ["0 0 31 * *"]),
    "the second Tuesday": (
        Schedule(RELATIVE, 3, freq_relative_interval=2, freq_recurrence_factor=1), ["Tue *-*-08..14 00:00:00"], None,
    ),
    "the last Friday": (
        Schedule(RELATIVE, 6, freq_relative_interval=16, freq_recurrence_factor=1), ["Fri *-*~07/1 00:00:00"], None,
    ),
    "the last day": (
        Schedule(RELATIVE, 8, freq_relative_interval=16, freq_recurrence_factor=1), ["*-*~01 00:00:00"], None,
    ),
    "once": (Schedule(ONCE, active_start_date=20270203, active_start_time=40506), ["2027-02-03 04:05:06"], None),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_a_schedule_is_said_in_few_words(name: str) -> None:
    schedule, lines, cron = TOLD[name]
    found = schedules.verify(schedule)
    assert on_calendar([found], TODAY) == lines
    assert together([times(line, AFTER) for line in lines]) == agent_times([found], AFTER)
    if cron is None:
        with pytest.raises(ValueError, match="cron"):
            crontab([found], TODAY)
    else:
        assert crontab([found], TODAY) == cron


def test_systemd_reads_the_lines_so_too() -> None:
    """Where systemd is: what the plain reading above gives is held against it; elsewhere that reading alone is."""
    program = shutil.which("systemd-analyze")
    for schedule, lines, _ in TOLD.values():
        for line in lines:
            wanted = list(itertools.islice(times(line, AFTER), 3))
            assert wanted[0] == schedules.next_run(schedules.verify(schedule), AFTER)
            if program is None:
                continue
            base = f"--base-time={AFTER:%Y-%m-%d %H:%M:%S}"
            done = subprocess.run(
                [program, "calendar", "--iterations=3", base, line],
                capture_output=True, text=True, check=True, env={**os.environ, "TZ": "UTC", "LC_ALL": "C"},
            )  # fmt: skip
            found = re.findall(r"(?:Next elapse|Iter(?:ation|\.) #\d+): \w+ (\S+ \S+) UTC", done.stdout)
            assert [dt.datetime.fromisoformat(one) for one in found] == wanted, done.stdout


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (Schedule(DAILY, 2), "counted from a date"),
        (Schedule(WEEKLY, 2, freq_recurrence_factor=2), "counted from a date"),
        (Schedule(MONTHLY, 2, freq_recurrence_factor=3), "counted from a date"),
        (Schedule(RELATIVE, 9, freq_relative_interval=1, freq_recurrence_factor=1), "names a workday"),
        (Schedule(DAILY, active_end_date=20301231), "begins or ends on a date"),
        (Schedule(DAILY, active_start_date=20301231), "begins or ends on a date"),
        (Schedule(IDLE), "waits for Agent's start"),
        (Schedule(MONTHLY, 2, HOURS, 2, 0, 1, active_start_time=220000, active_end_time=20000), "over midnight"),
        (Schedule(DAILY, 1, SECONDS, 11), "would take"),
    ],
)
def test_what_a_timer_cannot_say_is_refused(schedule: Schedule, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        on_calendar([schedules.verify(schedule)], TODAY)


# Files --------------------------------------------------------------------------------------------------------------

TOML = """\
[project]
name = "shop"

[jobs.nightly]
description = "100 % of it"
schedule = ["30 2 * * *", "*/15 6-7 * * mon-fri"]
steps = [{ name = "count", command = "SELECT 1" }]

[jobs.off]
schedule = "0 0 1,15 * *"
enabled = false
steps = [{ name = "count", command = "SELECT 1" }]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pymlsql.toml").write_text(TOML, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_units_are_written_for_each_job_and_hold_no_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYMLSQL_URL", "mssql://sa:secret@db/x")
    assert main(["job", "export", "--systemd", "units", "--cron", "tab", "--command", "/bin/true"]) == 0
    captured = capsys.readouterr()
    assert "Write PYMLSQL_URL=" in captured.err
    texts = {path.name: path.read_text() for path in (*(folder / "units").iterdir(), folder / "tab")}
    names = {"pymlsql-shop-nightly.service", "pymlsql-shop-nightly.timer", "pymlsql-shop-off.service", "tab"}
    assert set(texts) == names
    assert not any("secret" in text for text in texts.values())
    service = texts["pymlsql-shop-nightly.service"]
    for line in ("EnvironmentFile=/etc/pymlsql/shop.env", f"WorkingDirectory={folder}",
                 'ExecStart="/bin/true" pipeline run nightly', "RestartPreventExitStatus=1 2 130",
                 "Description=shop: nightly: 100 %% of it"):  # fmt: skip
        assert line in service.splitlines()
    timer = texts["pymlsql-shop-nightly.timer"].splitlines()
    assert [line for line in timer if line.startswith("OnCalendar")] == [
        "OnCalendar=*-*-* 02:30:00", "OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 06,07:00,15,30,45:00"
    ]  # fmt: skip
    lines = [line for line in texts["tab"].splitlines() if not line.startswith("#")]
    assert lines[0] == (
        f"30 2 * * * set -a; . /etc/pymlsql/shop.env && cd {folder} && exec /bin/true pipeline run nightly"
    )
    assert lines[1].startswith("0,15,30,45 6,7 * * 1,2,3,4,5 ")
    assert main(["job", "export", "--systemd", "units", "--command", "/bin/true"]) == 0  # its own files it writes anew


def test_systemd_takes_the_units(folder: Path) -> None:
    """Each line is of a section and a word that systemd knows; where systemd is, it says so itself."""
    main(["job", "export", "--systemd", "units", "--command", "/bin/true"])
    files = sorted((folder / "units").iterdir())
    for path in files:
        lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
        assert all(re.fullmatch(r"\[(Unit|Service|Timer|Install)\]|[A-Z]\w+=.+", line) for line in lines)
    program = shutil.which("systemd-analyze")
    if program is not None:
        done = subprocess.run([program, "verify", *map(str, files)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "arguments", "code", "sentence"),
    [
        ("30 2 * * *", "30 2 * * *", [], 2, "Say --systemd DIR or --cron FILE"),
        ('"30 2 * * *"', "{ freq_type = 4, freq_interval = 2 }", ["--systemd", "u"], 1,
         "jobs.nightly.schedule: no timer says when it runs: it runs every so many days"),
        ('"30 2 * * *"', "{ freq_type = 4, freq_subday_type = 2, freq_subday_interval = 30 }",
         ["--systemd", "u", "--cron", "tab"], 1, "no crontab says when it runs: it runs at seconds"),
        ("30 2 * * *", "30 2 * * *", ["--systemd", "u", "--command", "pymlsql"], 1, "a path from / on is wanted"),
        ("30 2 * * *", "30 2 * * *", ["--systemd", "u", "--environment-file", "/a$b"], 1, "holds quotes"),
        ("30 2 * * *", "30 2 * * *", ["--cron", "pymlsql.toml"], 1, "has not made it: remove it first"),
    ],
)
def test_what_cannot_be_written_is_a_sentence_and_nothing_is_written(
    folder: Path, old: str, new: str, arguments: list[str], code: int, sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (folder / "pymlsql.toml").write_text(TOML.replace(old, new), encoding="utf-8")
    assert main(["job", "export", *arguments]) == code
    assert sentence in capsys.readouterr().err
    assert {path.name for path in folder.iterdir()} == {"pymlsql.toml"}


def test_a_project_without_jobs_is_told_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pymlsql.toml").write_text('[project]\nname = "shop"\n', encoding="utf-8")
    assert main(["job", "export", "--cron", "tab"]) == 1
    assert "declares no jobs" in capsys.readouterr().err
    assert not (folder / "tab").exists()


def test_a_crontab_s_percent_signs_are_escaped(folder: Path) -> None:
    assert main(["job", "export", "--cron", "tab", "--environment-file", "/etc/a%b"]) == 0
    assert ". /etc/a\\%b &&" in (folder / "tab").read_text()
