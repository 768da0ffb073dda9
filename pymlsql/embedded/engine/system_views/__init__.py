"""The catalog as SQL Server shows it: sys.*, INFORMATION_SCHEMA.* and the dynamic management views clients ask.

A view is a value: columns, and a function from the state of the server to rows. Tables that one asks for by name have
Microsoft's columns in Microsoft's order; what has no meaning here holds its documented default.
"""

from __future__ import annotations

from pymlsql.embedded.engine.system_views.certificates import CERTIFICATE_VIEWS
from pymlsql.embedded.engine.system_views.constraints import CONSTRAINT_VIEWS
from pymlsql.embedded.engine.system_views.datatypes import TYPE_IDS
from pymlsql.embedded.engine.system_views.declaration import SystemView, arrow_table, named
from pymlsql.embedded.engine.system_views.extensibility import EXTENSIBILITY_VIEWS
from pymlsql.embedded.engine.system_views.governance import GOVERNANCE_VIEWS
from pymlsql.embedded.engine.system_views.information_schema import INFORMATION_SCHEMA_VIEWS
from pymlsql.embedded.engine.system_views.objects import OBJECT_VIEWS
from pymlsql.embedded.engine.system_views.properties import PROPERTY_VIEWS
from pymlsql.embedded.engine.system_views.relations import RELATION_VIEWS
from pymlsql.embedded.engine.system_views.security import SECURITY_VIEWS
from pymlsql.embedded.engine.system_views.server import OPTIONS, SERVER_VIEWS
from pymlsql.embedded.engine.system_views.sessions import SESSION_VIEWS
from pymlsql.embedded.engine.system_views.state import (
    COLLATION,
    EVERYTHING,
    SessionRow,
    SystemState,
    with_temporary,
)
from pymlsql.embedded.engine.system_views.system_objects import (
    SYSTEM_PROCEDURES,
    system_object_id,
    views_of_the_system,
)

SYSTEM_VIEWS: dict[tuple[str, str], SystemView] = {}
"""Every system view by (schema, name) in lower case."""

_SYS = (
    OBJECT_VIEWS | PROPERTY_VIEWS | RELATION_VIEWS | CONSTRAINT_VIEWS
    | CERTIFICATE_VIEWS | SECURITY_VIEWS | SERVER_VIEWS | SESSION_VIEWS | EXTENSIBILITY_VIEWS | GOVERNANCE_VIEWS
)  # fmt: skip
SYSTEM_VIEWS.update(named("sys", _SYS | views_of_the_system(SYSTEM_VIEWS)))
SYSTEM_VIEWS.update(named("INFORMATION_SCHEMA", INFORMATION_SCHEMA_VIEWS))


def object_id_of_system_view(schema: str, name: str) -> int | None:
    """What OBJECT_ID answers for a system view, None where there is none; names in any case."""
    return system_object_id(schema, name) if (schema.lower(), name.lower()) in SYSTEM_VIEWS else None


__all__ = ["COLLATION", "EVERYTHING", "OPTIONS", "SYSTEM_PROCEDURES", "SYSTEM_VIEWS", "TYPE_IDS", "SessionRow",
           "SystemState", "SystemView", "arrow_table", "object_id_of_system_view", "with_temporary"]  # fmt: skip
