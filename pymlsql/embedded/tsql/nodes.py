"""The procedural tree of a batch: what the statement parser makes and the engine carries out."""

from __future__ import annotations

from dataclasses import dataclass, field

from pymlsql.embedded.tsql.call_nodes import Argument as Argument
from pymlsql.embedded.tsql.call_nodes import Execute as Execute
from pymlsql.embedded.tsql.call_nodes import ResultColumn as ResultColumn
from pymlsql.embedded.tsql.change_nodes import Assignment as Assignment
from pymlsql.embedded.tsql.change_nodes import Delete as Delete
from pymlsql.embedded.tsql.change_nodes import Insert as Insert
from pymlsql.embedded.tsql.change_nodes import Merge as Merge
from pymlsql.embedded.tsql.change_nodes import Output as Output
from pymlsql.embedded.tsql.change_nodes import Update as Update
from pymlsql.embedded.tsql.slices import Name as Name
from pymlsql.embedded.tsql.slices import Statement as Statement
from pymlsql.embedded.tsql.slices import Text as Text
from pymlsql.embedded.tsql.table_nodes import ColumnDefinition as ColumnDefinition
from pymlsql.embedded.tsql.table_nodes import Constraint as Constraint
from pymlsql.embedded.tsql.table_nodes import IndexDefinition as IndexDefinition
from pymlsql.embedded.tsql.table_nodes import TableDefinition as TableDefinition
from pymlsql.embedded.tsql.table_nodes import Versioning as Versioning
from pymlsql.embedded.tsql.types import SqlType

# Flow -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block(Statement):
    """BEGIN ... END."""

    body: tuple[Statement, ...]


class DropIndexes(Block):
    """DROP INDEX of several."""


@dataclass(frozen=True, slots=True)
class If(Statement):
    """IF ... ELSE."""

    condition: Text
    then: Statement
    otherwise: Statement | None = None


@dataclass(frozen=True, slots=True)
class While(Statement):
    """WHILE."""

    condition: Text
    body: Statement


@dataclass(frozen=True, slots=True)
class TryCatch(Statement):
    """BEGIN TRY ... END TRY BEGIN CATCH ... END CATCH."""

    body: tuple[Statement, ...]
    catch: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Break(Statement):
    """BREAK."""


@dataclass(frozen=True, slots=True)
class Continue(Statement):
    """CONTINUE."""


@dataclass(frozen=True, slots=True)
class Return(Statement):
    """RETURN, in a procedure with a value."""

    value: Text | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a DECLARE: of a type, or a table."""

    name: str
    type: SqlType | None
    value: Text | None = None
    table: TableDefinition | None = None


@dataclass(frozen=True, slots=True)
class Declare(Statement):
    """DECLARE of one or more variables."""

    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class SetVariable(Statement):
    """SET @name operator value; operator is = or a compound one."""

    name: str
    operator: str
    value: Text


@dataclass(frozen=True, slots=True)
class SetOption(Statement):
    """SET NOCOUNT ON and its like; ``value`` is the rest as upper-cased words, or a variable's name."""

    options: tuple[str, ...]
    value: str
    target: Name | None = None


@dataclass(frozen=True, slots=True)
class SetContextInfo(Statement):
    """SET CONTEXT_INFO."""

    value: Text


@dataclass(frozen=True, slots=True)
class Print(Statement):
    """PRINT."""

    value: Text


@dataclass(frozen=True, slots=True)
class Throw(Statement):
    """THROW: number, message and state, or none to throw again."""

    arguments: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class RaiseError(Statement):
    """RAISERROR: message, severity, state and what is put into the message."""

    arguments: tuple[Text, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WaitFor(Statement):
    """WAITFOR DELAY, or with ``until`` WAITFOR TIME."""

    delay: Text
    until: bool = False


@dataclass(frozen=True, slots=True)
class Use(Statement):
    """USE."""

    database: str


@dataclass(frozen=True, slots=True)
class Transaction(Statement):
    """``action`` is begin, commit, rollback or save; ``name`` a name or a variable."""

    action: str
    name: str = ""


# Data -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Select(Statement):
    """A query; ``assignments`` are (variable, operator, expression) of SELECT @x = ..., the query then has their
    expressions as its columns."""

    query: Text
    assignments: tuple[tuple[str, str], ...] = ()
    values: tuple[Text, ...] = ()
    """What the assignments assign."""
    is_plain: bool = False
    """Whether a SELECT of assignments has nothing but them."""
    into: Name | None = None


@dataclass(frozen=True, slots=True)
class Truncate(Statement):
    """TRUNCATE TABLE."""

    target: Name


# Definitions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateTable(Statement):
    """CREATE TABLE."""

    name: Name
    definition: TableDefinition
    versioning: Versioning | None = None


@dataclass(frozen=True, slots=True)
class AlterTable(Statement):
    """``action``: add, drop_constraint, drop_column, alter_column (with ``names`` ADD or DROP and a property), check,
    check_trusted (WITH CHECK), nocheck (no ``names``: ALL), versioning, drop_period, nothing; drop_several, which is
    its ``parts`` in their order."""

    name: Name
    action: str
    definition: TableDefinition | None = None
    names: tuple[str, ...] = ()
    if_exists: bool = False
    versioning: Versioning | None = None
    parts: tuple[AlterTable, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateIndex(Statement):
    """CREATE INDEX."""

    table: Name
    index: IndexDefinition
    replacing: bool = False
    """WITH (DROP_EXISTING = ON)."""


@dataclass(frozen=True, slots=True)
class AlterIndex(Statement):
    """ALTER INDEX; ``name`` is "" for ALL, ``action`` rebuild, reorganize, disable or set."""

    name: str
    table: Name
    action: str


@dataclass(frozen=True, slots=True)
class DropIndex(Statement):
    """DROP INDEX."""

    name: str
    table: Name
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class TransferObject(Statement):
    """ALTER SCHEMA schema TRANSFER name."""

    schema: str
    name: Name


@dataclass(frozen=True, slots=True)
class CreateSchema(Statement):
    """CREATE SCHEMA."""

    name: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Drop(Statement):
    """DROP TABLE | VIEW | PROCEDURE | FUNCTION | SCHEMA; ``kind`` is that word."""

    kind: str
    names: tuple[Name, ...]
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class ModuleParameter:
    """A parameter of a procedure or function."""

    name: str
    type: SqlType
    default: Text | None = None
    output: bool = False
    readonly: bool = False
    user_type: int = 0
    """The id of its type where that is no system type; ``type`` is then what it is an alias of, or a table type."""


@dataclass(frozen=True, slots=True)
class CreateModule(Statement):
    """CREATE [OR ALTER] or ALTER of a VIEW, PROCEDURE or FUNCTION; ``text`` is the statement as written.

    ``action`` is create, alter or create_or_alter. Views and inline functions have a ``query``; procedures a ``body``;
    scalar functions a ``body`` and ``returns``.
    """

    kind: str
    action: str
    name: Name
    text: str
    parameters: tuple[ModuleParameter, ...] = ()
    columns: tuple[str, ...] = ()
    query: Text | None = None
    body: tuple[Statement, ...] = ()
    returns: SqlType | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """A parsed batch."""

    statements: tuple[Statement, ...] = field(default=())
