"""Messages of procedures on the catalog, and of what moves and removes objects; texts and severities as in
messages.py."""

from __future__ import annotations

MESSAGES_CATALOG: dict[int, tuple[int, str]] = {
    226: (16, "{} statement not allowed within multi-statement transaction."),
    1801: (16, "Database '{}' already exists. Choose a different database name."),
    3702: (16, "Cannot drop database \"{}\" because it is currently in use."),
    3708: (16, "Cannot {} the database '{}' because it is a system database."),
    5011: (14, "User does not have permission to alter database '{}', the database does not exist, or the database is "
           "not in a state that allows access checks."),
    5069: (16, "ALTER DATABASE statement failed."),
    15048: (16, "Valid values of the database compatibility level are {} or {}."),
    15252: (16, "The primary or foreign key table name must be given."),
    4701: (16, "Cannot find the object \"{}\" because it does not exist or you do not have permissions."),
    4708: (16, "Could not truncate object '{}' because it is not a table."),
    15135: (16, "Object is invalid. Extended properties are not permitted on '{}', or the object does not exist."),
    15217: (16, "Property cannot be updated or deleted. Property '{}' does not exist for '{}'."),
    15223: (11, "Error: The input parameter '{}' is not allowed to be null."),
    15225: (11, "No item by the name of '{}' could be found in the current database '{}', given that @itemtype was "
            "input as '{}'."),
    15233: (16, "Property cannot be added. Property '{}' already exists for '{}'."),
    15248: (11, "Either the parameter @objname is ambiguous or the claimed @objtype ({}) is wrong."),
    15249: (11, "Error: Explicit @objtype '{}' is unrecognized."),
    15250: (16, "The database name component of the object qualifier must be the name of the current database."),
    15251: (16, "Invalid '{}' specified. It must be {}."),
    15253: (11, "Syntax error parsing SQL identifier '{}'."),
    15335: (11, "Error: The new name '{}' is already in use as a {} name and would cause a duplicate that is not "
            "permitted."),
    15336: (16, "Object '{}' cannot be renamed because the object participates in enforced dependencies."),
    15348: (16, "Cannot transfer a schemabound object."),
    15469: (10, "No constraints are defined on object '{}', or you do not have permissions."),
    15470: (10, "No foreign keys reference table '{}', or you do not have permissions on referencing tables."),
    15647: (10, "No views with schema binding reference table '{}'."),
    15472: (10, "The object '{}' does not have any indexes, or you do not have permissions."),
    15477: (10, "Caution: Changing any part of an object name could break scripts and stored procedures."),
    15530: (16, "The object with name \"{}\" already exists."),
    15600: (15, "An invalid parameter or option was specified for procedure '{}'."),
}  # fmt: skip
