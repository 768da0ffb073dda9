"""The views that list the system's own objects beside the user's: sys.all_objects, sys.system_views and their like."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping

from pymlsql.embedded.engine.catalog import SYSTEM_SCHEMAS
from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, view
from pymlsql.embedded.engine.system_views.objects import OBJECT, TYPES, VIEWS, module_facts, object_facts
from pymlsql.embedded.engine.system_views.relations import COLUMNS, column_fact, column_facts
from pymlsql.embedded.engine.system_views.state import SystemState

SYSTEM_PROCEDURES = {
    "sp_addextendedproperty": "P ", "sp_dropextendedproperty": "P ", "sp_updateextendedproperty": "P ",
    "sp_rename": "P ", "sp_helpindex": "P ", "sp_pkeys": "P ", "sp_fkeys": "P ", "sp_databases": "P ",
    "sp_columns": "P ", "sp_columns_100": "P ", "sp_statistics": "P ", "sp_statistics_100": "P ",
    "sp_special_columns": "P ", "sp_special_columns_100": "P ", "sp_sproc_columns": "P ", "sp_sproc_columns_100": "P ",
    "sp_stored_procedures": "P ", "sp_addrolemember": "P ", "sp_droprolemember": "P ",
    "sp_configure": "P ", "sp_datatype_info": "P ", "sp_datatype_info_100": "P ",
    "sp_describe_undeclared_parameters": "X ", "sp_execute": "X ", "sp_execute_external_script": "X ",
    "sp_executesql": "X ", "sp_getapplock": "P ", "sp_help": "P ", "sp_helpconstraint": "P ",
    "sp_helptext": "P ", "sp_prepare": "X ", "sp_prepexec": "X ",
    "sp_releaseapplock": "P ", "sp_sequence_get_range": "X ", "sp_tables": "P ", "sp_unprepare": "X ",
}  # fmt: skip
"""System procedures by name, and their types in sys.all_objects: P procedure, X extended procedure."""

_Facts = Callable[[SystemState], Iterator[Fact]]
_Known = Mapping[tuple[str, str], SystemView]


class _Shown(Mapping[tuple[str, str], SystemView]):
    """The views without those that are our own, whose names have a $."""

    def __init__(self, everything: _Known) -> None:
        self._everything = everything

    def __getitem__(self, key: tuple[str, str]) -> SystemView:
        return self._everything[key]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return (key for key in self._everything if "$" not in key[1])

    def __len__(self) -> int:
        return sum(1 for _ in self)


def system_object_id(schema: str, name: str) -> int:
    """A negative number that depends on the name alone, so that it outlives restarts and new views."""
    return -1 - (zlib.crc32(f"{schema}.{name}".lower().encode()) & 0x3FFFFFFF)


def _system_object(state: SystemState, schema: str, name: str, type_: str) -> Fact:
    return {
        "name": name, "object_id": system_object_id(schema, name), "schema_id": _SCHEMA_IDS[schema], "type": type_,
        "type_desc": TYPES[type_], "create_date": state.created, "modify_date": state.created, "is_ms_shipped": True,
    }  # fmt: skip


_SCHEMA_IDS = {name.lower(): number for name, number in SYSTEM_SCHEMAS.items()}


def _system_views(known: _Known, state: SystemState) -> Iterator[Fact]:
    for (schema, key), found in known.items():
        if not key.startswith("fn_"):
            yield _system_object(state, schema, found.name, "V ")


def _system_objects(known: _Known, state: SystemState) -> Iterator[Fact]:
    yield from _system_views(known, state)
    for schema, key in known:
        if key.startswith("fn_"):
            yield _system_object(state, schema, key, "IF")
    for name, type_ in SYSTEM_PROCEDURES.items():
        yield _system_object(state, "sys", name, type_)


def _system_columns(known: _Known) -> Iterator[Fact]:
    for (schema, key), found in known.items():
        object_id = system_object_id(schema, key)
        for number, column in enumerate(found.columns, 1):
            yield column_fact(object_id, number, column.name, column.type, column.nullable)


def views_of_the_system(everything: _Known) -> dict[str, SystemView]:
    """The views over ``everything``, which is read when they are: it may hold them too."""
    known = _Shown(everything)

    def both(own: _Facts, system: _Facts) -> _Facts:
        def facts(state: SystemState) -> Iterator[Fact]:
            yield from own(state)
            yield from system(state)

        return facts

    return {
        "system_views": view(VIEWS, lambda state: _system_views(known, state)),
        "system_objects": view(OBJECT, lambda state: _system_objects(known, state)),
        "system_columns": view(COLUMNS, lambda state: _system_columns(known)),
        "all_views": view(VIEWS, both(lambda s: module_facts(s, "V"), lambda s: _system_views(known, s))),
        "all_objects": view(OBJECT, both(object_facts, lambda s: _system_objects(known, s))),
        "all_columns": view(COLUMNS, both(column_facts, lambda s: _system_columns(known))),
    }
