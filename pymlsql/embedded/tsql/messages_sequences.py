"""Messages about sequences; texts and severities as in messages.py."""

from __future__ import annotations

MESSAGES_SEQUENCES: dict[int, tuple[int, str]] = {
    11700: (16, "The increment for sequence object '{}' cannot be zero."),
    11701: (16, "The absolute value of the increment for sequence object '{}' must be less than or equal to the "
            "difference between the minimum and maximum value of the sequence object."),
    11702: (16, "The sequence object '{}' must be of data type int, bigint, smallint, tinyint, or decimal or numeric "
            "with a scale of 0, or any user-defined data type that is based on one of the above integer data types."),
    11703: (16, "The start value for sequence object '{}' must be between the minimum and maximum value of the "
            "sequence object."),
    11704: (16, "The current value '{}' for sequence object '{}' must be between the minimum and maximum value of the "
            "sequence object."),
    11705: (16, "The minimum value for sequence object '{}' must be less than its maximum value."),
    11706: (16, "The cache size for sequence object '{}' must be greater than 0."),
    11708: (16, "An invalid value was specified for argument '{}' for the given data type."),
    11709: (15, "The 'RESTART WITH' argument cannot be used in a CREATE SEQUENCE statement."),
    11710: (15, "Argument 'START WITH' cannot be used in an ALTER SEQUENCE statement."),
    11711: (15, "Argument 'AS' cannot be used in an ALTER SEQUENCE statement."),
    11712: (15, "Argument '{}' can not be specified more than once."),
    11714: (15, "Invalid sequence name '{}'."),
    11715: (15, "No properties specified for ALTER SEQUENCE."),
    11716: (15, "NEXT VALUE FOR function does not support the PARTITION BY clause."),
    11717: (15, "NEXT VALUE FOR function does not support the OVER clause in default constraints, UPDATE statements, "
            "or MERGE statements."),
    11718: (15, "NEXT VALUE FOR function does not support an empty OVER clause."),
    11719: (15, "NEXT VALUE FOR function is not allowed in check constraints, default objects, computed columns, "
            "views, user-defined functions, user-defined aggregates, user-defined table types, sub-queries, common "
            "table expressions, derived tables or return statements."),
    11720: (15, "NEXT VALUE FOR function is not allowed in the TOP, OVER, OUTPUT, ON, WHERE, GROUP BY, HAVING, or "
            "ORDER BY clauses."),
    11721: (15, "NEXT VALUE FOR function cannot be used directly in a statement that uses a DISTINCT, UNION, UNION "
            "ALL, EXCEPT or INTERSECT operator."),
    11723: (15, "NEXT VALUE FOR function cannot be used directly in a statement that contains an ORDER BY clause "
            "unless the OVER clause is specified."),
    11724: (15, "An expression that contains a NEXT VALUE FOR function cannot be passed as an argument to a "
            "table-valued function."),
    11725: (15, "An expression that contains a NEXT VALUE FOR function cannot be passed as an argument to an "
            "aggregate."),
    11726: (16, "Object '{}' is not a sequence object."),
    11727: (16, "NEXT VALUE FOR functions for a given sequence object must have exactly the same OVER clause "
            "definition."),
    11728: (16, "The sequence object '{}' has reached its minimum or maximum value. Restart the sequence object to "
            "allow new values to be generated."),
    11730: (16, "Database name cannot be specified for the sequence object in default constraints."),
    11732: (16, "The requested range for sequence object '{}' exceeds the maximum or minimum limit. Retry with a "
            "smaller range."),
    11733: (16, "Parameter '{}' must be a positive integer."),
    11738: (16, "The use of NEXT VALUE FOR function is not allowed in this context."),
    11739: (16, "NEXT VALUE FOR function cannot be used if ROWCOUNT option has been set, or the query contains TOP or "
            "OFFSET."),
    11741: (16, "NEXT VALUE FOR function cannot be used within CASE, CHOOSE, COALESCE, IIF, ISNULL and NULLIF."),
}  # fmt: skip
