"""CREATE, ALTER and DROP INDEX."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.alteration import check_existing, keep
from pymlsql.embedded.engine.catalog import Key, Module, Table
from pymlsql.embedded.engine.evaluation import names
from pymlsql.embedded.engine.keys import with_index
from pymlsql.embedded.engine.security.enforcement import may_object
from pymlsql.embedded.engine.targets import target_table
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def _indexed_table(session: Session, name: Name, state: int = 12) -> Table:
    """The table an index is of. Raises 1088; an index of a view is refused."""
    if name.object.startswith("#"):
        return target_table(session, name)
    found = names(session).find(name)
    if isinstance(found, Module) and found.kind == "V":
        raise unsupported("index of a view")
    if not isinstance(found, Table) or not may_object(session, "ALTER", found):
        raise sql_error(1088, name, state=state)
    return found


def create_index(session: Session, statement: nodes.CreateIndex) -> None:
    """CREATE INDEX; with DROP_EXISTING it takes the place of the one of this name. Raises 1505 for duplicates, 1088,
    1911, 1913, 7999."""
    table = _indexed_table(session, statement.table)
    before = table
    if statement.replacing:
        table = _without_existing(table, statement)
    changed = with_index(session, table, statement.index)
    with session.store.statement(locked=not table.temporary):
        check_existing(session, changed, table)
        keep(session, session.catalog, _with_number(before, changed))


def _without_existing(table: Table, statement: nodes.CreateIndex) -> Table:
    found = next((k for k in table.keys if k.name.lower() == statement.index.name.lower()), None)
    if found is None:
        raise sql_error(7999, statement.index.name, table.name)
    if found.object_id:
        raise unsupported("DROP_EXISTING of a key")
    if found.clustered and not statement.index.clustered:
        raise sql_error(1925)
    return replace(table, keys=tuple(k for k in table.keys if k != found))


def _with_number(before: Table, changed: Table) -> Table:
    """A new index keeps the number of the one it replaces."""
    new = changed.keys[-1]
    old = next((k for k in before.keys if k.name.lower() == new.name.lower()), None)
    if old is None or new.clustered:
        return changed
    return replace(changed, keys=(*changed.keys[:-1], replace(new, index_id=old.index_id)))


def drop_index(session: Session, statement: nodes.DropIndex) -> None:
    """DROP INDEX ... ON. Raises 3701, 3723."""
    whole = f"{statement.table}.{statement.name}"
    table: Table | None
    if statement.table.object.startswith("#"):
        table = session.temporary.get(statement.table.object.lower())
    else:
        found = names(session).find(statement.table)
        table = found if isinstance(found, Table) and may_object(session, "ALTER", found) else None
    key = _named(table, statement.name) if table is not None else None
    if table is None or key is None:
        if statement.if_exists:
            return
        raise sql_error(3701, "drop", "index", whole)
    if key.object_id:
        raise sql_error(3723, whole, "PRIMARY KEY" if key.kind == "pk" else "UNIQUE KEY")
    _refuse_referenced(session, table, key)
    changed = replace(table, keys=tuple(k for k in table.keys if k != key))
    with session.store.statement(locked=not table.temporary):
        keep(session, session.catalog, changed)


def _named(table: Table, name: str) -> Key | None:
    return next((key for key in table.keys if key.name.lower() == name.lower()), None)


def _refuse_referenced(session: Session, table: Table, key: Key) -> None:
    """Raises 3723 for a unique index that foreign keys refer to and no other key can serve."""
    if not key.unique or key.where:
        return
    wanted = sorted(n.lower() for n, _ in key.columns)
    others = [k for k in table.keys if k != key and k.unique and not k.where
              and sorted(n.lower() for n, _ in k.columns) == wanted]  # fmt: skip
    referenced = any(
        f.referenced_id == table.object_id and sorted(n.lower() for n in f.referenced) == wanted
        for t in session.catalog.tables() for f in t.foreign_keys
    )  # fmt: skip
    if referenced and not others:
        raise sql_error(3723, f"{table.schema}.{table.name}.{key.name}", "FOREIGN KEY")


def alter_index(session: Session, statement: nodes.AlterIndex) -> None:
    """ALTER INDEX: DISABLE stops a unique index from being enforced, REBUILD starts it again and looks at the rows.
    Raises 1088, 1505, 1973, 2727."""
    table = _indexed_table(session, statement.table, state=9)
    if statement.name and _named(table, statement.name) is None:
        raise sql_error(2727, statement.name)
    wanted = [key for key in table.keys if not statement.name or key.name.lower() == statement.name.lower()]
    if statement.action in ("set", "reorganize"):
        for key in wanted:
            if key.disabled and statement.name:
                raise sql_error(1973, key.name, "table", f"{table.schema}.{table.name}")
        return
    if statement.action == "disable" and any(key.object_id or key.clustered for key in wanted):
        raise unsupported("DISABLE of a clustered index or of a key")
    enabled = statement.action == "rebuild"
    keys = tuple(replace(k, disabled=not enabled) if k in wanted else k for k in table.keys)
    changed = replace(table, keys=keys)
    with session.store.statement(locked=not table.temporary):
        if enabled:
            again = {k.name for k in wanted if k.disabled}
            known = replace(changed, keys=tuple(k for k in keys if k.name not in again))
            check_existing(session, changed, known)
        keep(session, session.catalog, changed)
