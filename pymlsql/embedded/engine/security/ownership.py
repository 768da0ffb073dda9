"""ALTER AUTHORIZATION, and who owns a new schema."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import Entry
from pymlsql.embedded.engine.security import principals as p
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.grants import SECURABLES, Target
from pymlsql.embedded.engine.security.permissions import Permission
from pymlsql.embedded.engine.security.statements import future_owner, in_user_database
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.security_nodes import AlterAuthorization

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def alter_authorization(session: Session, statement: AlterAuthorization) -> None:
    """Another owner for a schema or object. What the old owner granted stays, granted by the new one. Raises 15151."""
    catalog = in_user_database(session, "ALTER AUTHORIZATION")
    if statement.securable not in ("OBJECT", "SCHEMA"):
        raise unsupported(f"ALTER AUTHORIZATION ON {statement.securable}", line=statement.line)
    target = SECURABLES[statement.securable](session, statement.target)
    if not may(session, "TAKE OWNERSHIP", target.securable):
        raise sql_error(15151, "find", target.noun, target.name)
    if statement.securable == "OBJECT":
        _give_object(session, target, statement.owner)
        return
    if not statement.owner:
        raise sql_error(102, "SCHEMA", line=statement.line)
    owner = future_owner(session, statement.owner)
    found = p.principal_by_id(catalog, owner)
    assert found is not None
    schema = replace(catalog.schemas[target.name.lower()], owner=found.name)
    gone, new = _regranted(session, target, owner)
    with session.store.statement():
        changed = catalog.with_schema(schema).without_entries(*gone).with_entries(*new)
        session.set_catalog(changed, [schema, *new], gone)


def _give_object(session: Session, target: Target, owner_name: str) -> None:
    catalog, found = session.catalog, target.found
    assert found is not None
    own = catalog.entry(p.Ownership, str(found.object_id))
    owner = future_owner(session, owner_name) if owner_name else p.schema_owner(catalog, found.schema)
    gone, new = _regranted(session, target, owner)
    kept: list[Entry] = [*new, *([p.Ownership(found.object_id, owner)] if owner_name else [])]
    lost: list[Entry] = [*gone, *([own] if own is not None else [])]
    with session.store.statement():
        session.set_catalog(catalog.without_entries(*lost).with_entries(*kept), kept, lost)


def _regranted(session: Session, target: Target, owner: int) -> tuple[list[Permission], list[Permission]]:
    """The old owner's grants, and the same as the new owner's; the new owner needs none himself."""
    old = [e for e in session.catalog.entries(Permission)
           if (e.securable, e.major) == (target.number, target.securable.major)]  # fmt: skip
    gone = [e for e in old if e.grantee == owner or e.grantor == target.securable.owner]
    return gone, [replace(e, grantor=owner) for e in gone if e.grantee != owner]
