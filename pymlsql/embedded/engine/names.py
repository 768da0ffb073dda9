"""Names in a session: what a table, view or function name means to it, and plans kept by text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, TypeVar

from pymlsql.embedded.engine.catalog import Catalog, Module, Sequence, Table, new_catalog
from pymlsql.embedded.engine.system_views import SYSTEM_VIEWS
from pymlsql.embedded.tsql.compiler import Compiled
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.locales import LOCALE
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Block, CreateModule, Name, Return, Text
from pymlsql.embedded.tsql.parser import parse_batch
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.scope import ROWID, Relation, RelationColumn, ScalarFunction
from pymlsql.embedded.tsql.types import BIGINT, SqlType

T = TypeVar("T")
SystemUse = tuple[str, str, str]
"""A system view as a query uses it: database, schema and name, all in lower case."""

SYSTEM_DATABASES = {"master": 1, "tempdb": 2, "model": 3, "msdb": 4}
ALL_ROWS = "$all:"
"""Before a system view's name: with the rows that the context does not see. No name in a query begins so."""

_REFUSED_VIEWS = frozenset(
    """allocation_units assemblies assembly_files database_files
    data_spaces endpoints events external_languages external_libraries external_tables
    filegroups foreign_tables fulltext_indexes linked_logins login_token master_files plan_guides
    security_policies service_queues servers
    spatial_indexes sql_dependencies sql_expression_dependencies stats stats_columns sysobjects
    syscolumns sysindexes sysusers sysdatabases sysprocesses trigger_events user_token xml_indexes
    masked_columns column_store_row_groups change_tracking_tables""".split()
)
"""Catalog views of SQL Server that are refused here by name; 208 is said of what SQL Server has not either."""


@dataclass(slots=True)
class Use:
    """An object that a query reads and the columns (in lower case) that it reads there. ``via`` is the view or function
    whose text names the object, 0 where the query itself does. ``changed``: the target of an UPDATE or DELETE, which
    is read only as far as columns are used."""

    object_id: int
    via: int
    columns: set[str]
    changed: bool = False
    permission: str = "SELECT"


def lookup(catalog: Catalog, name: Name, path: tuple[str, ...]) -> Table | Module | None:
    """What ``name`` names; without a schema it is looked for in those of ``path``, in their order."""
    if name.schema:
        return catalog.find(name.schema, name.object)
    return next((found for schema in path if (found := catalog.find(schema, name.object)) is not None), None)


