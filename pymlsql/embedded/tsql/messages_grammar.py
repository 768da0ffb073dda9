"""Messages of what the grammar itself forbids: severity and text."""

from __future__ import annotations

MESSAGES_GRAMMAR: dict[int, tuple[int, str]] = {
    166: (15, "'{}' does not allow specifying the database name as a prefix to the object name."),
    179: (15, "Cannot use the OUTPUT option when passing a constant to a stored procedure."),
    181: (15, "Cannot use the OUTPUT option in a DECLARE, CREATE AGGREGATE or CREATE FUNCTION statement."),
    199: (15, "An INSERT statement cannot contain a SELECT statement that assigns values to a variable."),
    319: (15, "Incorrect syntax near the keyword 'with'. If this statement is a common table expression, an "
              "xmlnamespaces clause or a change tracking context clause, the previous statement must be terminated "
              "with a semicolon."),
    324: (15, "The 'ALL' version of the {} operator is not supported."),
}  # fmt: skip
