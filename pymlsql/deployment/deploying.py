"""Modules into the database: created or altered, recorded in ml.deployments, granted and signed."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pymlsql import __version__, pinning, signing
from pymlsql.deployment.script import signings
from pymlsql.errors import DeclarationError
from pymlsql.modules import KEPT, Deployment, Module

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


def deploy(connection: Connection, modules: Sequence[Module], *, sign: bool = True,
           trusted: Iterable[bytes] | None = None) -> list[Deployment]:  # fmt: skip
    """Create or alter modules in order, each in its own batch, and record in ml.deployments those that changed.

    SQL Server keeps another text than it is sent (CREATE OR ALTER becomes CREATE), so what is compared and recorded is
    what sys.sql_modules shows before and after. An ALTER takes a procedure's signature, so signing comes last, and each
    time. All in the caller's transaction: give it one, and it is all or none.

    `trusted` are the public keys that procedures which load models pin; None keeps those that the database trusts.
    """
    modules = pinned(modules, read_trusted(connection) if trusted is None else trusted)
    deployed = [_deploy(connection, module) for module in modules]
    for module in modules:
        if module.grants:
            connection.exec_driver_sql(module.grants)
    for found in signings(modules) if sign else ():
        signing.sign(connection, found)
    return deployed


_DEFINITION = "SELECT definition FROM sys.sql_modules WHERE object_id = OBJECT_ID(?)"

_RECORD = (
    "INSERT INTO ml.deployments (object_name, object_type, definition_sha256, definition, former_definition,"
    " package_version) VALUES (?, ?, ?, ?, ?, ?)"
)


def read_trusted(connection: Connection) -> frozenset[bytes]:
    """The public keys that the database trusts: those in the text of ml.CheckModel."""
    text = connection.exec_driver_sql(_DEFINITION, (pinning.AUTHORITY,)).scalar()
    return frozenset() if text is None else pinning.pinned(text)


def pinned(modules: Sequence[Module], keys: Iterable[bytes]) -> tuple[Module, ...]:
    """Modules with the public keys that they trust."""
    keys = tuple(keys)
    return tuple(dataclasses.replace(module, text=pinning.pin(module.text, keys)) for module in modules)


def _deploy(connection: Connection, module: Module) -> Deployment:
    connection.exec_driver_sql("SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON;")
    if module.type in KEPT:
        return _create(connection, module)
    former = connection.exec_driver_sql(_DEFINITION, (module.name,)).scalar()
    connection.exec_driver_sql(module.text)
    stored = connection.exec_driver_sql(_DEFINITION, (module.name,)).scalar()
    if stored is None:
        raise DeclarationError(f"{module.name} was deployed, but this login may not see it: grant VIEW DEFINITION.")
    if stored == former:
        return Deployment(module.name, module.type, changed=False)
    for extra in module.extras:
        connection.exec_driver_sql(extra)
    sha256 = hashlib.sha256(stored.encode("utf-16-le")).digest()
    connection.exec_driver_sql(_RECORD, (module.name, module.type, sha256, stored, former, __version__))
    return Deployment(module.name, module.type, changed=True)


def _create(connection: Connection, module: Module) -> Deployment:
    find = "SELECT TYPE_ID(?)" if module.type == "type" else "SELECT OBJECT_ID(?)"
    if connection.exec_driver_sql(find, (module.name,)).scalar() is not None:
        return Deployment(module.name, module.type, changed=False)
    connection.exec_driver_sql(module.text)
    return Deployment(module.name, module.type, changed=True)
