"""One T-SQL step: its batches, as the job's owner, in a session of its own, with QUOTED_IDENTIFIER off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pymlsql.batches import split
from pymlsql.embedded.agent.progress import Job, Step, output_line
from pymlsql.embedded.engine.security.logins import initial_database
from pymlsql.embedded.engine.security.principals import SA_LOGIN, SA_SID, login_by_sid
from pymlsql.embedded.engine.security.principals import Login as Account
from pymlsql.embedded.tds.requests import Login, SqlBatch
from pymlsql.embedded.tds.responses import ColMetadata, Message, Response, Rows
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.errors import PymlsqlError
from pymlsql.quoting import string

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine
    from pymlsql.embedded.engine.session import Session

_HIGHEST_INFORMATION = 10
_LONGEST_OUTPUT = 4000
_NOT_SAID = frozenset({5701, 5703})
"""Changed database context, changed language: nobody wants them in a history."""


@dataclass
class Output:
    """A sink that keeps what the history shows of a step."""

    keeps_rows: bool
    lines: list[str] = field(default_factory=list)
    number: int = 0
    severity: int = 0
    _length: int = 0

    def __call__(self, response: Response) -> None:
        if isinstance(response, Message) and response.number not in _NOT_SAID:
            if response.severity > _HIGHEST_INFORMATION:
                self.number, self.severity = response.number, max(self.severity, response.severity)
            self._add(output_line(response.number, response.severity, response.text))
        elif self.keeps_rows and isinstance(response, ColMetadata):
            self._add(" ".join(column.name for column in response.columns))
        elif self.keeps_rows and isinstance(response, Rows):
            for row in zip(*(column.to_pylist() for column in response.batch.columns), strict=True):
                if self._length > _LONGEST_OUTPUT:
                    return
                self._add(" ".join("NULL" if value is None else str(value) for value in row))

    def _add(self, line: str) -> None:
        if self._length <= _LONGEST_OUTPUT:
            self.lines.append(line)
            self._length += len(line)

    @property
    def failed(self) -> bool:
        return self.severity > _HIGHEST_INFORMATION


def owner_of(engine: Engine, job: Job) -> Account | None:
    """The login that owns a job; None when it is gone or disabled."""
    if job.owner_sid.lower() == SA_SID:
        return SA_LOGIN
    account = login_by_sid(engine.catalog, job.owner_sid.lower())
    return account if account is not None and not account.disabled else None


def open_step(engine: Engine, job: Job, step: Step, account: Account) -> Session:
    """The session of a step. Raises SqlError where the owner may not use the step's database."""
    database = initial_database(engine.databases, account, step.database, engine.database)
    told = Login(account.name, "", application=f"SQLAgent - TSQL JobStep (Job 0x{job.job_id.replace('-', '')} : "
                                               f"Step {step.step_id})")  # fmt: skip
    session = engine.begin_session(told, account, database, "")
    session.options = replace(session.options, quoted_identifier=False)
    return session


def run_step(session: Session, step: Step, output: Output, stopped: Callable[[], bool]) -> None:
    """Run the batches of a step one after the other; the first that has an error is the last."""
    if "$(" in step.command:  # SQL Server replaces its tokens, and fails the step for one that it does not know
        raise unsupported("tokens, $(...), in a job step")
    try:
        batches = split(step.command)
    except PymlsqlError:
        batches = [step.command]
    if step.user:
        batches.insert(0, f"EXECUTE AS USER = {string(step.user)}")
    for batch in batches:
        if stopped():
            return
        session.run(SqlBatch(batch), output)
        if output.failed:
            return
