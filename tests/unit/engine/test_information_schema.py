"""INFORMATION_SCHEMA against what sql-docs says of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pymlsql.embedded.engine.catalog import Module
from tests.unit.engine.catalogs import (
    PROCEDURE_TEXT,
    VIEW,
    VIEW_TEXT,
    catalog,
    rows,
    state,
)

COLLATION = "SQL_Latin1_General_CP1_CI_AS"

def test_tables_and_views_are_listed_with_catalog_and_schema() -> None:
    assert rows("information_schema.tables", "TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE") == [
        ("pymlsql", "dbo", "Parent", "BASE TABLE"), ("pymlsql", "dbo", "child", "BASE TABLE"),
        ("pymlsql", "ml", "heap", "BASE TABLE"), ("pymlsql", "ml", "both_of_them", "VIEW")]  # fmt: skip


def test_columns_show_defaults_and_character_sets() -> None:
    shown = rows("information_schema.columns", "COLUMN_NAME", "ORDINAL_POSITION", "COLUMN_DEFAULT", "IS_NULLABLE",
                 "CHARACTER_SET_NAME", "COLLATION_NAME", TABLE_NAME="Parent")  # fmt: skip
    assert shown[1:3] == [("b", 2, None, "NO", "UNICODE", COLLATION), ("c", 4, "((1.5))", "YES", None, None)]
    assert shown[-1] == ("h", 9, None, "YES", "iso_1", "Latin1_General_BIN2")
    assert rows("information_schema.columns", "COLUMN_NAME", TABLE_NAME="FeaturesFor") == []
    assert len(rows("information_schema.columns", "COLUMN_NAME", TABLE_NAME="both_of_them")) == 2


@pytest.mark.parametrize(("n_characters", "shown"), [(4000, True), (4001, False)])
def test_a_view_longer_than_its_column_shows_no_definition(n_characters: int, shown: bool) -> None:
    module = catalog().find("ml", "both_of_them")
    assert isinstance(module, Module)
    text = VIEW_TEXT + " " * (n_characters - len(VIEW_TEXT))
    of = state(catalog=catalog().with_object(replace(module, text=text)))
    wanted = [(text if shown else None, "NO")]
    assert rows("information_schema.views", "VIEW_DEFINITION", "IS_UPDATABLE", of=of) == wanted
    assert rows("sys.sql_modules", "definition", object_id=VIEW, of=of) == [(text,)]


def test_routines_are_procedures_and_functions() -> None:
    assert rows("information_schema.routines", "ROUTINE_NAME", "ROUTINE_TYPE", "DATA_TYPE", "SQL_DATA_ACCESS",
                "MAX_DYNAMIC_RESULT_SETS", "ROUTINE_DEFINITION")[0] == (
        "Predict", "PROCEDURE", None, "MODIFIES", -1, PROCEDURE_TEXT)  # fmt: skip
    assert rows("information_schema.routines", "ROUTINE_TYPE", "DATA_TYPE", ROUTINE_NAME="FeaturesFor") == [
        ("FUNCTION", "TABLE")]  # fmt: skip
    assert rows("information_schema.parameters", "PARAMETER_NAME", "ORDINAL_POSITION", "PARAMETER_MODE", "DATA_TYPE",
                "CHARACTER_MAXIMUM_LENGTH", "DATETIME_PRECISION") == [
        ("@machine_id", 1, "IN", "int", None, None), ("@n", 2, "INOUT", "nvarchar", -1, None),
        ("@since", 1, "IN", "datetime", None, 3)]  # fmt: skip


def test_constraints_of_the_standard_leave_out_defaults_and_indexes() -> None:
    assert set(rows("information_schema.table_constraints", "TABLE_NAME", "CONSTRAINT_NAME", "CONSTRAINT_TYPE")) == {
        ("Parent", "PK_Parent", "PRIMARY KEY"), ("Parent", "UQ_Parent", "UNIQUE"), ("Parent", "CK_Parent", "CHECK"),
        ("child", "PK_child", "PRIMARY KEY"), ("child", "FK_child_Parent", "FOREIGN KEY")}  # fmt: skip
    assert rows("information_schema.key_column_usage", "CONSTRAINT_NAME", "COLUMN_NAME", "ORDINAL_POSITION") == [
        ("PK_Parent", "b", 1), ("PK_Parent", "a", 2), ("UQ_Parent", "a", 1), ("PK_child", "id", 1),
        ("FK_child_Parent", "parent", 1)]  # fmt: skip
    assert rows("information_schema.check_constraints", "CONSTRAINT_NAME", "CHECK_CLAUSE") == [
        ("CK_Parent", "([f]>(0) AND len([b])>(1))")]  # fmt: skip
    assert set(rows("information_schema.constraint_column_usage", "COLUMN_NAME", CONSTRAINT_NAME="CK_Parent")) == {
        ("b",), ("f",)}  # fmt: skip
    assert rows("information_schema.constraint_column_usage", "TABLE_NAME", "COLUMN_NAME",
                CONSTRAINT_NAME="FK_child_Parent") == [("child", "parent")]  # fmt: skip
