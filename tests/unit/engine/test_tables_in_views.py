"""Columns, types, indexes and constraints in sys.*, against what sql-docs says of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pymlsql.embedded.engine.catalog import Key, Table, TableColumn, new_catalog
from pymlsql.embedded.engine.system_views import (
    TYPE_IDS,
    object_id_of_system_view,
)
from pymlsql.embedded.tsql.types import INT, MAX, SqlType, decimal, nvarchar, varbinary, varchar
from tests.unit.engine.catalogs import (
    CHILD,
    CHILD_FK,
    FUNCTION,
    HEAP,
    PARENT,
    PARENT_DF,
    PARENT_PK,
    PROCEDURE,
    VIEW,
    catalog,
    parent,
    rows,
    state,
)

COLLATION = "SQL_Latin1_General_CP1_CI_AS"

# Columns and types -------------------------------------------------------------------------------------------------


def test_columns_are_measured_in_bytes_and_keep_their_ids() -> None:
    shown = rows("sys.columns", "name", "column_id", "system_type_id", "max_length", "precision", "scale",
                 "is_nullable", "is_identity", "default_object_id", object_id=PARENT)  # fmt: skip
    assert shown == [
        ("a", 1, 56, 4, 10, 0, False, True, 0), ("b", 2, 231, 60, 0, 0, False, False, 0),
        ("c", 4, 106, 5, 9, 2, True, False, PARENT_DF), ("d", 5, 61, 8, 23, 3, False, False, 0),
        ("e", 6, 165, -1, 0, 0, True, False, 0), ("f", 7, 62, 8, 53, 0, True, False, 0),
        ("g", 8, 104, 1, 1, 0, False, False, 0), ("h", 9, 167, 20, 0, 0, True, False, 0),
    ]  # fmt: skip


def test_strings_have_a_collation_and_nothing_else_has() -> None:
    shown = dict(rows("sys.columns", "name", "collation_name", object_id=PARENT))
    assert shown == {**dict.fromkeys("acdefg"), "b": COLLATION, "h": "Latin1_General_BIN2"}


def test_views_and_inline_functions_have_columns() -> None:
    assert rows("sys.columns", "name", "column_id", "is_nullable", object_id=VIEW) == [
        ("id", 1, False), ("parent", 2, True)]  # fmt: skip
    assert rows("sys.columns", "name", object_id=FUNCTION) == [("one",)]
    assert rows("sys.columns", "name", object_id=PROCEDURE) == []


def test_columns_of_system_views_are_in_all_columns() -> None:
    number = object_id_of_system_view("sys", "schemas")
    assert rows("sys.all_columns", "name", "column_id", object_id=number) == [
        ("name", 1), ("schema_id", 2), ("principal_id", 3)]  # fmt: skip
    assert rows("sys.system_columns", "name", object_id=number) == [("name",), ("schema_id",), ("principal_id",)]


def test_identity_columns_tell_seed_increment_and_last_value() -> None:
    wanted = ("name", "seed_value", "increment_value", "last_value", "is_identity")
    assert rows("sys.identity_columns", *wanted) == [("a", "10", "5", None, True)]
    used = state(identity_values={PARENT: 25})
    assert rows("sys.identity_columns", *wanted, of=used) == [("a", "10", "5", "25", True)]


# name: system_type_id, max_length, precision, scale; then INFORMATION_SCHEMA's character length, octets, precision,
# radix, scale, fraction.
SIZES = [
    (SqlType("bit"), (104, 1, 1, 0), (None, None, None, None, None, None)),
    (SqlType("tinyint"), (48, 1, 3, 0), (None, None, 3, 10, 0, None)),
    (SqlType("smallint"), (52, 2, 5, 0), (None, None, 5, 10, 0, None)),
    (SqlType("bigint"), (127, 8, 19, 0), (None, None, 19, 10, 0, None)),
    (decimal(19, 0), (106, 9, 19, 0), (None, None, 19, 10, 0, None)),
    (decimal(20, 3), (106, 13, 20, 3), (None, None, 20, 10, 3, None)),
    (decimal(38, 10), (106, 17, 38, 10), (None, None, 38, 10, 10, None)),
    (SqlType("money"), (60, 8, 19, 4), (None, None, 19, 10, 4, None)),
    (SqlType("smallmoney"), (122, 4, 10, 4), (None, None, 10, 10, 4, None)),
    (SqlType("float"), (62, 8, 53, 0), (None, None, 53, 2, None, None)),
    (SqlType("real"), (59, 4, 24, 0), (None, None, 24, 2, None, None)),
    (SqlType("date"), (40, 3, 10, 0), (None, None, None, None, None, 0)),
    (SqlType("datetime"), (61, 8, 23, 3), (None, None, None, None, None, 3)),
    (SqlType("smalldatetime"), (58, 4, 16, 0), (None, None, None, None, None, 0)),
    (SqlType("datetime2", scale=0), (42, 6, 19, 0), (None, None, None, None, None, 0)),
    (SqlType("datetime2", scale=3), (42, 7, 23, 3), (None, None, None, None, None, 3)),
    (SqlType("datetime2", scale=7), (42, 8, 27, 7), (None, None, None, None, None, 7)),
    (SqlType("time", scale=2), (41, 3, 11, 2), (None, None, None, None, None, 2)),
    (SqlType("time", scale=7), (41, 5, 16, 7), (None, None, None, None, None, 7)),
    (SqlType("char", length=3), (175, 3, 0, 0), (3, 3, None, None, None, None)),
    (varchar(MAX), (167, -1, 0, 0), (-1, -1, None, None, None, None)),
    (SqlType("nchar", length=3), (239, 6, 0, 0), (3, 6, None, None, None, None)),
    (nvarchar(4000), (231, 8000, 0, 0), (4000, 8000, None, None, None, None)),
    (SqlType("binary", length=32), (173, 32, 0, 0), (32, 32, None, None, None, None)),
    (varbinary(10), (165, 10, 0, 0), (10, 10, None, None, None, None)),
    (SqlType("uniqueidentifier"), (36, 16, 0, 0), (None, None, None, None, None, None)),
]


@pytest.mark.parametrize(("type_", "sizes", "domain"), SIZES, ids=[str(type_) for type_, *_ in SIZES])
def test_types_have_their_sizes(type_: SqlType, sizes: tuple[int, ...], domain: tuple[int | None, ...]) -> None:
    table = Table(HEAP, "dbo", "t", (TableColumn("x", type_, True, 1),))
    of = state(catalog=new_catalog().with_object(table))
    assert rows("sys.columns", "system_type_id", "max_length", "precision", "scale", of=of) == [sizes]
    wanted = ("DATA_TYPE", "CHARACTER_MAXIMUM_LENGTH", "CHARACTER_OCTET_LENGTH", "NUMERIC_PRECISION",
              "NUMERIC_PRECISION_RADIX", "NUMERIC_SCALE", "DATETIME_PRECISION")  # fmt: skip
    assert rows("information_schema.columns", *wanted, of=of) == [(type_.name, *domain)]


def test_each_type_is_found_by_its_id() -> None:
    shown = dict(rows("sys.types", "name", "user_type_id"))
    assert shown == TYPE_IDS
    assert len(set(shown.values())) == len(shown) == 34
    assert (shown["int"], shown["nvarchar"], shown["sysname"], shown["datetime2"]) == (56, 231, 256, 42)
    assert rows("sys.types", "system_type_id", "max_length", "is_nullable", "collation_name", name="sysname") == [
        (231, 256, False, COLLATION)]  # fmt: skip


# Indexes -----------------------------------------------------------------------------------------------------------


def test_a_table_without_clustered_index_is_a_heap() -> None:
    wanted = ("index_id", "name", "type", "type_desc", "is_unique", "is_primary_key", "is_unique_constraint")
    assert rows("sys.indexes", *wanted, object_id=HEAP) == [(0, None, 0, "HEAP", False, False, False)]
    assert rows("sys.indexes", *wanted, object_id=CHILD) == [
        (0, None, 0, "HEAP", False, False, False), (2, "PK_child", 2, "NONCLUSTERED", True, True, False)]  # fmt: skip
    assert rows("sys.indexes", *wanted, object_id=PARENT) == [
        (1, "PK_Parent", 1, "CLUSTERED", True, True, False), (2, "UQ_Parent", 2, "NONCLUSTERED", True, False, True),
        (3, "IX_Parent", 2, "NONCLUSTERED", False, False, False)]  # fmt: skip


def test_a_filtered_index_shows_its_filter() -> None:
    assert rows("sys.indexes", "name", "has_filter", "filter_definition", object_id=PARENT) == [
        ("PK_Parent", False, None), ("UQ_Parent", False, None), ("IX_Parent", True, "([f] IS NOT NULL)")]  # fmt: skip


def test_index_columns_have_key_ordinals_and_included_ones_have_none() -> None:
    shown = rows("sys.index_columns", "index_id", "index_column_id", "column_id", "key_ordinal", "is_descending_key",
                 "is_included_column", object_id=PARENT)  # fmt: skip
    assert shown == [
        (1, 1, 2, 1, False, False), (1, 2, 1, 2, True, False), (2, 1, 1, 1, False, False),
        (3, 1, 5, 1, True, False), (3, 2, 8, 0, False, True), (3, 3, 4, 0, False, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("clustered", "columns_", "type_", "held"),
    [(True, (), (5, "CLUSTERED COLUMNSTORE"), [1, 2]), (False, (("y", False),), (6, "NONCLUSTERED COLUMNSTORE"), [2])],
    ids=["clustered", "nonclustered"],
)
def test_a_columnstore_index_has_no_keys(
    clustered: bool, columns_: tuple[tuple[str, bool], ...], type_: tuple[int, str], held: list[int]
) -> None:
    key = Key(0, 1 if clustered else 2, "CCI", "index", columns_, clustered, unique=False, columnstore=True)
    table = Table(HEAP, "dbo", "t", (TableColumn("x", INT, True, 1), TableColumn("y", INT, True, 2)), (key,))
    of = state(catalog=new_catalog().with_object(table))
    assert rows("sys.indexes", "type", "type_desc", of=of, name="CCI") == [type_]
    shown = rows("sys.index_columns", "column_id", "key_ordinal", "is_included_column", of=of)
    assert shown == [(number, 0, True) for number in held]


def test_partitions_tell_rows_where_they_are_known() -> None:
    shown = rows("sys.partitions", "index_id", "rows", "partition_number", object_id=CHILD)
    assert shown == [(0, None, 1), (2, None, 1)]
    assert rows("sys.partitions", "rows", object_id=PARENT, of=state(row_counts={PARENT: 7})) == [(7,), (7,), (7,)]
    numbers = rows("sys.partitions", "partition_id")
    assert len(set(numbers)) == len(numbers)


# Constraints -------------------------------------------------------------------------------------------------------


def test_constraints_refer_to_their_table_column_and_index() -> None:
    assert rows("sys.key_constraints", "name", "type", "unique_index_id", "is_system_named", "parent_object_id") == [
        ("PK_Parent", "PK", 1, False, PARENT), ("UQ_Parent", "UQ", 2, False, PARENT),
        ("PK_child", "PK", 2, True, CHILD)]  # fmt: skip
    assert rows("sys.check_constraints", "name", "parent_column_id", "definition", "is_disabled") == [
        ("CK_Parent", 7, "([f]>(0) AND len([b])>(1))", False)]  # fmt: skip
    assert rows("sys.default_constraints", "object_id", "parent_column_id", "definition", "is_system_named") == [
        (PARENT_DF, 4, "((1.5))", True)]  # fmt: skip


def test_foreign_keys_refer_to_a_key_and_columns() -> None:
    assert rows("sys.foreign_keys", "name", "parent_object_id", "referenced_object_id", "key_index_id",
                "delete_referential_action_desc", "update_referential_action") == [
        ("FK_child_Parent", CHILD, PARENT, 2, "NO_ACTION", 0)]  # fmt: skip
    assert rows("sys.foreign_key_columns", "constraint_object_id", "constraint_column_id", "parent_object_id",
                "parent_column_id", "referenced_object_id", "referenced_column_id") == [
        (CHILD_FK, 1, CHILD, 2, PARENT, 1)]  # fmt: skip
    assert rows("information_schema.referential_constraints", "CONSTRAINT_NAME", "UNIQUE_CONSTRAINT_SCHEMA",
                "UNIQUE_CONSTRAINT_NAME", "MATCH_OPTION", "UPDATE_RULE", "DELETE_RULE") == [
        ("FK_child_Parent", "dbo", "UQ_Parent", "SIMPLE", "NO ACTION", "NO ACTION")]  # fmt: skip


def test_a_foreign_key_to_a_primary_key_names_that_and_not_a_unique_index_like_it() -> None:
    index, primary = Key(0, 2, "UX", "index", (("a", False),)), Key(PARENT_PK, 3, "PK", "pk", (("A", True),))
    of = state(catalog=catalog().with_object(replace(parent(), keys=(index, primary))))
    assert rows("sys.foreign_keys", "key_index_id", of=of) == [(3,)]
    assert rows("information_schema.referential_constraints", "UNIQUE_CONSTRAINT_NAME", of=of) == [("PK",)]
