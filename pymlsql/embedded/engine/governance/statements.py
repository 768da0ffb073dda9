"""CREATE, ALTER and DROP of external pools and workload groups, and ALTER RESOURCE GOVERNOR.

What is declared is in force after ALTER RESOURCE GOVERNOR RECONFIGURE, and after the next start of the server.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.governance.classifier import find_classifier
from pymlsql.embedded.engine.governance.entries import (
    FIRST_ID,
    MAX_POOLS,
    ExternalPool,
    GovernorSettings,
    WorkloadGroup,
    declared,
    in_force,
)
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.rights import SERVER_SECURABLE
from pymlsql.embedded.engine.selection import changing, done
from pymlsql.embedded.tsql.governance_nodes import ExternalPoolStatement, GovernorStatement, WorkloadGroupStatement
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name, Statement

if TYPE_CHECKING:
    from pymlsql.embedded.engine.catalog import Entry
    from pymlsql.embedded.engine.session import Session

_NO_TABLE = Name(("",))


def _begin(session: Session, what: str) -> None:
    """Raises 574 in a transaction, 10901 without the right."""
    if session.trancount:
        raise sql_error(574, what)
    if not may(session, "CONTROL SERVER", SERVER_SECURABLE):
        raise sql_error(10901)


def _keep(session: Session, entry: Entry, *, gone: bool = False) -> None:
    catalog = session.user_catalog
    with changing(session, _NO_TABLE):
        if gone:
            session.set_catalog(catalog.without_entries(entry), [], gone=[entry])
        else:
            session.set_catalog(catalog.with_entries(entry), [entry])


def _finish(session: Session, frame: Frame) -> None:
    session.last_error = 0
    done(session, frame)


# Pools ------------------------------------------------------------------------------------------------------------


def change_pool(session: Session, frame: Frame, statement: ExternalPoolStatement) -> None:
    """Raises 574, 10901, 10909, 10911, 10912, 10914, 10916, 10918; 40510 for processors that are not there."""
    _begin(session, f"{statement.action} EXTERNAL RESOURCE POOL")
    with session.store.statement():
        now = declared(session.user_catalog)
        found = now.pool(statement.name)
        if statement.action == "CREATE":
            _check_new_name("resource pool", statement.name, taken=found is not None)
            if len(now.pools) >= MAX_POOLS:
                raise sql_error(10909, MAX_POOLS)
            numbers = [pool.pool_id for pool in now.pools]
            _keep(session, _with_options(ExternalPool(max([FIRST_ID - 1, *numbers]) + 1, statement.name), statement))
        elif found is None:
            raise sql_error(10911, statement.name)
        elif statement.action == "ALTER":
            _keep(session, _with_options(replace(found, version=found.version + 1), statement))
        else:
            if found.pool_id < FIRST_ID:
                raise sql_error(10912, "resource pools")
            user = next((group for group in now.groups if group.external_pool.lower() == found.key.lower()), None)
            if user is not None:
                raise sql_error(10916, found.name, user.name)
            _keep(session, found, gone=True)
    _finish(session, frame)


def _check_new_name(what: str, name: str, *, taken: bool) -> None:
    if name.startswith("#"):
        raise sql_error(10914, what, name)
    if taken:
        raise sql_error(10918, what, name)


def _with_options(pool: ExternalPool, statement: ExternalPoolStatement) -> ExternalPool:
    cpus = pool.cpus if statement.cpus is None else statement.cpus
    there = os.sched_getaffinity(0)
    missing = [cpu for cpu in cpus if cpu not in there]
    if missing:
        raise unsupported(f"AFFINITY CPU = {missing[0]}, a processor that this server may not use", line=statement.line)
    limits = dict(statement.limits)
    return replace(
        pool,
        cpus=cpus,
        max_cpu_percent=limits.get("MAX_CPU_PERCENT", pool.max_cpu_percent),
        max_memory_percent=limits.get("MAX_MEMORY_PERCENT", pool.max_memory_percent),
        max_processes=limits.get("MAX_PROCESSES", pool.max_processes),
    )


# Groups -----------------------------------------------------------------------------------------------------------


def change_group(session: Session, frame: Frame, statement: WorkloadGroupStatement) -> None:
    """Raises 574, 10901, 10911, 10912, 10914, 10915, 10918, 15151."""
    _begin(session, f"{statement.action} WORKLOAD GROUP")
    with session.store.statement():
        now = declared(session.user_catalog)
        found = now.group(statement.name)
        if statement.pool and statement.pool.lower() != "default":
            raise sql_error(10911, statement.pool)
        external = now.pool(statement.external_pool) if statement.external_pool else None
        if statement.external_pool and external is None:
            raise sql_error(10911, statement.external_pool)
        if statement.action == "CREATE":
            _check_new_name("workload group", statement.name, taken=found is not None)
            numbers = [group.group_id for group in now.groups]
            name = external.name if external else "default"
            _keep(session, WorkloadGroup(max([FIRST_ID - 1, *numbers]) + 1, statement.name, name))
        elif found is None:
            raise sql_error(15151, statement.action.lower(), "workload group", statement.name)
        elif statement.action == "ALTER":
            if found.name == "internal":
                raise sql_error(10915, found.name, "workload group")
            _keep(session, replace(found, external_pool=external.name if external else found.external_pool))
        else:
            if found.group_id < FIRST_ID:
                raise sql_error(10912, "workload groups")
            _keep(session, found, gone=True)
    _finish(session, frame)


# The governor -----------------------------------------------------------------------------------------------------


def _settings(session: Session) -> GovernorSettings:
    return session.user_catalog.entry(GovernorSettings, "") or GovernorSettings()


def change_governor(session: Session, frame: Frame, statement: GovernorStatement) -> None:
    """Raises 574, 10901, 10902, 10906."""
    _begin(session, "ALTER RESOURCE GOVERNOR")
    governor = session.engine.governor
    if statement.action == "CLASSIFIER":
        number = 0 if statement.classifier is None else find_classifier(session, statement.classifier)
        _keep(session, replace(_settings(session), classifier=number))
    elif statement.action == "RESET STATISTICS":
        governor.reset_statistics()
    else:
        _keep(session, replace(_settings(session), enabled=statement.action == "RECONFIGURE"))
        governor.configure(in_force(declared(session.user_catalog)))
    _finish(session, frame)


GOVERNANCE_HANDLERS: dict[type[Statement], Callable[[Session, Frame, Any], None]] = {
    ExternalPoolStatement: change_pool,
    WorkloadGroupStatement: change_group,
    GovernorStatement: change_governor,
}
"""What carries out each statement of the family."""
