"""Statements of Resource Governor, as the parser makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pymlsql.embedded.tsql.nodes import Name, Statement

Action = Literal["CREATE", "ALTER", "DROP"]


@dataclass(frozen=True, slots=True)
class ExternalPoolStatement(Statement):
    """CREATE, ALTER or DROP EXTERNAL RESOURCE POOL; ``cpus`` is None where AFFINITY is not named, () for AUTO."""

    action: Action
    name: str
    limits: tuple[tuple[str, int], ...] = ()
    cpus: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class WorkloadGroupStatement(Statement):
    """CREATE, ALTER or DROP WORKLOAD GROUP; a pool that is not named is ""."""

    action: Action
    name: str
    pool: str = ""
    external_pool: str = ""


@dataclass(frozen=True, slots=True)
class GovernorStatement(Statement):
    """ALTER RESOURCE GOVERNOR; with the action CLASSIFIER None is CLASSIFIER_FUNCTION = NULL."""

    action: Literal["RECONFIGURE", "DISABLE", "RESET STATISTICS", "CLASSIFIER"]
    classifier: Name | None = None
