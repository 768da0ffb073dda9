"""sp_rename: another name for an object, a constraint, a column or an index.

Source: "sp_rename (Transact-SQL)" of sql-docs. Texts that use the old name stay as they are, as on SQL Server.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.alteration import keep
from pymlsql.embedded.engine.answers import argument
from pymlsql.embedded.engine.binding import modules_bound_to
from pymlsql.embedded.engine.catalog import Catalog, Key, Module, Table, TableColumn, now_text
from pymlsql.embedded.engine.modulecalls import holders
from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.rebuilding import renamed_column
from pymlsql.embedded.engine.runtime import split_name
from pymlsql.embedded.engine.security.enforcement import may, may_object, may_schema
from pymlsql.embedded.engine.system_views.definition import columns_in
from pymlsql.embedded.engine.temporal import followed
from pymlsql.embedded.engine.typeentries import UserType
from pymlsql.embedded.engine.typenames import find_type, type_securable
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_KINDS = ("", "OBJECT", "COLUMN", "INDEX", "DATABASE", "STATISTICS", "USERDATATYPE")


def sp_rename(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """@objname, @newname, @objtype. Raises 15223, 15225, 15248, 15249, 15250, 15335, 15336."""
    old, new = argument(actuals, 0, "@objname"), argument(actuals, 1, "@newname")
    kind = str(argument(actuals, 2, "@objtype") or "").upper()
    for name, value in (("OldName", old), ("NewName", new)):
        if value is None:
            raise sql_error(15223, name, line=line)
    if kind not in _KINDS:
        raise sql_error(15249, kind.lower(), line=line)
    if kind in ("DATABASE", "STATISTICS"):
        raise unsupported(f"sp_rename of a {kind}", line=line)
    parts = split_name(str(old))
    if not parts or not str(new):
        raise sql_error(15253, old, line=line)
    with session.store.statement():
        _rename(session, parts, str(old), str(new), kind)
    session.send_error(sql_error(15477, line=line))
    return 0


def _rename(session: Session, parts: tuple[str, ...], old: str, new: str, kind: str) -> None:
    database = Name(parts[:-1] if kind in ("COLUMN", "INDEX") else parts).database
    if database and database.lower() != session.database.lower():
        raise sql_error(15250)
    if kind == "USERDATATYPE":
        _rename_type(session, parts, new)
        return
    if kind in ("COLUMN", "INDEX"):
        table = _table(session, parts[:-1])
        if table is None:
            raise sql_error(15248, kind)
        (_rename_column if kind == "COLUMN" else _rename_index)(session, table, parts[-1], new)
        return
    table = _table(session, parts[:-1]) if not kind and len(parts) > 1 else None
    if table is not None and (table.column(parts[-1]) or _key(table, parts[-1])):
        raise sql_error(15248, "(null)")
    found = lookup(session.catalog, Name(parts), session.path())
    if found is not None and may_object(session, "ALTER", found):
        _rename_object(session, found, new)
        return
    schema = parts[-2] if len(parts) > 1 else session.path()[0]
    owner = session.catalog.constraint_owner(schema, parts[-1])
    if owner is not None and may_object(session, "ALTER", owner):
        _rename_constraint(session, owner, parts[-1], new)
        return
    raise sql_error(15225, old, session.database, kind or "(null)")


def _table(session: Session, parts: tuple[str, ...]) -> Table | None:
    found = lookup(session.catalog, Name(parts), session.path()) if parts else None
    return found if isinstance(found, Table) and may_object(session, "ALTER", found) else None


def _key(table: Table, name: str) -> Key | None:
    return next((key for key in table.keys if key.name.lower() == name.lower()), None)


def _check_new(session: Session, schema: str, old: str, new: str) -> None:
    if new.lower() == old.lower():
        return
    if session.catalog.find(schema, new) or session.catalog.constraint_owner(schema, new):
        raise sql_error(15335, new, "object")


def _rename_object(session: Session, found: Table | Module, new: str) -> None:
    _check_new(session, found.schema, found.name, new)
    bound = any(modules_bound_to(session.catalog, found.object_id))
    if bound or (isinstance(found, Module) and any(holders(session.catalog, found))):
        raise sql_error(15336, f"{found.schema}.{found.name}")
    changed = replace(found, name=new, modified=now_text())
    session.set_catalog(session.catalog.without_object(found).with_object(changed), [changed])


def _rename_type(session: Session, parts: tuple[str, ...], new: str) -> None:
    """What takes the type goes on taking it: it is bound to its number."""
    found = find_type(session, Name(parts).schema, parts[-1])
    if found is None or not (
        may_schema(session, "ALTER", found.schema) or may(session, "CONTROL", type_securable(session, found))
    ):
        raise sql_error(15248, "USERDATATYPE")
    other = session.catalog.entry(UserType, f"{found.schema}.{new}")
    if other is not None and other != found:
        raise sql_error(15335, new, "USERDATATYPE")
    changed = replace(found, name=new)
    session.set_catalog(session.catalog.without_entries(found).with_entries(changed), [changed], gone=[found])


def _rename_constraint(session: Session, table: Table, name: str, new: str) -> None:
    _check_new(session, table.schema, name, new)
    wanted = name.lower()
    changed = replace(
        table,
        keys=tuple(replace(k, name=new, named_by_system=False) if k.name.lower() == wanted and k.object_id else k
                   for k in table.keys),
        checks=tuple(replace(c, name=new, named_by_system=False) if c.name.lower() == wanted else c
                     for c in table.checks),
        foreign_keys=tuple(replace(f, name=new, named_by_system=False) if f.name.lower() == wanted else f
                           for f in table.foreign_keys),
        columns=tuple(
            replace(c, default=replace(c.default, name=new, named_by_system=False))
            if c.default and c.default.name.lower() == wanted else c for c in table.columns
        ),
    )  # fmt: skip
    keep(session, session.catalog, changed)


def _rename_index(session: Session, table: Table, name: str, new: str) -> None:
    key = _key(table, name)
    if key is None:
        raise sql_error(15248, "INDEX")
    if new.lower() != name.lower() and _key(table, new):
        raise sql_error(15335, new, "index")
    if key.object_id:
        _rename_constraint(session, table, key.name, new)
        return
    keep(session, session.catalog, replace(table, keys=tuple(replace(k, name=new) if k == key else k
                                                             for k in table.keys)))  # fmt: skip


# Columns ----------------------------------------------------------------------------------------------------------


def _rename_column(session: Session, table: Table, name: str, new: str) -> None:
    column = table.column(name)
    if column is None:
        raise sql_error(15248, "COLUMN")
    other = table.column(new)
    if other is not None and other != column:
        raise sql_error(15335, new, "COLUMN")
    texts = [c.text for c in table.checks] + [k.where for k in table.keys if k.where]
    texts += [c.computed for c in table.columns if c.computed and c != column]
    bound = any(modules_bound_to(session.catalog, table.object_id, column.name))
    if bound or any(columns_in(text, (column.name,)) for text in texts):
        raise sql_error(15336, f"{table.schema}.{table.name}.{column.name}")
    if table.history_of or column.name in table.period:
        raise unsupported("sp_rename of a period column, or of a column of a history table")
    changed = _with_name(table, column, new)
    catalog = _references_follow(session.catalog, table, column, new)
    others = [t for t in catalog.tables() if t != session.catalog.by_id(t.object_id) and t.object_id != table.object_id]
    if not column.virtual:
        changed = renamed_column(session, table, changed, column.name, new)
    own = catalog.by_id(table.object_id)
    assert isinstance(own, Table)
    changed = replace(changed, foreign_keys=own.foreign_keys, modified=now_text())
    catalog, histories = followed(session, catalog.with_object(changed), changed)
    session.set_catalog(catalog, [changed, *others, *histories])


def _renamed(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name.lower() == old.lower() else name for name in names)


def _with_name(table: Table, column: TableColumn, new: str) -> Table:
    old = column.name
    keys = tuple(
        replace(k, columns=tuple((new if n.lower() == old.lower() else n, d) for n, d in k.columns),
                included=_renamed(k.included, old, new)) for k in table.keys
    )  # fmt: skip
    checks = tuple(replace(c, column=new) if c.column.lower() == old.lower() else c for c in table.checks)
    return replace(table, keys=keys, checks=checks,
                   columns=tuple(replace(c, name=new) if c == column else c for c in table.columns))  # fmt: skip


def _references_follow(catalog: Catalog, table: Table, column: TableColumn, new: str) -> Catalog:
    """Foreign keys of and to the table know the column by its new name."""
    for other in catalog.tables():
        foreign = tuple(
            replace(
                f,
                columns=_renamed(f.columns, column.name, new) if other.object_id == table.object_id else f.columns,
                referenced=_renamed(f.referenced, column.name, new) if f.referenced_id == table.object_id
                else f.referenced,
            )
            for f in other.foreign_keys
        )  # fmt: skip
        if foreign != other.foreign_keys:
            catalog = catalog.with_object(replace(other, foreign_keys=foreign))
    return catalog
