"""Sequences: CREATE and ALTER SEQUENCE, sp_sequence_get_range.

Source: "CREATE SEQUENCE (Transact-SQL)", "Sequence numbers", "sp_sequence_get_range" of sql-docs.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pymlsql.embedded.engine.answers import require
from pymlsql.embedded.engine.catalog import Module, Sequence, now_text
from pymlsql.embedded.engine.names import lookup
from pymlsql.embedded.engine.security.enforcement import check_object, denied, may_object, may_schema
from pymlsql.embedded.tsql import sequence_nodes as nodes
from pymlsql.embedded.tsql.dialect import parse_constraint
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.types import BIGINT, SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.frame import Frame
    from pymlsql.embedded.engine.procedures import Actual
    from pymlsql.embedded.engine.session import Session

_BOUNDS = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1),
           "bigint": (-(2**63), 2**63 - 1)}  # fmt: skip


def create_sequence(session: Session, statement: nodes.CreateSequence) -> None:
    """CREATE SEQUENCE. Raises 2714, 2760, 11700 to 11708."""
    from pymlsql.embedded.engine.ddl import schema_of

    schema = schema_of(session, statement.name)
    if not may_schema(session, "CREATE SEQUENCE", schema.name):
        raise sql_error(2760, schema.name)
    name = statement.name.object
    if session.catalog.find(schema.name, name) or session.catalog.constraint_owner(schema.name, name):
        raise sql_error(2714, name)
    type_ = statement.type or BIGINT
    low, high = _type_bounds(name, type_)
    given = statement.options
    increment = _number(given.get("increment", 1), "INCREMENT BY", low, high, signed=True)
    minimum = _bound(given.get("minimum"), "MINVALUE", low, low, high)
    maximum = _bound(given.get("maximum"), "MAXVALUE", high, low, high)
    start = _bound(given.get("start"), "START WITH", minimum if increment >= 0 else maximum, low, high)
    catalog, number = session.catalog.allocate()
    made = Sequence(number, schema.name, name, "SO", "", created=now_text(), modified=now_text(), type=type_,
                    start=start, increment=increment, minimum=minimum, maximum=maximum,
                    cycling=bool(given.get("cycle")), cache=_cache(name, given), counter=number)  # fmt: skip
    _check(made)
    with session.store.statement():
        session.set_catalog(catalog.with_object(made), [made])


def _type_bounds(name: str, type_: SqlType) -> tuple[int, int]:
    if type_.name in _BOUNDS:
        return _BOUNDS[type_.name]
    if type_.name == "decimal" and type_.scale == 0:
        limit = 10**type_.precision - 1
        return -limit, limit
    raise sql_error(11702, name)


def _number(value: int | bool | None, argument: str, low: int, high: int, *, signed: bool = False) -> int:
    number = int(value or 0)
    least = -high if signed else low
    if not min(low, least) <= number <= high:
        raise sql_error(11708, argument)
    return number


def _bound(value: int | bool | None, argument: str, default: int, low: int, high: int) -> int:
    return default if value is None else _number(value, argument, low, high)


def _cache(name: str, given: Any) -> int | None:
    """CACHE n, 0 for NO CACHE, None for a size that the server chooses."""
    value = given.get("cache")
    if value is False:
        return 0
    if value is not None and int(value) <= 0:
        raise sql_error(11706, name)
    return None if value is None else int(value)


def _check(sequence: Sequence) -> None:
    name = sequence.name
    if sequence.increment == 0:
        raise sql_error(11700, name)
    if sequence.minimum >= sequence.maximum:
        raise sql_error(11705, name)
    if abs(sequence.increment) > sequence.maximum - sequence.minimum:
        raise sql_error(11701, name)
    if not sequence.minimum <= sequence.start <= sequence.maximum:
        raise sql_error(11703, name)


def found_sequence(session: Session, statement: nodes.SequenceStatement) -> Sequence:
    """The sequence a statement names. Raises 208, 11726, 3701."""
    found = lookup(session.catalog, statement.name, session.path())
    if found is None:
        raise sql_error(15151, "alter", "sequence object", statement.name.object)
    if not isinstance(found, Sequence):
        raise sql_error(11726, statement.name)
    if not may_object(session, "ALTER", found):
        raise denied(15151, "alter", "sequence object", statement.name.object)
    return found


def alter_sequence(session: Session, statement: nodes.AlterSequence) -> None:
    """ALTER SEQUENCE: what is not given stays as it is. Raises 11700 to 11708, 15151."""
    found, given = found_sequence(session, statement), statement.options
    low, high = _type_bounds(found.name, found.type)
    changed = found
    if "increment" in given:
        changed = replace(changed, increment=_number(given["increment"], "INCREMENT BY", low, high, signed=True))
    if "minimum" in given:
        changed = replace(changed, minimum=_bound(given["minimum"], "MINVALUE", low, low, high))
    if "maximum" in given:
        changed = replace(changed, maximum=_bound(given["maximum"], "MAXVALUE", high, low, high))
    if "cycle" in given:
        changed = replace(changed, cycling=bool(given["cycle"]))
    if "cache" in given:
        changed = replace(changed, cache=_cache(found.name, given))
    catalog = session.catalog
    if "restart" in given:
        start = _bound(given["restart"], "RESTART WITH", changed.start, low, high)
        catalog, counter = catalog.allocate()
        changed = replace(changed, start=start, counter=counter)
    _check(changed)
    last = session.engine.identities.last_number(changed.counter)
    if last is not None and not changed.minimum <= last <= changed.maximum:
        raise sql_error(11704, last, found.name)
    changed = replace(changed, modified=now_text())
    with session.store.statement():
        session.set_catalog(catalog.with_object(changed), [changed])


def refuse_used(session: Session, found: Module) -> None:
    """Raises 3729 for a sequence that a default asks."""
    for table in session.catalog.tables():
        for column in table.columns:
            if column.default is None or "next" not in column.default.text.lower():
                continue
            for node in parse_constraint(column.default.text).find_all(exp.NextValueFor):
                schema = node.this.args.get("table")
                if node.this.name.lower() == found.name.lower() and (
                        (schema.name if schema is not None else "dbo").lower() == found.schema.lower()):  # fmt: skip
                    raise sql_error(3729, "DROP SEQUENCE", f"{found.schema}.{found.name}", column.default.name)


# sp_sequence_get_range --------------------------------------------------------------------------------------------


def sp_sequence_get_range(session: Session, frame: Frame, actuals: list[Actual], line: int) -> int:
    """Numbers of a sequence as a range. Raises 201, 208, 11726, 11732, 11733."""
    from pymlsql.embedded.engine.runtime import find_object

    names = ("@sequence_name", "@range_size", "@range_first_value", "@range_last_value", "@range_cycle_count",
             "@sequence_increment", "@sequence_min_value", "@sequence_max_value")  # fmt: skip
    require(actuals, "sp_sequence_get_range", *names[:3], line=line)
    given = {(a.name.lower() or names[place]): a for place, a in enumerate(actuals)}
    name = given.get("@sequence_name")
    found = find_object(session, str(name.value)) if name is not None else None
    if found is None:
        raise sql_error(208, name.value if name is not None else "", line=line)
    if not isinstance(found, Sequence):
        raise sql_error(11726, found.name, line=line)
    if not session.identity.rights.unlimited:
        check_object(session, "UPDATE", found)
    size = int(given["@range_size"].value) if "@range_size" in given else 0
    if size <= 0:
        raise sql_error(11733, "@range_size", line=line)
    numbers = session.engine.sequences.take_range(found, size)
    wraps = sum(1 for a, b in itertools.pairwise(numbers) if b != a + found.increment)
    values = {"@range_first_value": numbers[0], "@range_last_value": numbers[-1], "@range_cycle_count": wraps,
              "@sequence_increment": found.increment, "@sequence_min_value": found.minimum,
              "@sequence_max_value": found.maximum}  # fmt: skip
    for parameter, value in values.items():
        actual = given.get(parameter)
        if actual is not None and actual.target is not None:
            from pymlsql.embedded.engine.procedures import convert_value

            actual.target.value = convert_value(session, value, BIGINT, actual.target.type)
    return 0

