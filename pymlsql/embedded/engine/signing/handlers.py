"""The statements of certificates, signatures and contexts, as batches carry them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security.functions import NAMED_SECURABLES
from pymlsql.embedded.engine.security.grants import SECURABLES
from pymlsql.embedded.engine.security.statements import USER_SOURCES
from pymlsql.embedded.engine.selection import changing, done
from pymlsql.embedded.engine.signing.certificates import alter_certificate, create_certificate, drop_certificate
from pymlsql.embedded.engine.signing.impersonation import execute_as, revert
from pymlsql.embedded.engine.signing.masterkey import create_master_key, drop_master_key
from pymlsql.embedded.engine.signing.securables import SIGNING_NAMES, SIGNING_SECURABLES
from pymlsql.embedded.engine.signing.signatures import add_signature, drop_signature
from pymlsql.embedded.engine.signing.users import SIGNING_USER_SOURCES
from pymlsql.embedded.tsql import signing_nodes as nodes
from pymlsql.embedded.tsql.nodes import Statement
from pymlsql.embedded.tsql.slices import Name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_NO_TABLE = Name(("",))


def _defines(function: Callable[[Session, Any], None]) -> Callable[[Session, Frame, Any], None]:
    """A definition: part of the transaction, and refused in a doomed one."""

    def execute(session: Session, frame: Frame, statement: Statement) -> None:
        with changing(session, _NO_TABLE):
            function(session, statement)
        _end(session, frame)

    return execute


def _switches(function: Callable[[Session, Frame, Any], None]) -> Callable[[Session, Frame, Any], None]:
    """A statement about the session's context, which belongs to no transaction."""

    def execute(session: Session, frame: Frame, statement: Statement) -> None:
        function(session, frame, statement)
        _end(session, frame)

    return execute


def _end(session: Session, frame: Frame) -> None:
    session.last_error = 0
    done(session, frame)


SECURABLES.update(SIGNING_SECURABLES)
NAMED_SECURABLES.update(SIGNING_NAMES)
USER_SOURCES.update(SIGNING_USER_SOURCES)

SIGNING_HANDLERS: dict[type[Statement], Callable[[Session, Frame, Any], None]] = {
    nodes.CreateCertificate: _defines(create_certificate), nodes.AlterCertificate: _defines(alter_certificate),
    nodes.DropCertificate: _defines(drop_certificate), nodes.CreateMasterKey: _defines(create_master_key),
    nodes.DropMasterKey: _defines(drop_master_key), nodes.AddSignature: _defines(add_signature),
    nodes.DropSignature: _defines(drop_signature), nodes.ExecuteAs: _switches(execute_as),
    nodes.Revert: _switches(revert),
}  # fmt: skip
