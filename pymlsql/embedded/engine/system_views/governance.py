"""Resource Governor's catalog views and dynamic management views, and sys.dm_external_script_requests.

Columns are those of SQL Server 2019; source: sql-docs. What nobody measures here is 0 where the column admits no NULL.
The pool and groups of the database engine itself are the predefined ones: only external pools are governed.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymlsql.embedded.engine.governance.entries import Configuration, declared
from pymlsql.embedded.engine.system_views.declaration import Fact, Facts, SystemView, columns, empty, view
from pymlsql.embedded.engine.system_views.state import SystemState

EXTERNAL_POOLS = columns("""
    external_pool_id int, name sysname, max_cpu_percent int, max_memory_percent int, max_processes int,
    version bigint""")

DM_EXTERNAL_POOLS = columns("""
    external_pool_id int, name sysname, pool_version int, max_cpu_percent int, max_processes int,
    max_memory_percent int, statistics_start_time datetime, peak_memory_kb bigint, write_io_count int=0,
    read_io_count int=0, total_cpu_kernel_ms bigint=0, total_cpu_user_ms bigint=0, active_processes_count int""")

AFFINITY = columns("external_pool_id int, processor_group smallint=0, cpu_mask bigint")

CONFIGURATION = columns("classifier_function_id int=0, is_enabled bit, max_outstanding_io_per_volume int=0")

DM_CONFIGURATION = columns("""
    classifier_function_id int=0, is_reconfiguration_pending bit, max_outstanding_io_per_volume int=0""")

POOLS = columns("""
    pool_id int, name sysname, min_cpu_percent int=0, max_cpu_percent int=100, min_memory_percent int=0,
    max_memory_percent int=100, cap_cpu_percent int=100, min_iops_per_volume int=0, max_iops_per_volume int=0""")

GROUPS = columns("""
    group_id int, name sysname, importance nvarchar(128)=Medium, request_max_memory_grant_percent int=25,
    request_max_cpu_time_sec int=0, request_memory_grant_timeout_sec int=0, max_dop int=0, group_max_requests int=0,
    pool_id int, external_pool_id int, request_max_memory_grant_percent_numeric float=25""")

DM_GROUPS = columns("""
    group_id int, name sysname, pool_id int, external_pool_id int, statistics_start_time datetime,
    total_request_count bigint=0, total_queued_request_count bigint=0, active_request_count int=0,
    queued_request_count int=0, total_cpu_limit_violation_count bigint=0, total_cpu_usage_ms bigint=0,
    max_request_cpu_time_ms bigint=0, blocked_task_count int=0, total_lock_wait_count bigint=0,
    total_lock_wait_time_ms bigint=0, total_query_optimization_count bigint=0,
    total_suboptimal_plan_generation_count bigint=0, total_reduced_memgrant_count bigint=0,
    max_request_grant_memory_kb bigint=0, active_parallel_thread_count bigint=0, importance sysname=Medium,
    request_max_memory_grant_percent int=25, request_max_cpu_time_sec int=0,
    request_memory_grant_timeout_sec int=0, group_max_requests int=0, max_dop int=0, effective_max_dop int=0""")

SCRIPT_REQUESTS = columns("""
    external_script_request_id uniqueidentifier, language nvarchar(128), degree_of_parallelism int=1,
    external_user_name nvarchar(256)""")

SCRIPT_STATISTICS = columns("language nvarchar(128), counter_name nvarchar(128), counter_value bigint")

_POOL_NUMBERS = {"default": 2, "internal": 1}


def _in_force(state: SystemState) -> Configuration:
    return state.governor.configuration if state.governor is not None else declared(state.server_catalog)


def _external_pools(state: SystemState) -> Iterator[Fact]:
    for pool in declared(state.server_catalog).pools:
        yield {"external_pool_id": pool.pool_id, "name": pool.name, "max_cpu_percent": pool.max_cpu_percent,
               "max_memory_percent": pool.max_memory_percent, "max_processes": pool.max_processes,
               "version": pool.version}  # fmt: skip


def _dm_external_pools(state: SystemState) -> Iterator[Fact]:
    if state.governor is None:
        return
    for pool in _in_force(state).pools:
        usage = state.governor.usage(pool)
        yield {
            "external_pool_id": pool.pool_id, "name": pool.name, "pool_version": pool.version,
            "max_cpu_percent": pool.max_cpu_percent, "max_processes": pool.max_processes,
            "max_memory_percent": pool.max_memory_percent, "statistics_start_time": state.governor.statistics_began,
            "peak_memory_kb": usage.peak_memory_kb, "active_processes_count": usage.n_active,
        }  # fmt: skip


def _affinity(state: SystemState) -> Iterator[Fact]:
    """A row for a pool that is bound to processors; AUTO has none."""
    for pool in _in_force(state).pools:
        if pool.cpus:
            yield {"external_pool_id": pool.pool_id, "cpu_mask": sum(1 << cpu for cpu in pool.cpus if cpu < 63)}


def _configuration(state: SystemState) -> Iterator[Fact]:
    found = declared(state.server_catalog)
    yield {"is_enabled": found.enabled, "classifier_function_id": found.classifier}


def _dm_configuration(state: SystemState) -> Iterator[Fact]:
    wanted, now = declared(state.server_catalog), _in_force(state)
    pending = wanted.enabled and wanted != now
    yield {"is_reconfiguration_pending": pending, "classifier_function_id": now.classifier}


def _pools(state: SystemState) -> Iterator[Fact]:
    for name, number in sorted(_POOL_NUMBERS.items(), key=lambda item: item[1]):
        yield {"pool_id": number, "name": name}


def _groups_of(configuration: Configuration) -> Iterator[Fact]:
    for group in sorted(configuration.groups, key=lambda group: group.group_id):
        yield {"group_id": group.group_id, "name": group.name, "pool_id": _POOL_NUMBERS.get(group.name, 2),
               "external_pool_id": configuration.pool_of(group.name).pool_id}  # fmt: skip


def _groups(state: SystemState) -> Iterator[Fact]:
    yield from _groups_of(declared(state.server_catalog))


def _dm_groups(state: SystemState) -> Iterator[Fact]:
    began = state.governor.statistics_began if state.governor is not None else state.created
    for group in _groups_of(_in_force(state)):
        yield {**group, "statistics_start_time": began}


def _script_requests(state: SystemState) -> Iterator[Fact]:
    for grant in state.governor.running() if state.governor is not None else ():
        yield {"external_script_request_id": grant.request_id, "language": grant.language,
               "degree_of_parallelism": max(1, len(grant.processes)), "external_user_name": grant.user}  # fmt: skip


def _to_administrators(facts: Facts) -> Facts:
    """The catalog views ask for VIEW ANY DEFINITION; who does not hold it sees no row."""
    return lambda state: facts(state) if state.sight.server_definitions() else ()


GOVERNANCE_VIEWS: dict[str, SystemView] = {
    "resource_governor_external_resource_pools": view(EXTERNAL_POOLS, _to_administrators(_external_pools)),
    "dm_resource_governor_external_resource_pools": view(DM_EXTERNAL_POOLS, _dm_external_pools),
    "dm_resource_governor_external_resource_pool_affinity": view(AFFINITY, _affinity),
    "resource_governor_configuration": view(CONFIGURATION, _to_administrators(_configuration)),
    "dm_resource_governor_configuration": view(DM_CONFIGURATION, _dm_configuration),
    "resource_governor_resource_pools": view(POOLS, _to_administrators(_pools)),
    "resource_governor_workload_groups": view(GROUPS, _to_administrators(_groups)),
    "dm_resource_governor_workload_groups": view(DM_GROUPS, _dm_groups),
    "dm_external_script_requests": view(SCRIPT_REQUESTS, _script_requests),
    "dm_external_script_execution_stats": empty(SCRIPT_STATISTICS),
}
