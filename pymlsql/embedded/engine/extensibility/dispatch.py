"""What carries out the statements about external languages and libraries."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.extensibility.languages import alter_language, create_language, drop_language
from pymlsql.embedded.engine.extensibility.libraries import alter_library, create_library, drop_library
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.tsql import extensibility_nodes as nodes
from pymlsql.embedded.tsql.nodes import Statement

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

EXTENSIBILITY_HANDLERS: dict[type[Statement], Callable[[Session, Frame, Any], None]] = {
    nodes.CreateLanguage: create_language, nodes.AlterLanguage: alter_language, nodes.DropLanguage: drop_language,
    nodes.CreateLibrary: create_library, nodes.AlterLibrary: alter_library, nodes.DropLibrary: drop_library,
}  # fmt: skip
"""What carries out each statement of the family."""
