"""A catalog made by hand, with one of everything, and what system views show of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from pymlsql.embedded.engine.catalog import (
    Catalog,
    Check,
    Default,
    ForeignKey,
    Key,
    Module,
    Schema,
    Table,
    TableColumn,
    ViewColumn,
    new_catalog,
)
from pymlsql.embedded.engine.database_entries import Database
from pymlsql.embedded.engine.system_views import SYSTEM_VIEWS, SessionRow, SystemState, arrow_table
from pymlsql.embedded.tsql.nodes import ModuleParameter
from pymlsql.embedded.tsql.types import BIT, DATETIME, FLOAT, INT, MAX, decimal, nvarchar, varbinary, varchar

PARENT, CHILD, HEAP, VIEW, PROCEDURE, FUNCTION = 1001, 1101, 1201, 1301, 1401, 1501
PARENT_PK, PARENT_UQ, PARENT_CK, PARENT_DF, CHILD_PK, CHILD_FK = 1002, 1003, 1004, 1005, 1102, 1103

VIEW_TEXT = "CREATE VIEW ml.both_of_them WITH SCHEMABINDING AS SELECT id, parent FROM dbo.child"
PROCEDURE_TEXT = "CREATE PROCEDURE dbo.Predict @machine_id int = NULL, @n nvarchar(max) OUTPUT AS SELECT 1"
FUNCTION_TEXT = "CREATE FUNCTION dbo.FeaturesFor (@since datetime) RETURNS TABLE AS RETURN SELECT 1 AS one"


def parent() -> Table:
    """dbo.Parent: a clustered key of two columns, a unique one, a default, a check; column 3 was dropped once."""
    return Table(
        PARENT, "dbo", "Parent",
        (
            TableColumn("a", INT, False, 1, identity=(10, 5)),
            TableColumn("b", nvarchar(30), False, 2),
            TableColumn("c", decimal(9, 2), True, 4, default=Default(PARENT_DF, "DF__Parent__c", "1.5", True)),
            TableColumn("d", DATETIME, False, 5),
            TableColumn("e", varbinary(MAX), True, 6),
            TableColumn("f", FLOAT, True, 7),
            TableColumn("g", BIT, False, 8),
            TableColumn("h", varchar(20), True, 9, collation="Latin1_General_BIN2", binary=True),
        ),
        (
            Key(PARENT_PK, 1, "PK_Parent", "pk", (("b", False), ("a", True)), clustered=True),
            Key(PARENT_UQ, 2, "UQ_Parent", "unique", (("a", False),)),
            Key(0, 3, "IX_Parent", "index", (("d", True),), unique=False, included=("g", "c"), where="f IS NOT NULL"),
        ),
        (Check(PARENT_CK, "CK_Parent", "F > 0 AND len(b) > 1", "f"),),
        created="2024-05-06T07:08:09.123", modified="2024-05-07T00:00:00.000", max_column_id=9,
    )  # fmt: skip


def child() -> Table:
    return Table(
        CHILD, "dbo", "child",
        (TableColumn("id", INT, False, 1), TableColumn("parent", INT, True, 2)),
        (Key(CHILD_PK, 2, "PK_child", "pk", (("id", False),), named_by_system=True),),
        foreign_keys=(ForeignKey(CHILD_FK, "FK_child_Parent", ("parent",), PARENT, ("a",)),),
    )  # fmt: skip


def catalog() -> Catalog:
    """Schemas dbo and ml; two tables with keys, a heap, a view, a procedure, an inline function."""
    made = new_catalog().with_schema(Schema(5, "ml"))
    heap = Table(HEAP, "ml", "heap", (TableColumn("x", INT, True, 1),))
    view_columns = (ViewColumn("id", INT, False), ViewColumn("parent", INT))
    view = Module(VIEW, "ml", "both_of_them", "V", VIEW_TEXT, columns=view_columns)
    procedure = Module(PROCEDURE, "dbo", "Predict", "P", PROCEDURE_TEXT,
                       parameters=(ModuleParameter("@machine_id", INT),
                                   ModuleParameter("@n", nvarchar(MAX), output=True)))  # fmt: skip
    function = Module(FUNCTION, "dbo", "FeaturesFor", "IF", FUNCTION_TEXT, columns=(ViewColumn("one", INT, False),),
                      parameters=(ModuleParameter("@since", DATETIME),), quoted_identifier=False)  # fmt: skip
    for found in (parent(), child(), heap, view, procedure, function):
        made = made.with_object(found)
    return made


LOGIN_TIME = dt.datetime(2024, 6, 1, 12, 30)
SESSIONS = (
    SessionRow(51, "sa", "laptop", "pytest", "running", LOGIN_TIME, encrypted=True),
    SessionRow(52, "sa", "other", "sqlcmd", "sleeping", LOGIN_TIME, isolation=5, open_transactions=1),
)


def state(**changes: Any) -> SystemState:
    """The state that session 51 sees, with ``changes``."""
    made = SystemState(
        catalog=catalog(), database="pymlsql", database_id=5,
        databases=(Database(1, "master"), Database(2, "tempdb"), Database(4, "msdb"),
                   Database(5, "pymlsql", level=150)),
        spid=51, login="sa", host="laptop", application="pytest", isolation=4, sessions=SESSIONS,
        configurations={"external scripts enabled": (1, 0), "max server memory (mb)": (2147483647, 2147483647)},
    )  # fmt: skip
    return replace(made, **changes)


def rows(view_name: str, /, *wanted: str, of: SystemState | None = None, **where: object) -> list[tuple[object, ...]]:
    """The ``wanted`` columns of the rows of ``schema.view`` where columns have the given values, through Arrow."""
    schema, view = view_name.lower().split(".")
    table = arrow_table(SYSTEM_VIEWS[schema, view], of or state())
    return [
        tuple(row[column] for column in wanted)
        for row in table.to_pylist()
        if all(row[column] == value for column, value in where.items())
    ]
