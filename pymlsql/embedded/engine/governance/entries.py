"""External resource pools, workload groups and the governor's settings as the catalog keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pymlsql.embedded.engine.catalog import Catalog, stored

FIRST_ID = 256
"""The first number of pools and groups that users make."""

MAX_POOLS = 64
"""External pools at most, the predefined one included."""


@stored
@dataclass(frozen=True, slots=True)
class ExternalPool:
    """An external resource pool; ``cpus`` are the processors its processes may use, () for all.

    No limit of processes is 0. The defaults are those of SQL Server's own pool.
    """

    kind: ClassVar[str] = "external_resource_pool"
    of_server: ClassVar[bool] = True

    pool_id: int
    name: str
    max_cpu_percent: int = 100
    max_memory_percent: int = 20
    max_processes: int = 0
    cpus: tuple[int, ...] = ()
    version: int = 1

    @property
    def key(self) -> str:
        """Its name, which no other external pool has."""
        return self.name


@stored
@dataclass(frozen=True, slots=True)
class WorkloadGroup:
    """A workload group: ``external_pool`` is the pool of its sessions' scripts."""

    kind: ClassVar[str] = "workload_group"
    of_server: ClassVar[bool] = True

    group_id: int
    name: str
    external_pool: str = "default"

    @property
    def key(self) -> str:
        """Its name, which no other group has."""
        return self.name


@stored
@dataclass(frozen=True, slots=True)
class GovernorSettings:
    """Whether Resource Governor is enabled, and the object id of its classifier (0: none)."""

    kind: ClassVar[str] = "resource_governor"
    of_server: ClassVar[bool] = True

    enabled: bool = False
    classifier: int = 0

    @property
    def key(self) -> str:
        """There is one."""
        return ""


DEFAULT_POOL = ExternalPool(2, "default")
DEFAULT_GROUP = WorkloadGroup(2, "default")
INTERNAL_GROUP = WorkloadGroup(1, "internal")


@dataclass(frozen=True)
class Configuration:
    """All of it at one moment: as it was declared, or as it is in force."""

    enabled: bool
    pools: tuple[ExternalPool, ...]
    groups: tuple[WorkloadGroup, ...]
    classifier: int = 0

    def pool(self, name: str) -> ExternalPool | None:
        """The external pool of this name, in any case."""
        return next((pool for pool in self.pools if pool.name.lower() == name.lower()), None)

    def group(self, name: str) -> WorkloadGroup | None:
        """The group of this name, in any case."""
        return next((group for group in self.groups if group.name.lower() == name.lower()), None)

    def pool_of(self, group: str) -> ExternalPool:
        """The external pool that limits the scripts of a group's sessions."""
        found = self.group(group)
        return (self.pool(found.external_pool) if found else None) or self.pools[0]


def declared(catalog: Catalog) -> Configuration:
    """The configuration that a catalog declares; what is predefined is there without an entry."""
    settings = catalog.entry(GovernorSettings, "") or GovernorSettings()
    pools = sorted(catalog.entries(ExternalPool), key=lambda pool: pool.pool_id)
    groups = sorted(catalog.entries(WorkloadGroup), key=lambda group: group.group_id)
    default_pool = catalog.entry(ExternalPool, "default") or DEFAULT_POOL
    default_group = catalog.entry(WorkloadGroup, "default") or DEFAULT_GROUP
    own_pools = [pool for pool in pools if pool.pool_id >= FIRST_ID]
    own_groups = [group for group in groups if group.group_id >= FIRST_ID]
    return Configuration(settings.enabled, (default_pool, *own_pools), (default_group, INTERNAL_GROUP, *own_groups),
                         settings.classifier)  # fmt: skip


def in_force(configuration: Configuration) -> Configuration:
    """What limits scripts: while Resource Governor is disabled, the predefined pool with its default settings."""
    if configuration.enabled:
        return configuration
    return Configuration(False, (DEFAULT_POOL,), (DEFAULT_GROUP, INTERNAL_GROUP))


__all__ = ["DEFAULT_GROUP", "DEFAULT_POOL", "FIRST_ID", "MAX_POOLS", "Configuration", "ExternalPool",
           "GovernorSettings", "WorkloadGroup", "declared", "in_force"]  # fmt: skip