@dataclass(slots=True)
class SessionNames:
    """The compiler's catalog: temporary tables first, then the database's objects, then system views.

    ``system`` collects the system views that a compilation used, by the DuckDB name their rows must have. ``tables``
    collects the DuckDB names of the tables, ``uses`` what rights are to be asked for. ``user`` is the name of the one
    database that is not a system database; ``path`` are the schemas of names that have none.
    """

    catalog: Catalog
    user_catalog: Catalog
    database: str
    user: str
    temporary: Mapping[str, Table]
    system: dict[str, SystemUse]
    tables: set[str] = field(default_factory=set)
    path: tuple[str, ...] = ("dbo",)
    uses: list[Use] = field(default_factory=list)
    via: int = 0
    rowids: Mapping[int, str] = field(default_factory=dict)
    """Where rows are changed, by object id: the changed table ("") and the views above it, with the name of what they
    read. Their relations have the column ROWID."""
    register: Callable[[Module], str] | None = None
    """Makes the DuckDB function that runs a scalar function."""

    def relation(self, name: Name) -> Relation:
        if name.object.startswith(("#", "@")):
            table = self.temporary.get(name.object.lower())
            if table is None:
                if name.object.startswith("@"):
                    raise sql_error(1087, name.object)
                raise sql_error(208, name.object)
            return self._table(table)
        schema = name.schema.lower() or "dbo"
        if schema in ("sys", "information_schema") or (schema, name.object.lower()) in SYSTEM_VIEWS:
            return self._system_view(name, schema)
        found = lookup(self.catalog_of(name), name, self.path)
        if isinstance(found, Table):
            return self._table(found)
        if isinstance(found, Module) and found.kind == "V":
            return Relation(query=found.query, column_names=found.column_names, name=Name((found.schema, found.name)),
                            object_id=found.object_id, used=self._use(found),
                            rowid_of=self.rowids.get(found.object_id, ""))  # fmt: skip
        if isinstance(found, Module) and found.kind == "IF":
            raise sql_error(216, found.name)
        raise sql_error(208, str(name))

    def _table(self, table: Table) -> Relation:
        self.tables.add(table.sql)
        relation = table_relation(table, None if table.temporary else self._use(table))
        history = self.user_catalog.by_id(table.history_id) if table.history_id else None
        if isinstance(history, Table):
            self.tables.add(history.sql)
            relation = replace(relation, history=history.sql, history_id=history.object_id, period=table.period)
        if table.object_id in self.rowids:
            return replace(relation, columns=(*relation.columns, RelationColumn(ROWID, BIGINT, nullable=False)))
        return relation

    def _use(self, found: Table | Module) -> set[str]:
        """One more reference to an object; what it returns collects the columns."""
        columns: set[str] = set()
        self.uses.append(Use(found.object_id, self.via, columns))
        return columns

    def use_history(self, relation: Relation) -> None:
        """The reference to a system-versioned table is one to its history too, of the same columns."""
        assert relation.used is not None
        self.uses.append(Use(relation.history_id, self.via, relation.used))

    @contextmanager
    def inside(self, relation: Relation) -> Iterator[None]:
        """While the text of a view or function is compiled: its names are looked for in its own schema first."""
        outer = self.via, self.path
        self.via, self.path = relation.object_id, search_path(relation.name.schema)
        try:
            yield
        finally:
            self.via, self.path = outer

    def scalar_function(self, name: Name) -> ScalarFunction | None:
        found = lookup(self.catalog_of(name), name, self.path)
        if not isinstance(found, Module) or found.kind != "FN" or found.returns is None or self.register is None:
            return None
        self.uses.append(Use(found.object_id, self.via, set(), permission="EXECUTE"))
        create = parse_batch(found.text).statements[0]
        assert isinstance(create, CreateModule)
        expression = _only_expression(create)
        sql = self.register(found)
        return ScalarFunction(Name((found.schema, found.name)), found.object_id, found.parameters, found.returns,
                              expression, sql, "RETURNS NULL" in create.options)  # fmt: skip

    @contextmanager
    def inside_function(self, function: ScalarFunction) -> Iterator[None]:
        outer = self.via, self.path
        self.via, self.path = function.object_id, search_path(function.name.schema)
        try:
            yield
        finally:
            self.via, self.path = outer

    def plan(self, compiled: Compiled) -> Plan:
        """The compilation with what it used."""
        return Plan(compiled, self.system, frozenset(self.tables), tuple(self.uses))

    def catalog_of(self, name: Name) -> Catalog:
        """The catalog of the database that the name names, or of the current one. Raises 911."""
        database = name.database.lower()
        if not database or database == self.database.lower():
            return self.catalog
        if database == self.user.lower():
            return self.user_catalog
        if database in SYSTEM_DATABASES:
            return new_catalog()
        raise sql_error(911, name.database)

    def _system_view(self, name: Name, schema: str) -> Relation:
        key = (schema, name.object.lower())
        view = SYSTEM_VIEWS.get(key)
        if view is None:
            if key[1] in _REFUSED_VIEWS or key[1].startswith(("dm_", "fn_")):
                raise unsupported(f"{schema}.{name.object}")
            raise sql_error(208, str(name))
        database = (name.database or self.database).lower()
        if database not in SYSTEM_DATABASES and database != self.user.lower():
            raise sql_error(911, name.database)
        duck = f"{database}__{schema}__{key[1]}"
        self.system[duck] = (database, *key)
        return Relation(sql=f'"{duck}"', columns=view.columns, name=Name((*name.parts[:-2], schema, name.object)))

    def principals(self, view: str) -> Relation:
        """A catalog view of principals with all its rows: SUSER_NAME and its kin name whomever one asks for."""
        duck = f"{self.database.lower()}__sys__{ALL_ROWS}{view}"
        self.system[duck] = (self.database.lower(), "sys", ALL_ROWS + view)
        return Relation(sql=f'"{duck}"', columns=SYSTEM_VIEWS[("sys", view)].columns, name=Name(("sys", view)))

    def sequence(self, name: Name) -> tuple[int, SqlType]:
        found = lookup(self.catalog_of(name), name, self.path)
        if found is None:
            raise sql_error(208, str(name))
        if not isinstance(found, Sequence):
            raise sql_error(11726, str(name))
        return found.object_id, found.type

    def table_function(self, name: Name) -> Relation:
        found = lookup(self.catalog_of(name), name, self.path)
        if not isinstance(found, Module) or found.kind != "IF":
            if len(name.parts) == 1:
                raise unsupported(f"table-valued function {name.object}")
            raise sql_error(208, str(name))
        return Relation(query=found.query, parameters=found.parameters, name=Name((found.schema, found.name)),
                        object_id=found.object_id, used=self._use(found))  # fmt: skip


