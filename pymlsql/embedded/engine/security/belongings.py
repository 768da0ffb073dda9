"""What hangs on an object or principal, and goes with it or keeps it."""

from __future__ import annotations

from pymlsql.embedded.engine.catalog import Catalog, Entry
from pymlsql.embedded.engine.extensibility.entries import ExternalLanguage, ExternalLibrary
from pymlsql.embedded.engine.property_entries import properties_of
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.permissions import OBJECT, Permission
from pymlsql.embedded.engine.signing.entries import Certificate, signatures_of
from pymlsql.embedded.tsql.messages import sql_error


def entries_of(catalog: Catalog, securable: int, major: int) -> list[Entry]:
    """What goes with a thing that is dropped: permissions on it, an object's own owner, its signatures."""
    found: list[Entry] = [e for e in catalog.entries(Permission) if (e.securable, e.major) == (securable, major)]
    if securable == OBJECT:
        own = catalog.entry(p.Ownership, str(major))
        found += [*([own] if own is not None else []), *signatures_of(catalog, major)]
        found += properties_of(catalog, major)
    return found


def check_owns_nothing(catalog: Catalog, found: p.Principal) -> None:
    """Whether a principal may go. Raises 15136 while a procedure runs in its name, 15138, 15183 for what it owns."""
    number = found.principal_id
    if any(schema.owner.lower() == found.name.lower() for schema in catalog.schemas.values()):
        raise sql_error(15138, "schema")
    if any(role.owner == number and role.principal_id != number for role in catalog.entries(p.Role)):
        raise sql_error(15138, "database role")
    if any(entry.owner == number for entry in catalog.entries(p.Ownership)):
        raise sql_error(15183)
    if any(entry.owner == number for entry in catalog.entries(Certificate)):
        raise sql_error(15138, "certificate")
    if any(entry.owner == number for entry in catalog.entries(ExternalLanguage)):
        raise sql_error(15138, "external language")
    if any(library.owner == number for library in catalog.entries(ExternalLibrary)):
        raise sql_error(15138, "external library")
    if any(module.execute_as == number for module in catalog.modules()):
        raise sql_error(15136)


def entries_of_column(catalog: Catalog, object_id: int, column_id: int) -> list[Permission]:
    """Permissions on a column that is dropped: they go with it."""
    place = (OBJECT, object_id, column_id)
    return [e for e in catalog.entries(Permission) if (e.securable, e.major, e.minor) == place]
