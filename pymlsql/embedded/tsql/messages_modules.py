"""Messages of modules, types and cursors: severity and text."""

from __future__ import annotations

MESSAGES_MODULES: dict[int, tuple[int, str]] = {
    181: (15, "Cannot use the OUTPUT option in a DECLARE, CREATE AGGREGATE or CREATE FUNCTION statement."),
    218: (16, "Could not find the type '{}'. Either it does not exist or you do not have the necessary permission."),
    222: (16, "The base type \"{}\" is not a valid base type for the alias data type."),
    346: (15, "The parameter \"{}\" can not be declared READONLY since it is not a table-valued parameter."),
    347: (16, "The table-valued parameter \"{}\" cannot be declared as an OUTPUT parameter."),
    348: (16, "The table variable \"{}\" can not be passed to a stored procedure with the OUTPUT option."),
    352: (15, "The table-valued parameter \"{}\" must be declared with the READONLY option."),
    500: (16, "Trying to pass a table-valued parameter with {} column(s) where the corresponding user-defined table "
          "type requires {} column(s)."),
    557: (16, "Only functions and some extended stored procedures can be executed from within a function."),
    2772: (16, "Cannot access temporary tables from within a function."),
    350: (16, "The column \"{}\" does not have a valid data type. A column cannot be of a user-defined table type."),
    1054: (15, "Syntax '{}' is not allowed in schema-bound objects."),
    3732: (16, "Cannot drop type '{}' because it is being referenced by object '{}'. There may be other objects that "
           "reference this type."),
    1048: (15, "Conflicting cursor options {} and {}."),
    16905: (16, "The cursor is already open."),
    16911: (16, "{}: The fetch type {} cannot be used with forward only cursors."),
    16915: (16, "A cursor with the name '{}' already exists."),
    16916: (16, "A cursor with the name '{}' does not exist."),
    16917: (16, "Cursor is not open."),
    16922: (16, "Cursor Fetch: Implicit conversion from data type {} to {} is not allowed."),
    16924: (16, "Cursorfetch: The number of variables declared in the INTO list must match that of selected columns."),
    4513: (16, "Cannot schema bind {} '{}'. '{}' is not schema bound."),
}  # fmt: skip
