"""What SQLAlchemy's suite may ask: what SQL Server has, less what the embedded server is known to refuse.

The suite's own defaults are meant for a database of few features; ``OPENED`` is what SQL Server has beyond them, and
``CLOSED`` says why each other one is left out. Neither leaves out what is answered wrongly.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.testing import exclusions
from sqlalchemy.testing.requirements import SuiteRequirements

_REASONS = {
    "datetime counts in steps of 1/300 s": "datetime_microseconds",
    "varchar holds the characters of one code page": "unicode_data_no_special_types",
    "ORDER BY has no place in a query in brackets": """
        order_by_col_from_union parens_in_union_contained_select_w_limit_offset""",
    "SQL Server has no such thing": """
        aggregate_order_by array_type boolean_col_expressions create_or_replace_view create_table_as
        create_temp_table_as ctes_with_values datetime_interval datetime_timezone_historic deferrable_fks
        fetch_no_order_by fetch_offset_with_options fk_constraint_option_reflection_ondelete_restrict
        fk_constraint_option_reflection_onupdate_restrict foreign_keys_reflect_as_index identity_columns_standard
        indexes_with_expressions infinity_floats materialized_views materialized_views_reflect_pk nullsordering
        order_by_label_with_expression reflect_indexes_with_ascdesc_as_expression reflect_indexes_with_expressions
        reflect_tables_no_columns regexp_match regexp_replace repeated_column_foreign_keys
        repeated_remote_col_foreign_keys supports_distinct_on temporary_views time_timezone tuple_in
        unique_index_reflect_as_unique_constraints window_range window_range_non_numeric window_range_numeric""",
    "another name or form of it in SQL Server": """
        computed_columns_default_persisted index_ddl_if_exists mod_operator_as_percent_sign table_ddl_if_exists
        timestamp_microseconds timestamp_microseconds_implicit_bound uuid_data_type""",
    "SQLAlchemy's dialect for SQL Server does not do it": """
        async_dialect check_constraint_reflection constraint_comment_reflection datetime_literals dbapi_lastrowid
        default_schema_name_switch emulated_lastrowid emulated_lastrowid_even_with_sequences
        float_or_double_precision_behaves_generically implicit_default_schema inline_check_constraint_reflection
        json_deserializer_binary legacy_unconditional_json_extract non_updating_cascade reflect_table_options
        skip_autocommit_rollback temp_table_comment_reflection temp_table_names two_phase_transactions
        unique_constraint_reflection""",
    "the suite makes ##temp tables on SQL Server, which are refused with Msg 40510": """
        has_temp_table temp_table_reflection""",
    "<< and >> are refused with Msg 40510": "supports_bitwise_shift",
}
CLOSED = {name: reason for reason, names in _REASONS.items() for name in names.split()}
OPENED = """
    autocommit binary_literals column_collation_reflection comment_reflection comment_reflection_full_unicode
    computed_columns computed_columns_reflect_persisted computed_columns_stored computed_columns_virtual
    cross_schema_fk_reflection ctes ctes_on_dml ctes_with_update_delete date_historic datetime_historic
    datetime_timezone delete_from empty_strings_text except_ expression_server_defaults
    expressions_against_unbounded_text fetch_expression fetch_first fetch_percent fetch_ties
    fk_constraint_option_reflection_ondelete_noaction foreign_key_constraint_name_reflection
    foreign_key_constraint_option_reflection_ondelete foreign_key_constraint_option_reflection_onupdate
    get_isolation_level_values identity_columns implicitly_named_constraints index_reflects_included_columns
    indexes_check_column_order indexes_with_ascdesc intersect isolation_level json_type nested_aggregates
    nvarchar_types on_update_cascade percent_schema_names precision_numerics_enotation_small
    precision_numerics_many_significant_digits precision_numerics_retains_significant_digits recursive_fk_cascade
    reflect_indexes_with_ascdesc reflects_pk_names savepoints schema_create_delete schema_reflection schemas sequences
    server_defaults standalone_null_binds_whereclause supports_bitwise_and supports_bitwise_not supports_bitwise_or
    supports_bitwise_xor supports_is_distinct_from table_value_constructor time_microseconds unbounded_varchar
    unicode_ddl unique_constraints_reflect_as_index unusual_column_name_characters update_from
    update_where_target_in_subquery view_column_reflection view_reflection views window_functions
""".split()


class Requirements(SuiteRequirements):
    """SuiteRequirements with the two tables above."""


def _fixed(reason: str | None) -> Any:
    if reason is None:
        return property(lambda self: exclusions.open())
    return property(lambda self: exclusions.skip_if(lambda config: True, reason))


for _name in OPENED:
    assert hasattr(SuiteRequirements, _name), _name
    setattr(Requirements, _name, _fixed(None))
for _name, _reason in CLOSED.items():
    assert hasattr(SuiteRequirements, _name), _name
    setattr(Requirements, _name, _fixed(_reason))


def closed_without_reason() -> list[str]:
    """What the suite's defaults close and no table says why."""
    found = []
    for name in dir(SuiteRequirements):
        if isinstance(getattr(SuiteRequirements, name), property) and name not in {*CLOSED, *OPENED}:
            skips = getattr(getattr(Requirements(), name), "skips", ())
            if isinstance(skips, set | tuple | list) and any("marked as skip" in str(vars(one)) for one in skips):
                found.append(name)
    return found
