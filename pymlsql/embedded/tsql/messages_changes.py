"""Messages of INSERT, UPDATE, DELETE and MERGE: severity and text."""

from __future__ import annotations

MESSAGES_CHANGES: dict[int, tuple[int, str]] = {
    158: (15, "An aggregate may not appear in the OUTPUT clause."),
    258: (15, "Cannot call methods on {}."),
    330: (15, "The target '{}' of the OUTPUT INTO clause cannot be a view or common table expression."),
    332: (15, "The target table '{}' of the OUTPUT INTO clause cannot be on either side of a (primary key, foreign "
              "key) relationship. Found reference constraint '{}'."),
    333: (15, "The target table '{}' of the OUTPUT INTO clause cannot have any enabled check constraints or any "
              "enabled rules. Found check constraint or rule '{}'."),
    339: (16, "DEFAULT or NULL are not allowed as explicit identity values."),
    1014: (15, "A TOP or FETCH clause contains an invalid value."),
    1065: (15, "The NOLOCK and READUNCOMMITTED lock hints are not allowed for target tables of INSERT, UPDATE, "
               "DELETE or MERGE statements."),
    4403: (16, "Cannot update the view or function '{}' because it contains aggregates, or a DISTINCT or GROUP BY "
               "clause, or PIVOT or UNPIVOT operator."),
    4405: (16, "View or function '{}' is not updatable because the modification affects multiple base tables."),
    4406: (16, "Update or insert of view or function '{}' failed because it contains a derived or constant field."),
    4417: (16, "Derived table '{}' is not updatable because the definition contains a UNION operator."),
    4418: (16, "Derived table '{}' is not updatable because it contains aggregates, or a DISTINCT or GROUP BY "
               "clause, or PIVOT or UNPIVOT operator."),
    4420: (16, "Derived table '{}' is not updatable because the modification affects multiple base tables."),
    4421: (16, "Derived table '{}' is not updatable because a column of the derived table is derived or constant."),
    4426: (16, "View '{}' is not updatable because the definition contains a UNION operator."),
    5318: (16, "In a MERGE statement, the source and target cannot have the same name or alias. Use different "
               "aliases for the source and target to ensure that they have unique names in the MERGE statement."),
    5319: (16, "Aggregates are not allowed in a WHEN clause of a MERGE statement."),
    5324: (15, "In a MERGE statement, a '{}' clause with a search condition cannot appear after a '{}' clause with "
               "no search condition."),
    5333: (16, "The identifier '{}' cannot be bound. Only source columns are allowed in the 'WHEN NOT MATCHED' clause "
          "of a MERGE statement."),
    5334: (16, "The identifier '{}' cannot be bound. Only target columns are allowed in the 'WHEN NOT MATCHED BY "
          "SOURCE' clause of a MERGE statement."),
    7116: (16, "Offset {} is not in the range of available LOB data."),
    7135: (16, "Deletion length {} is not in the range of available text, ntext, or image data."),
    8154: (15, "The table '{}' is ambiguous."),
    10705: (15, "Subqueries are not allowed in the OUTPUT clause."),
    10710: (15, "An action of type '{}' is not allowed in the 'WHEN NOT MATCHED' clause of a MERGE statement."),
    10711: (15, "An action of type 'INSERT' is not allowed in the '{}' clause of a MERGE statement."),
    10713: (15, "A MERGE statement must be terminated by a semi-colon (;)."),
    10714: (15, "An action of type '{}' cannot appear more than once in a '{}' clause of a MERGE statement."),
    10723: (15, "In a MERGE statement, a variable cannot be set to a column and expression in the same assignment "
                "in the SET clause of an UPDATE action. Assignments of the form 'SET @variable = column = "
                "expression' are not valid in the SET clause of an UPDATE action in a MERGE statement. Modify the "
                "SET clause to only specify assignments of the form 'SET @variable = column' or 'SET @variable = "
                "expression'."),
    10739: (15, "The insert column list used in the MERGE statement cannot contain multi-part identifiers. Use "
                "single part identifiers instead."),
}  # fmt: skip
