"""EXTERNAL RESOURCE POOL, WORKLOAD GROUP and ALTER RESOURCE GOVERNOR.

Options that nothing here would enforce are refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.governance_nodes import (
    Action,
    ExternalPoolStatement,
    GovernorStatement,
    WorkloadGroupStatement,
)
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name, Statement

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.reader import Reader

_LIMITS = {"MAX_CPU_PERCENT": (1, 100), "MAX_MEMORY_PERCENT": (1, 100), "MAX_PROCESSES": (0, 2**31 - 1)}
_HIGHEST_CPU = 1023


def parse_external_pool(reader: Reader, line: int, action: Action) -> Statement:
    """What follows CREATE, ALTER or DROP EXTERNAL where RESOURCE comes next."""
    reader.expect_word("RESOURCE")
    reader.expect_word("POOL")
    name = _name(reader)
    if action == "DROP":
        return ExternalPoolStatement(line, action, name)
    limits: dict[str, int] = {}
    cpus: tuple[int, ...] | None = None
    if reader.take_word("WITH"):
        reader.expect_op("(")
        while True:
            token = reader.token
            if reader.take_word("AFFINITY") and cpus is None:
                cpus = _affinity(reader)
            elif reader.take_word(*_LIMITS) and token.value not in limits:
                limits[token.value] = _limit(reader, token.value)
            else:
                reader.fail(token)
            if not reader.take_op(","):
                break
        reader.expect_op(")")
        if not limits and cpus is None:
            reader.fail()
    elif action == "ALTER":
        reader.expect_word("WITH")
    return ExternalPoolStatement(line, action, name, tuple(limits.items()), cpus)


def _name(reader: Reader) -> str:
    """A name in brackets, in double quotes or, for default and internal too, without."""
    return reader.next().text if reader.at_word("DEFAULT") else reader.identifier()


def _limit(reader: Reader, option: str) -> int:
    """= n within the option's range. Raises 102, as the range is a matter of the grammar."""
    reader.expect_op("=")
    low, high = _LIMITS[option]
    return _number(reader, low, high)


def _number(reader: Reader, low: int, high: int) -> int:
    token = reader.token
    if token.kind != "number" or not token.text.isdigit() or not low <= int(token.text) <= high:
        raise sql_error(102, token.text, line=token.line)
    reader.next()
    return int(token.text)


def _affinity(reader: Reader) -> tuple[int, ...]:
    if not reader.take_word("CPU"):
        raise unsupported("AFFINITY NUMANODE", line=reader.token.line)
    reader.expect_op("=")
    if reader.take_word("AUTO"):
        return ()
    reader.expect_op("(")
    found: set[int] = set()
    while True:
        first = _number(reader, 0, _HIGHEST_CPU)
        last = _number(reader, first, _HIGHEST_CPU) if reader.take_word("TO") else first
        found.update(range(first, last + 1))
        if not reader.take_op(","):
            break
    reader.expect_op(")")
    return tuple(sorted(found))


def parse_workload_group(reader: Reader, line: int, action: Action) -> Statement:
    """What follows CREATE, ALTER or DROP where WORKLOAD comes next."""
    reader.expect_word("WORKLOAD")
    reader.expect_word("GROUP")
    name = _name(reader)
    if action == "DROP":
        return WorkloadGroupStatement(line, action, name)
    if reader.at_word("WITH"):
        option = reader.peek(2).text if reader.peek().is_op("(") else reader.peek().text
        raise unsupported(f"{action} WORKLOAD GROUP ... WITH ({option} ...)", line=line)
    pool = external = ""
    if reader.take_word("USING"):
        if not reader.at_word("EXTERNAL"):
            pool = _name(reader)
        if not pool or reader.take_op(","):
            reader.expect_word("EXTERNAL")
            external = _name(reader)
    elif action == "ALTER":
        raise sql_error(10917, line=line)
    return WorkloadGroupStatement(line, action, name, pool, external)


def parse_governor(reader: Reader, line: int, action: Action) -> Statement:
    """What follows ALTER where RESOURCE comes next; CREATE, ALTER and DROP RESOURCE POOL are refused."""
    reader.expect_word("RESOURCE")
    if action != "ALTER" or reader.at_word("POOL"):
        raise unsupported(f"{action} RESOURCE POOL", line=line)
    reader.expect_word("GOVERNOR")
    if reader.take_word("RECONFIGURE"):
        return GovernorStatement(line, "RECONFIGURE")
    if reader.take_word("DISABLE"):
        return GovernorStatement(line, "DISABLE")
    if reader.take_word("RESET"):
        reader.expect_word("STATISTICS")
        return GovernorStatement(line, "RESET STATISTICS")
    reader.expect_word("WITH")
    reader.expect_op("(")
    if not reader.take_word("CLASSIFIER_FUNCTION"):
        raise unsupported(f"ALTER RESOURCE GOVERNOR WITH ({reader.token.text} ...)", line=line)
    reader.expect_op("=")
    classifier: Name | None = None if reader.take_word("NULL") else reader.name()
    if classifier is not None and len(classifier.parts) > 2:
        reader.fail()
    reader.expect_op(")")
    return GovernorStatement(line, "CLASSIFIER", classifier)


GOVERNANCE: dict[str, Callable[[Reader, int, Action], Statement]] = {
    "WORKLOAD": parse_workload_group,
    "RESOURCE": parse_governor,
}
"""What reads the statement, by the word after CREATE, ALTER or DROP."""
