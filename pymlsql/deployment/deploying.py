"""Modules into the database: created or altered, recorded in ml.deployments, granted and signed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pymlsql import pinning
from pymlsql.deployment import applying, planning, types
from pymlsql.errors import DeploymentError
from pymlsql.modules import Module

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def deploy(connection: Connection, modules: Sequence[Module], *, sign: bool = True,
           trusted: Iterable[bytes] | None = None) -> list[planning.Step]:  # fmt: skip
    """Deploy modules that belong to no project, as those of schema ml, which each upgrade brings; the steps done.

    What somebody has edited is replaced, and recorded as it was. All in the caller's transaction: give it one, and it
    is all or none. Raises DeploymentError for what cannot be replaced.

    `trusted` are the public keys that procedures which load models pin; None keeps those that the database trusts.
    """
    modules = pinned(modules, read_trusted(connection) if trusted is None else trusted)
    steps = planning.compare(connection, modules, sign=sign)
    for step in steps:
        if step.is_final:
            raise DeploymentError(f"{step.conflict}.")
        if step.changes:
            applying.carry_out(connection, None, step, sign=sign)
    types.drop_replaced(connection, (step.name for step in steps if step.replaces))
    return steps


def read_trusted(connection: Connection) -> frozenset[bytes]:
    """The public keys that the database trusts: those in the text of ml.CheckModel."""
    text = applying.read_definition(connection, pinning.AUTHORITY)
    return frozenset() if text is None else pinning.pinned(text)


def pinned(modules: Sequence[Module], keys: Iterable[bytes]) -> tuple[Module, ...]:
    """Modules with the public keys that they trust."""
    keys = tuple(keys)
    return tuple(dataclasses.replace(module, text=pinning.pin(module.text, keys)) for module in modules)
