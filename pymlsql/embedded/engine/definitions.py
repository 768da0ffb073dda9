"""What carries out CREATE, ALTER and DROP of tables, indexes, schemas, modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine import alteration, databases, ddl, indexes, modules, sequences, transfer
from pymlsql.embedded.tsql import database_statements, nodes, sequence_nodes

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

DEFINITIONS: dict[type[nodes.Statement], Callable[[Session, Any], None]] = {
    nodes.CreateTable: ddl.create_table, nodes.AlterTable: alteration.alter_table,
    nodes.CreateIndex: indexes.create_index, nodes.DropIndex: indexes.drop_index,
    nodes.AlterIndex: indexes.alter_index, nodes.CreateSchema: ddl.create_schema, nodes.Drop: ddl.drop,
    nodes.CreateModule: modules.create_module, sequence_nodes.CreateSequence: sequences.create_sequence,
    sequence_nodes.AlterSequence: sequences.alter_sequence, nodes.TransferObject: transfer.transfer,
    database_statements.CreateDatabase: databases.create_database,
    database_statements.AlterDatabase: databases.alter_database,
    database_statements.DropDatabase: databases.drop_database,
}  # fmt: skip
"""What carries out each statement."""