def _only_expression(create: CreateModule) -> Text | None:
    """What a scalar function returns that does nothing else."""
    block = create.body[0]
    if not (isinstance(block, Block) and len(block.body) == 1 and isinstance(block.body[0], Return)):
        return None
    value = block.body[0].value
    # One that calls itself is run: its levels count.
    own = create.name.object.lower()
    calls = value is not None and any(own in (token.value.lower(), token.text.lower()) for token in tokenize(value.sql))
    return None if calls else value


def search_path(schema: str) -> tuple[str, ...]:
    """Where names without a schema are looked for: in ``schema``, then in dbo."""
    return ("dbo",) if schema.lower() in ("dbo", "") else (schema.lower(), "dbo")


def table_relation(table: Table, used: set[str] | None = None) -> Relation:
    """A table's rows and columns for the compiler."""
    columns = tuple(
        RelationColumn(c.name, c.type, c.nullable, c.identity is not None, c.binary,
                       keeps_references(c.type) and not c.virtual, c.computed if c.virtual else "", c.hidden)
        for c in table.columns
    )
    name = Name((table.name,)) if table.temporary else Name((table.schema, table.name))
    return Relation(sql=table.sql, columns=columns, name=name, object_id=table.object_id, used=used,
                    indexes=frozenset(key.name.lower() for key in table.keys))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """A compilation, the system views and tables (by their DuckDB names) it reads, and what it asks rights for."""

    compiled: Compiled
    system: Mapping[str, SystemUse]
    tables: frozenset[str] = frozenset()
    uses: tuple[Use, ...] = ()


class Plans:
    """What is costly to make, kept by everything it depends on; the least recently used is dropped first."""

    def __init__(self, size: int = 2000) -> None:
        self._plans: OrderedDict[object, Any] = OrderedDict()
        self._lock = Lock()
        self._size = size

    def get(self, key: object, make: Callable[[], T]) -> T:
        """What is kept under ``key`` and the session's locale, made if it is not there."""
        key = (key, LOCALE.get())
        with self._lock:
            plan: T | None = self._plans.get(key)
            if plan is not None:
                self._plans.move_to_end(key)
                return plan
        made = make()
        with self._lock:
            self._plans[key] = made
            if len(self._plans) > self._size:
                self._plans.popitem(last=False)
        return made


def variable_types(variables: Mapping[str, SqlType]) -> tuple[tuple[str, SqlType], ...]:
    return tuple(sorted(variables.items()))
