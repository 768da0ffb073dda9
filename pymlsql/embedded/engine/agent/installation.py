"""Making what msdb has of SQL Server Agent: tables once, procedures whenever their text is another."""

from __future__ import annotations

import re
import zlib
from importlib.resources import files
from typing import TYPE_CHECKING

from pymlsql.batches import split
from pymlsql.embedded.engine.agent.inquiry import ask, own_session
from pymlsql.embedded.engine.catalog import Module, Table

if TYPE_CHECKING:
    from pymlsql.embedded.engine.engine import Engine
    from pymlsql.embedded.engine.session import Session

DATABASE = "msdb"
_ONCE = ("tables.sql", "rights.sql")
_PROCEDURES = ("operators.sql", "jobs.sql", "steps.sql", "schedules.sql", "runs.sql", "grants.sql")
_PROCEDURE = re.compile(r"PROCEDURE dbo\.(\w+)")
_MARK = "agent procedures"
"""What the procedures' checksum is kept as, beside the server's options."""


def install(engine: Engine, database: str = DATABASE) -> None:
    """Make in ``database`` what is missing; the engine then knows which procedures may speak to the Agent."""
    session = own_session(engine, database)
    try:
        if not isinstance(session.catalog.find("dbo", "sysjobs"), Table):
            _run(session, *_ONCE)
        checksum = zlib.crc32("".join(map(_text, _PROCEDURES)).encode()) & 0x7FFFFFFF
        if engine.mark(_MARK) != checksum:
            _run(session, *_PROCEDURES)
            engine.set_mark(session.store, _MARK, checksum)
        own = set(_PROCEDURE.findall("".join(map(_text, _PROCEDURES))))
        engine.agent.modules = frozenset(
            found.object_id for found in session.catalog.objects.values()
            if isinstance(found, Module) and found.schema == "dbo" and found.name in own
        )  # fmt: skip
    finally:
        session.close()


def _text(name: str) -> str:
    return files("pymlsql.embedded.engine.agent").joinpath(name).read_text(encoding="utf-8")


def _run(session: Session, *names: str) -> None:
    """All or nothing: a server that ends meanwhile begins anew."""
    ask(session, "BEGIN TRANSACTION")
    for name in names:
        for batch in split(_text(name)):
            ask(session, batch)
    ask(session, "COMMIT")
