"""Names in a session: what a table, view or function name means to it, and plans kept by text."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, TypeVar

from pymlsql.embedded.engine.catalog import Catalog, Module, Sequence, Table
from pymlsql.embedded.engine.database_entries import MAIN
from pymlsql.embedded.engine.pace import Pace
from pymlsql.embedded.engine.system_views import SYSTEM_VIEWS
from pymlsql.embedded.tsql.bulk import BulkRows
from pymlsql.embedded.tsql.compiler import Compiled
from pymlsql.embedded.tsql.formatfields import FormatFile
from pymlsql.embedded.tsql.formatfiles import parse_format_file
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.locales import LOCALE
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Block, CreateModule, Name, Return, Text
from pymlsql.embedded.tsql.parser import parse_batch
from pymlsql.embedded.tsql.references import keeps_references
from pymlsql.embedded.tsql.scope import ROWID, Relation, RelationColumn, ScalarFunction
from pymlsql.embedded.tsql.typed import quote_name
from pymlsql.embedded.tsql.types import BIGINT, SqlType

T = TypeVar("T")
SystemUse = tuple[str, str, str]
"""A system view as a query uses it: database, schema and name, all in lower case."""

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


_FILES = itertools.count()


@dataclass(frozen=True, slots=True)
class BulkUse:
    """A data file that a query reads, with what its format file says."""

    rows: BulkRows
    format: FormatFile


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
    database_id: int = MAIN


def lookup(catalog: Catalog, name: Name, path: tuple[str, ...]) -> Table | Module | None:
    """What ``name`` names; without a schema it is looked for in those of ``path``, in their order."""
    if name.schema:
        return catalog.find(name.schema, name.object)
    return next((found for schema in path if (found := catalog.find(schema, name.object)) is not None), None)


@dataclass(slots=True)
class SessionNames:
    """The compiler's catalog: temporary tables first, then the database's objects, then system views.

    ``system`` collects the system views that a compilation used, by the DuckDB name their rows must have. ``tables``
    collects the DuckDB names of the tables, ``uses`` what rights are to be asked for. ``path`` are the schemas of names
    that have none, in the database of ``catalog``; ``reach`` gives another database's catalog and those schemas there.
    """

    catalog: Catalog
    reach: Callable[[str], tuple[Catalog, tuple[str, ...]]]
    temporary: Mapping[str, Table]
    system: dict[str, SystemUse]
    tables: set[str] = field(default_factory=set)
    path: tuple[str, ...] = ("dbo",)
    uses: list[Use] = field(default_factory=list)
    via: int = 0
    homes: dict[int, Catalog] = field(default_factory=dict)
    """The catalogs in which names were looked for, by their database's number."""
    home_id: int = 0
    rowids: Mapping[int, str] = field(default_factory=dict)
    """Where rows are changed, by object id: the changed table ("") and the views above it, with the name of what they
    read. Their relations have the column ROWID."""
    register: Callable[[Module], str] | None = None
    """Makes the DuckDB function that runs a scalar function."""
    read_file: Callable[[str], bytes] | None = None
    """Reads a format file."""
    files: dict[str, BulkUse] = field(default_factory=dict)
    """The data files that a compilation reads, by the DuckDB name their rows must have."""

    def __post_init__(self) -> None:
        self.home_id = self.catalog.database.database_id

    @property
    def elsewhere(self) -> bool:
        """Whether what is compiled is the text of another database's view or function."""
        return self.catalog.database.database_id != self.home_id

    @property
    def database_id(self) -> int:
        """The database of what is compiled."""
        return self.catalog.database.database_id

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
        found = self.find(name)
        if isinstance(found, Table):
            return self._table(found)
        if isinstance(found, Module) and found.kind == "V":
            return Relation(query=found.query, column_names=found.column_names, name=self._full_name(found),
                            object_id=found.object_id, database_id=found.database_id, used=self._use(found),
                            rowid_of=self.rowids.get(found.object_id, ""))  # fmt: skip
        if isinstance(found, Module) and found.kind == "IF":
            raise sql_error(216, found.name)
        raise sql_error(208, str(name))

    def _table(self, table: Table) -> Relation:
        self.tables.add(table.sql)
        relation = table_relation(table, None if table.temporary else self._use(table))
        if not table.temporary:
            relation = replace(relation, name=self._full_name(table))
        if table.database_id != self.home_id and any(column.user_type for column in relation.columns):
            # Its alias types are not known here.
            relation = replace(relation, columns=tuple(replace(c, user_type=0) for c in relation.columns))
        history = self._home(table).by_id(table.history_id) if table.history_id else None
        if isinstance(history, Table):
            self.tables.add(history.sql)
            relation = replace(relation, history=history.sql, history_id=history.object_id, period=table.period)
        if table.object_id in self.rowids:
            return replace(relation, columns=(*relation.columns, RelationColumn(ROWID, BIGINT, nullable=False)))
        return relation

    def _full_name(self, found: Table | Module) -> Name:
        return Name((self._home(found).database.name, found.schema, found.name))

    def _use(self, found: Table | Module) -> set[str]:
        """One more reference to an object; what it returns collects the columns."""
        columns: set[str] = set()
        self.uses.append(Use(found.object_id, self.via, columns, database_id=found.database_id))
        return columns

    def use_history(self, relation: Relation) -> None:
        """The reference to a system-versioned table is one to its history too, of the same columns."""
        assert relation.used is not None
        self.uses.append(Use(relation.history_id, self.via, relation.used, database_id=relation.database_id))

    def _home(self, found: Table | Module) -> Catalog:
        """The catalog that has an object which a name of this compilation has meant."""
        return self.homes.get(found.database_id, self.catalog)

    @contextmanager
    def _within(self, object_id: int, schema: str, database_id: int) -> Iterator[None]:
        outer = self.via, self.path, self.catalog
        self.via, self.path = object_id, search_path(schema)
        self.catalog = self.homes.get(database_id, self.catalog)
        try:
            yield
        finally:
            self.via, self.path, self.catalog = outer

    def inside(self, relation: Relation) -> AbstractContextManager[None]:
        """While the text of a view or function is compiled: its names are looked for in its own schema first, and in
        its own database."""
        return self._within(relation.object_id, relation.name.schema, relation.database_id)

    def scalar_function(self, name: Name) -> ScalarFunction | None:
        found = self.find(name)
        if not isinstance(found, Module) or found.kind != "FN" or found.returns is None or self.register is None:
            return None
        self.uses.append(Use(found.object_id, self.via, set(), permission="EXECUTE", database_id=found.database_id))
        create = parse_batch(found.text).statements[0]
        assert isinstance(create, CreateModule)
        expression = _only_expression(create)
        sql = self.register(found)
        return ScalarFunction(Name((found.schema, found.name)), found.object_id, found.parameters, found.returns,
                              expression, sql, "RETURNS NULL" in create.options, found.database_id,
                              "SCHEMABINDING" in create.options)  # fmt: skip

    def inside_function(self, function: ScalarFunction) -> AbstractContextManager[None]:
        return self._within(function.object_id, function.name.schema, function.database_id)

    def plan(self, compiled: Compiled) -> Plan:
        """The compilation with what it used."""
        return Plan(compiled, self.system, frozenset(self.tables), tuple(self.uses), self.files)

    def catalog_of(self, name: Name) -> Catalog:
        """The catalog of the database that the name names, or of the current one. Raises 911, 916."""
        return self._place(name.database)[0]

    def find(self, name: Name) -> Table | Module | None:
        """What the name names in its database. Raises 911, 916."""
        catalog, path = self._place(name.database)
        return lookup(catalog, name, path)

    def _place(self, database: str) -> tuple[Catalog, tuple[str, ...]]:
        if not database or database.lower() == self.catalog.database.name.lower():
            catalog, path = self.catalog, self.path
        else:
            catalog, path = self.reach(database)
        self.homes[catalog.database.database_id] = catalog
        return catalog, path

    def _system_view(self, name: Name, schema: str) -> Relation:
        key = (schema, name.object.lower())
        view = SYSTEM_VIEWS.get(key)
        if view is None:
            if key[1] in _REFUSED_VIEWS or key[1].startswith(("dm_", "fn_")):
                raise unsupported(f"{schema}.{name.object}")
            raise sql_error(208, str(name))
        database = self.catalog_of(name).database.name.lower()
        duck = f"{database}__{schema}__{key[1]}"
        self.system[duck] = (database, *key)
        return Relation(sql=quote_name(duck), columns=view.columns, name=Name((database, schema, name.object)))

    def principals(self, view: str) -> Relation:
        """A catalog view of principals with all its rows: SUSER_NAME and its kin name whomever one asks for."""
        database = self.catalog.database.name.lower()
        duck = f"{database}__sys__{ALL_ROWS}{view}"
        self.system[duck] = (database, "sys", ALL_ROWS + view)
        return Relation(sql=quote_name(duck), columns=SYSTEM_VIEWS[("sys", view)].columns, name=Name(("sys", view)))

    def bulk_rows(self, rows: BulkRows) -> tuple[str, FormatFile]:
        """The DuckDB name of a data file's rows, and what its format file says of them."""
        if self.read_file is None:
            raise unsupported("OPENROWSET with FORMATFILE here")
        described = parse_format_file(self.read_file(rows.format_path), rows.format_path)
        duck = f"pymlsql_file_{next(_FILES)}"
        self.files[duck] = BulkUse(rows, described)
        return duck, described

    def sequence(self, name: Name) -> tuple[int, SqlType]:
        found = self.find(name)
        if found is None:
            raise sql_error(208, str(name))
        if not isinstance(found, Sequence):
            raise sql_error(11726, str(name))
        return found.object_id, found.type

    def table_function(self, name: Name) -> Relation:
        found = self.find(name)
        if not isinstance(found, Module) or found.kind != "IF":
            if len(name.parts) == 1:
                raise unsupported(f"table-valued function {name.object}")
            raise sql_error(208, str(name))
        return Relation(query=found.query, parameters=found.parameters, name=self._full_name(found),
                        object_id=found.object_id, database_id=found.database_id, used=self._use(found))  # fmt: skip


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
                       keeps_references(c.type) and not c.virtual, c.computed if c.virtual else "", c.hidden,
                       c.user_type)
        for c in table.columns
    )
    name = Name((table.name,)) if table.temporary else Name((table.schema, table.name))
    return Relation(sql=table.sql, columns=columns, name=name, object_id=table.object_id, used=used,
                    database_id=table.database_id,
                    indexes=frozenset(key.name.lower() for key in table.keys))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """A compilation, the system views and tables (by their DuckDB names) it reads, and what it asks rights for."""

    compiled: Compiled
    system: Mapping[str, SystemUse]
    tables: frozenset[str] = frozenset()
    uses: tuple[Use, ...] = ()
    files: Mapping[str, BulkUse] = field(default_factory=dict, hash=False)
    pace: Pace = field(default_factory=Pace, compare=False, repr=False)

    @property
    def registers(self) -> bool:
        """Whether its rows are given to DuckDB for each run anew, so that DuckDB cannot keep what it has prepared."""
        return bool(self.system or self.files)


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
                if len(self._plans) > self._size // 2:
                    self._plans.move_to_end(key)
                return plan
        made = make()
        if isinstance(made, Plan) and made.files:
            return made  # a format file may have changed
        with self._lock:
            self._plans[key] = made
            if len(self._plans) > self._size:
                self._plans.popitem(last=False)
        return made


def variable_types(variables: Mapping[str, SqlType]) -> tuple[tuple[str, SqlType], ...]:
    return tuple(sorted(variables.items()))
