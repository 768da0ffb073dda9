"""What is asked before anything is changed: are the sources there, and can the server run the models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pymlsql import quoting, registry, runtime, signature, sources
from pymlsql.database import fetch, translated_errors
from pymlsql.errors import DatabaseError, DeclarationError, DeploymentError, ModelError, RegistryError, RuntimeMismatch
from pymlsql.features import FeatureSet
from pymlsql.features.checks import columns_read
from pymlsql.features.groups import ClassAhead, NumberAhead, OwnLabel
from pymlsql.wording import suggest

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from pymlsql.database import Database
    from pymlsql.procedures import ProcedureDeclaration
    from pymlsql.project import Project

Path = tuple[str | int, ...]

_MSG_DENIED = 229
_MSG_SEALS = range(51050, 51053)


def check_sources(db: Database, project: Project) -> None:
    """Every table that features read is there, or made by the project, and has the columns that they read.

    Raises DeclarationError with the keys of the first that is not.
    """
    made = {
        quoting.qualified(name).lower(): [column.name for column in one.columns]
        for one in project.features.values()
        for name in (one.view, one.stored)
        if name is not None
    }
    for name, features in project.features.items():
        for source, one in features.sources.items():
            path = ("features", name, "sources", source, "table")
            columns = made.get(quoting.qualified(one.table).lower()) or _read(db, one.table, path)
            known = {column.lower() for column in columns}
            for place, column in _wanted(features, source):
                if column.lower() not in known:
                    where = ("features", name, *place)
                    near = suggest(column, columns)
                    raise DeclarationError(
                        f"{'.'.join(map(str, where))}: {one.table} has no column {column}{near}.", where
                    )


def check_keys(db: Database, project: Project) -> None:
    """No static source that features are joined with has two rows for one entity: each row of theirs would come twice.

    Raises DeclarationError with the keys of the first that has.
    """
    made = {quoting.qualified(name).lower() for one in project.features.values() for name in one.made}
    for name, features in project.features.items():
        joined = {group.source for group in features.attributes if not features.is_own(group)}
        for source in sorted(joined):
            table = features.sources[source].table
            row = None if quoting.qualified(table).lower() in made else _twice(db, features, source)
            if row is not None:
                where = ("features", name, "sources", source, "table")
                pairs = zip(features.keys_of(source), row, strict=True)
                key = ", ".join(f"{theirs} {value}" for (_, theirs), value in pairs)
                raise DeclarationError(
                    f"{'.'.join(where)}: {table} has several rows of {key}, and a static source has one of each.", where
                )


def _twice(db: Database, features: FeatureSet, source: str) -> tuple[Any, ...] | None:
    """A key of a source that comes more than once."""
    names = [quoting.ident(theirs) for _, theirs in features.keys_of(source)]
    columns, there = ", ".join(names), " AND ".join(f"{name} IS NOT NULL" for name in names)
    table = quoting.qualified(features.sources[source].table)
    query = f"SELECT TOP (1) {columns} FROM {table} WHERE {there} GROUP BY {columns} HAVING COUNT(*) > 1"
    rows = db.rows(query)
    return tuple(rows[0]) if rows else None


def _read(db: Database, table: str, path: Path) -> list[str]:
    try:
        return [column.name for column in sources.read_columns(db, table)]
    except ModelError:
        raise DeclarationError(
            f"{'.'.join(map(str, path))}: there is no table or view {table} that this login may see.", path
        ) from None


def _wanted(features: FeatureSet, source: str) -> Iterator[tuple[Path, str]]:
    """The columns that are read of a source, each with its key in the declaration."""
    place: Path = ("sources", source)
    for _, theirs in features.keys_of(source):
        yield place, theirs
    time = features.time_of(source)
    if time is not None:
        yield place, time
    for column in features.sources[source].ties:
        yield (*place, "ties"), column
    for key, number, group in features.groups:
        if group.source == source:
            for column in columns_read(group):
                yield (key, number), column
    label = features.label
    if isinstance(label, (ClassAhead, NumberAhead)) and label.source == source:
        yield ("label", "column"), label.column
    if isinstance(label, OwnLabel) and source == features.rows:
        yield ("label", "column"), label.column


def check_models(db: Database, project: Project, *, ask: bool = True) -> list[str]:
    """Whether the models that procedures load fit them, and run on the server; what is not there yet, in sentences.

    Without `ask` the server's Python is left out: `ask_server` comes then, when the database trusts its new keys.
    Raises DeclarationError, with the keys of the procedure, for a model that must not serve there.
    """
    notes: list[str] = []
    checked: dict[tuple[str, str], None] = {}
    for name, procedure in project.procedures.items():
        if not procedure.loads_model:
            continue
        path = ("procedures", name)
        try:
            version = registry.get_alias(db, procedure.model, procedure.alias)
        except RegistryError:
            notes.append(f"{procedure.name}: no version of {procedure.model} has the alias {procedure.alias} yet")
            continue
        try:
            _check_model(db, procedure, project.features[procedure.features], version, checked if ask else None)
        except (ModelError, RuntimeMismatch) as error:
            raise DeclarationError(f"{'.'.join(path)}: {error}", path) from error
    return notes


def _check_model(
    db: Database,
    procedure: ProcedureDeclaration,
    features: FeatureSet,
    version: int,
    checked: dict[tuple[str, str], None] | None,
) -> None:
    found = registry.show(db, procedure.model, version)
    columns = [signature.SourceColumn(one.name, one.sql_type, nullable=True) for one in features.features]
    differences = signature.compare(found.signature, columns, features.view)
    blocking = [one.message for one in differences if one.blocking and one.problem != "nullable"]
    if blocking:
        raise ModelError(f"version {version} of {procedure.model} does not fit: {' '.join(blocking)}")
    if checked is None or (procedure.model, procedure.alias) in checked:
        return
    try:
        runtime.require_check(db, procedure.model, version)
    except DatabaseError as error:
        if error.number != _MSG_DENIED:
            raise
        raise DeploymentError(
            "This login may not run ml.CheckModel, which asks whether the server can run the models: have the role "
            "ml_publisher granted, or apply with --no-check."
        ) from error
    checked[procedure.model, procedure.alias] = None


_CHECK = "SET NOCOUNT ON; EXEC ml.CheckModel @model = ?, @version = ?;"


def ask_server(db: Database, connection: Connection, project: Project) -> None:
    """Whether the server's Python runs the models, in a transaction in which the database has been given other keys.

    Raises DeclarationError, with the keys of the procedure: the transaction is then to be rolled back.
    """
    for name, procedure in project.procedures.items():
        if not procedure.loads_model:
            continue
        try:
            version = registry.get_alias(db, procedure.model, procedure.alias)
        except RegistryError:
            continue
        problem = _ask(connection, procedure.model, version)
        if problem is not None:
            path = ("procedures", name)
            raise DeclarationError(
                f"{'.'.join(path)}: version {version} of {procedure.model} would not serve any more. {problem} "
                "Nothing was changed.",
                path,
            )


def _ask(connection: Connection, model: str, version: int) -> str | None:
    """Why the server's Python does not run a version, None where it does."""
    try:
        with translated_errors():
            row = fetch(connection, _CHECK, (model, version)).rows[0]
    except DatabaseError as error:
        if error.number not in _MSG_SEALS:
            raise
        return error.message
    return None if row.passed else str(row.reason)
