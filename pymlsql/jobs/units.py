"""Jobs for servers without SQL Server Agent: systemd units, or lines of crontab, that run `pymlsql pipeline run`.

The URL, with its password, stands in a file that the one who installs them writes; neither a unit nor a line holds it.
"""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pymlsql.errors import DeploymentError, JobError
from pymlsql.jobs.calendar import crontab, on_calendar
from pymlsql.jobs.rendering import RenderedJob
from pymlsql.schedules import Schedule, date_number

MARK = "# Made by pymlsql job export from "

_UNSAFE = re.compile(r"[\x00-\x1f\"'\\$`]")

_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

_SERVICE = """\
{mark}
[Unit]
Description={description}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=1h
StartLimitBurst=10

[Service]
Type=oneshot
User={user}
# PYMLSQL_URL="..." in a file of mode 0600.
EnvironmentFile={environment}
WorkingDirectory={folder}
ExecStart="{command}" pipeline run {key}
# Exit code 1: a step failed, which `pymlsql pipeline run {key} --resume` takes up. 3: no server, which may come back.
Restart=on-failure
RestartPreventExitStatus=1 2 130
RestartSec=60
"""

_TIMER = """\
{mark}
[Unit]
Description={description}

[Timer]
{calendar}
AccuracySec=1s
Persistent=false

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the project's file lies, which program runs its jobs, which file has the server's URL, and who runs it."""

    project: Path
    command: Path
    environment: str
    user: str

    def __post_init__(self) -> None:
        if not _USER.fullmatch(self.user):
            raise JobError(f"{self.user!r} is no name of a user of this system.")
        for text in (str(self.project), str(self.command), self.environment):
            if not text.startswith("/"):
                raise JobError(f"{text}: a path from / on is wanted, as nobody knows where a unit is started.")
            if _UNSAFE.search(text):
                raise JobError(f"{text!r} holds quotes, $ or the like: neither units nor crontab take such a path.")


def render_units(folder: Path, jobs: Iterable[RenderedJob], place: Place, today: dt.date) -> dict[Path, str]:
    """A .service and, for a job that is enabled and has schedules, a .timer each: files with their texts.

    Raises JobError where a schedule cannot be said exactly.
    """
    texts: dict[str, str] = {}
    for job in jobs:
        name = unit_name(job)
        facts = {"mark": f"{MARK}{_escaped(str(place.project))}", "description": _described(job)}
        texts[f"{name}.service"] = _SERVICE.format(
            **facts, environment=_escaped(place.environment), key=job.declared[-1],
            user=place.user,
            folder=_escaped(str(place.project.parent)), command=_escaped(str(place.command)),
        )  # fmt: skip
        if job.enabled and job.schedules:
            lines = _lines(job, on_calendar, today)
            calendar = "\n".join(f"OnCalendar={line}" for line in lines)
            texts[f"{name}.timer"] = _TIMER.format(**facts, calendar=calendar)
    return {folder / name: text for name, text in texts.items()}


def render_crontab(path: Path, jobs: Iterable[RenderedJob], place: Place, today: dt.date) -> dict[Path, str]:
    """Lines of crontab for all jobs that are enabled and have schedules. Raises as `render_units` does."""
    lines = [
        f"{MARK}{place.project}",
        f'# PYMLSQL_URL="..." stands in {place.environment}, mode 0600. Append these lines to a crontab.',
    ]
    for job in jobs:
        if job.enabled and job.schedules:
            text = _command(job, place).replace("%", "\\%")
            lines += [f"# {_described(job)}", *(f"{when} {text}" for when in _lines(job, crontab, today))]
    return {path: "\n".join(lines) + "\n"}


def unit_name(job: RenderedJob) -> str:
    """What a job's units are called, without their endings."""
    return f"pymlsql-{job.project}-{job.declared[-1]}"


def _command(job: RenderedJob, place: Place) -> str:
    environment, folder, command = map(shlex.quote, (place.environment, str(place.project.parent), str(place.command)))
    return f"set -a; . {environment} && cd {folder} && exec {command} pipeline run {job.declared[-1]}"


def _described(job: RenderedJob) -> str:
    text = f"{job.name}: {job.text}" if job.text else job.name
    return _escaped(" ".join(text.split()))


def _escaped(text: str) -> str:
    """Without specifiers of systemd."""
    return text.replace("%", "%%")


def _lines(job: RenderedJob, convert: Callable[[Iterable[Schedule], int], list[str]], today: dt.date) -> list[str]:
    try:
        return convert([one.schedule for one in job.schedules], date_number(today))
    except ValueError as error:
        what = "crontab" if convert is crontab else "timer"
        raise JobError(f"jobs.{job.declared[-1]}.schedule: no {what} says when it runs: {error}.") from None


def write(texts: dict[Path, str]) -> None:
    """Write the files. Raises DeploymentError, before it writes one, where one is there that was not made so."""
    for path in texts:
        if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(MARK):
            raise DeploymentError(f"{path} is there, and pymlsql job export has not made it: remove it first.")
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
