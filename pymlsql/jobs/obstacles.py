"""What keeps a declared job from ever running on a server: told before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pymlsql.database import fetch, translated_errors
from pymlsql.errors import DatabaseError, DeclarationError
from pymlsql.jobs.rendering import RenderedJob
from pymlsql.quoting import ident, string
from pymlsql.schedules import reason_never

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_OPERATOR = "SELECT 1 FROM msdb.dbo.sysoperators WHERE name = ?"
_OWNER = "SELECT SUSER_SID(?) AS sid"
_DATABASE = "SELECT DB_ID(?) AS id"
_NOW = "SELECT GETDATE() AS now"

# The names of databases are part of the text: a parameter would be another batch, where the context is back.
_ACCESS = """\
DECLARE @access int;
EXECUTE AS LOGIN = {login};
SELECT @access = HAS_DBACCESS({database});
REVERT;
SELECT @access AS access;"""

_EXECUTE = """\
DECLARE @may int;
EXECUTE AS LOGIN = {login};
SELECT @may = HAS_PERMS_BY_NAME({procedure}, N'OBJECT', N'EXECUTE');
REVERT;
SELECT @may AS may;"""


def find_obstacle(connection: Connection, job: RenderedJob, database: str) -> str | None:
    """Why the job would not run: an operator, an owner or a database that is not there, a schedule that is past.

    `database` is the one that is applied to.
    """
    where = ".".join(map(str, job.declared))
    if job.notify is not None and not fetch(connection, _OPERATOR, (job.notify,)).rows:
        return f"{where}.notify: this server has no operator {job.notify}: msdb.dbo.sp_add_operator makes one"
    if job.owner is not None and fetch(connection, _OWNER, (job.owner,)).rows[0].sid is None:
        return f"{where}.owner: this server has no login {job.owner}"
    for name in dict.fromkeys(step.database or database for step in job.steps):
        if fetch(connection, _DATABASE, (name,)).rows[0].id is None:
            return f"{where}.steps: this server has no database {name}"
        if job.owner is not None and _asked(connection, _ACCESS, login=job.owner, database=name) == 0:
            return (f"{where}.owner: the login {job.owner} may not open the database {name}: "
                    f"CREATE USER {ident(job.owner)} FOR LOGIN {ident(job.owner)} there")  # fmt: skip
    now = fetch(connection, _NOW).rows[0].now
    reasons = [reason_never(one.schedule, now) for one in job.schedules]
    return next((f"{where}.schedule: {reason.rstrip('.')}" for reason in reasons if reason is not None), None)


def check_owner(connection: Connection, job: RenderedJob) -> None:
    """Raise DeclarationError where the owner may not execute a procedure of his job's. The procedures are there."""
    if job.owner is None:
        return
    for name in job.procedures:
        if _asked(connection, _EXECUTE, login=job.owner, procedure=name) == 0:
            path = (*job.declared, "owner")
            raise DeclarationError(
                f"{'.'.join(map(str, path))}: the login {job.owner} may not execute {name}, so that the job "
                f"{job.name} was left as it is: make it a member of ml_scorer, or grant EXECUTE.", path
            )  # fmt: skip


def find_obstacles(connection: Connection, jobs: Iterable[RenderedJob], database: str) -> dict[str, str]:
    """The obstacles of those of the jobs that have one, by name."""
    found = {job.name: find_obstacle(connection, job, database) for job in jobs}
    return {name: reason for name, reason in found.items() if reason is not None}


def _asked(connection: Connection, batch: str, **names: str) -> int | None:
    """What somebody else may do; None where this login may not ask in his name."""
    try:
        with translated_errors():
            rows = fetch(connection, batch.format(**{key: string(name) for key, name in names.items()})).rows
    except DatabaseError:
        return None
    return None if rows[0][0] is None else int(rows[0][0])
