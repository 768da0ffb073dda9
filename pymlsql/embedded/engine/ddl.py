"""CREATE, ALTER and DROP: the catalog's new value and what follows in DuckDB, in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.engine.binding import refuse_bound
from pymlsql.embedded.engine.catalog import (
    Module,
    Schema,
    Table,
)
from pymlsql.embedded.engine.governance.classifier import refuse_classifier
from pymlsql.embedded.engine.modulecalls import refuse_referenced
from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.periods import shown_name
from pymlsql.embedded.engine.security.belongings import entries_of
from pymlsql.embedded.engine.security.enforcement import check_new_object, denied, may, may_object, may_schema
from pymlsql.embedded.engine.security.permissions import OBJECT, SCHEMA
from pymlsql.embedded.engine.security.principals import DBO, principal_by_id
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE
from pymlsql.embedded.engine.security.statements import future_owner
from pymlsql.embedded.engine.tables import ObjectIds, build_table
from pymlsql.embedded.engine.temporal import create_history, versioned
from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name
from pymlsql.embedded.tsql.typed import quote_name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session


def refuse_model(session: Session) -> None:
    """What is in model every new database would have: refused."""
    if session.catalog.database.name == "model":
        raise unsupported("objects in database model")


def schema_of(session: Session, name: Name) -> Schema:
    """The schema a new object goes into. Raises 2760, 911."""
    refuse_model(session)
    wanted = name.schema or session.path()[0]
    schema = session.catalog.schemas.get(wanted.lower())
    if schema is None or schema.schema_id in (3, 4):
        raise sql_error(2760, wanted)
    return schema


# CREATE TABLE -----------------------------------------------------------------------------------------------------


def create_table(session: Session, statement: nodes.CreateTable) -> None:
    """CREATE TABLE, of a temporary table too. Raises 2714, 2760."""
    if statement.name.object.startswith("##"):
        raise unsupported("global temporary table", line=statement.line)
    if statement.name.object.startswith("#"):
        session.create_temporary(statement.name.object, statement.definition)
        return
    schema = schema_of(session, statement.name)
    check_new_object(session, "CREATE TABLE", schema)
    if session.catalog.find(schema.name, statement.name.object):
        raise sql_error(2714, statement.name.object)
    ids = ObjectIds(session.catalog)
    table = build_table(session, ids, schema.name, statement.name.object, statement.definition)
    histories: list[Table] = []
    with session.store.statement():
        if statement.versioning is not None and statement.versioning.on:
            table, history, new = versioned(session, ids, table, statement.versioning)
            histories.append(history)
            if new:
                create_history(session, history)
        session.store.write(f"CREATE TABLE {table.sql} ({_duck_columns(table)})")
        catalog = ids.catalog.with_object(table)
        for history in histories:
            catalog = catalog.with_object(history)
        session.set_catalog(catalog, [table, *histories])


def _duck_columns(table: Table) -> str:
    return ", ".join(f"{quote_name(column.name)} {column.type.duckdb}" for column in table.stored)


# Schemas, DROP ------------------------------------------------------------------------------------------------------


def create_schema(session: Session, statement: nodes.CreateSchema) -> None:
    """CREATE SCHEMA. Raises 2714, 15151, 15247."""
    refuse_model(session)
    if not may(session, "CREATE SCHEMA", DATABASE_SECURABLE):
        raise sql_error(15247)
    if statement.name.lower() in session.catalog.schemas:
        raise sql_error(2714, statement.name)
    owner = future_owner(session, statement.owner) if statement.owner else session.identity.user_id
    found = principal_by_id(session.catalog, owner or DBO)
    assert found is not None
    number = max([4, *(s.schema_id for s in session.catalog.schemas.values() if s.schema_id < 16384)]) + 1
    schema = Schema(number, statement.name, found.name)
    with session.store.statement():
        session.set_catalog(session.catalog.with_schema(schema), [schema])


_DROPPED = {"TABLE": "table", "VIEW": "view", "PROCEDURE": "procedure", "FUNCTION": "function",
            "SEQUENCE": "sequence object"}  # fmt: skip
_MODULE_KIND = {"V": "VIEW", "P": "PROCEDURE", "IF": "FUNCTION", "FN": "FUNCTION", "SO": "SEQUENCE"}


def drop(session: Session, statement: nodes.Drop) -> None:
    """DROP TABLE, VIEW, PROCEDURE, FUNCTION or SCHEMA. Raises 3701, 3705, 3726, 3729."""
    for name in statement.names:
        if statement.kind == "SCHEMA":
            _drop_schema(session, name, statement.if_exists)
        elif name.object.startswith("#"):
            session.drop_temporary(name.object, if_exists=statement.if_exists)
        else:
            _drop_named(session, statement, name)


def _drop_named(session: Session, statement: nodes.Drop, name: Name) -> None:
    """DROP ... IF EXISTS finds nothing in a database that is not there."""
    if statement.if_exists and session.databases.find(name.database or session.database) is None:
        return
    with session.inside(name.database):
        _drop_object(session, statement, name)


def _drop_schema(session: Session, name: Name, if_exists: bool) -> None:
    schema = session.catalog.schemas.get(name.object.lower())
    if schema is not None and not (may_schema(session, "CONTROL", schema.name)
                                   or may(session, "ALTER ANY SCHEMA", DATABASE_SECURABLE)):  # fmt: skip
        schema = None
    if schema is None:
        if if_exists:
            return
        raise sql_error(15151, "drop", "schema", name.object)
    inside = next((o for o in session.catalog.objects.values() if o.schema.lower() == schema.name.lower()), None)
    if inside is not None:
        raise sql_error(3729, "drop schema", schema.name, inside.name)
    if schema.schema_id <= 4:
        raise sql_error(15150, "drop", "schema", schema.name)
    gone = entries_of(session.catalog, SCHEMA, schema.schema_id)
    with session.store.statement():
        catalog = session.catalog.without_schema(schema.name).without_entries(*gone)
        session.set_catalog(catalog, [], gone=[schema, *gone])


def _drop_object(session: Session, statement: nodes.Drop, name: Name) -> None:
    found = lookup(session.catalog, name, session.path())
    if found is None:
        if statement.if_exists:
            return
        raise sql_error(3701, "drop", _DROPPED[statement.kind], str(name))
    actual = "TABLE" if isinstance(found, Table) else _MODULE_KIND[found.kind]
    if actual != statement.kind:
        raise sql_error(3705, statement.kind, str(name), str(name), _DROPPED[actual], actual)
    if not (may_schema(session, "ALTER", found.schema) or may_object(session, "CONTROL", found)):
        raise denied(3701, "drop", _DROPPED[actual], found.name)
    refuse_classifier(session, "drop", found)
    refuse_bound(session.catalog, found, f"DROP {actual}", str(name))
    if isinstance(found, Module):
        refuse_referenced(session, found, f"DROP {actual}")
    if isinstance(found, Table) and (found.history_id or found.history_of):
        raise sql_error(13552, shown_name(found, session.database))
    if statement.kind == "SEQUENCE":
        from pymlsql.embedded.engine.sequences import refuse_used

        assert not isinstance(found, Table)
        refuse_used(session, found)
    with session.store.statement():
        if isinstance(found, Table):
            for other in session.catalog.tables():
                if other.object_id != found.object_id and any(
                    f.referenced_id == found.object_id for f in other.foreign_keys
                ):
                    raise sql_error(3726, str(name))
            session.store.write(f"DROP TABLE {found.sql}")
            session.engine.note_change(found)
            session.reset_identity(found)
        gone = entries_of(session.catalog, OBJECT, found.object_id)
        catalog = session.catalog.without_object(found).without_entries(*gone)
        session.set_catalog(catalog, [], gone=[found, *gone])
