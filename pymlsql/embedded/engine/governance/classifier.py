"""The classifier: a function that says at a login to which workload group the session belongs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Module, Table
from pymlsql.embedded.engine.errors import Cancelled
from pymlsql.embedded.engine.frame import BatchAborted, Frame
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.parser import parse_batch
from pymlsql.embedded.tsql.types import SYSNAME

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

LONGEST_S = 5.0
"""A classifier that takes longer is ended, or nobody could log in to mend it."""


def find_classifier(session: Session, name: Name) -> int:
    """The object id of a function that can classify. Raises 10902, 10906."""
    found = session.user_catalog.find(name.schema or "dbo", name.object)
    if found is None:
        raise sql_error(10902, str(name))
    fits = isinstance(found, Module) and found.kind == "FN" and found.returns == SYSNAME and not found.parameters
    if not isinstance(found, Module) or not fits or not _is_bound(found):
        raise sql_error(10906, found.schema, found.name)
    return found.object_id


def _is_bound(found: Module) -> bool:
    create = parse_batch(found.text).statements[0]
    return isinstance(create, nodes.CreateModule) and "SCHEMABINDING" in create.options


def refuse_classifier(session: Session, action: str, found: Table | Module) -> None:
    """Raises 10920 for the function that classifies now."""
    if isinstance(found, Module) and found.object_id == session.engine.governor.configuration.classifier:
        raise sql_error(10920, action, found.name)


def classify(session: Session) -> str:
    """The group that the classifier in force names; ``default`` where there is none, or it fails, or names no group."""
    configuration = session.engine.governor.configuration
    module = session.user_catalog.by_id(configuration.classifier) if configuration.classifier else None
    if not isinstance(module, Module):
        return "default"
    create = parse_batch(module.text).statements[0]
    assert isinstance(create, nodes.CreateModule)
    frame = Frame(procedure=module.name, object_id=module.object_id, schema=module.schema, returns=create.returns)
    timer = threading.Timer(LONGEST_S, session.cancel)
    timer.start()
    try:
        session.run_frame(frame, create.body)
    except (SqlError, BatchAborted, Cancelled):
        return "default"
    finally:
        timer.cancel()
        session.store.cancelled.clear()
    found = configuration.group(str(frame.return_value))
    return found.name if found is not None else "default"
