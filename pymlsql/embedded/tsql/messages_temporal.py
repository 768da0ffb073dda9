"""Messages about temporal tables; texts and severities as in messages.py."""

from __future__ import annotations

MESSAGES_TEMPORAL: dict[int, tuple[int, str]] = {
    13509: (16, "Cannot create generated always column when SYSTEM_TIME period is not defined."),
    13510: (16, "Cannot set SYSTEM_VERSIONING to ON when SYSTEM_TIME period is not defined and the LEDGER=ON option is "
            "not specified."),
    13513: (16, "SYSTEM_TIME period columns cannot have different datatype precision."),
    13514: (16, "History table '{}' is already in use."),
    13515: (16, "Setting SYSTEM_VERSIONING to ON failed because history table '{}' has custom unique keys defined. "
            "Consider dropping all unique keys and trying again."),
    13516: (16, "Setting SYSTEM_VERSIONING to ON failed because history table '{}' has foreign keys defined. Consider "
            "dropping all foreign keys and trying again."),
    13517: (16, "Setting SYSTEM_VERSIONING to ON failed because history table '{}' has table or column constraints "
            "defined. Consider dropping all table and column constraints and trying again."),
    13518: (16, "Setting SYSTEM_VERSIONING to ON failed because history table '{}' has IDENTITY column specification. "
            "Consider dropping all IDENTITY column specifications and trying again."),
    13519: (16, "Setting SYSTEM_VERSIONING to ON failed because history table '{}' has computed column specification. "
            "Consider dropping all computed column specifications and trying again."),
    13523: (16, "Setting SYSTEM_VERSIONING to ON failed because table '{}' has {} columns and table '{}' has {} "
            "columns."),
    13524: (16, "Setting SYSTEM_VERSIONING to ON failed because column '{}' at ordinal {} in history table '{}' has a "
            "different name than the column '{}' at the same ordinal in table '{}'."),
    13525: (16, "Setting SYSTEM_VERSIONING to ON failed because column '{}' has data type {} in history table '{}' "
            "which is different from corresponding column type {} in table '{}'."),
    13526: (16, "Setting SYSTEM_VERSIONING to ON failed because column '{}' does not have the same collation in tables "
            "'{}' and '{}'."),
    13530: (16, "Setting SYSTEM_VERSIONING to ON failed because system column '{}' in history table '{}' corresponds "
            "to a period column in table '{}' and cannot be nullable."),
    13531: (16, "Setting SYSTEM_VERSIONING to ON failed because column '{}' does not have the same nullability "
            "attribute in tables '{}' and '{}'."),
    13535: (16, "Data modification failed on system-versioned table '{}' because transaction time was earlier than "
            "period start time for affected records."),
    13536: (16, "Cannot insert an explicit value into a GENERATED ALWAYS column in table '{}'. Use INSERT with a "
            "column list to exclude the GENERATED ALWAYS column, or insert a DEFAULT into GENERATED ALWAYS column."),
    13537: (16, "Cannot update GENERATED ALWAYS columns in table '{}'."),
    13539: (16, "Setting SYSTEM_VERSIONING to ON failed because history table '{}' is not specified in two-part name "
            "format."),
    13541: (16, "Setting SYSTEM_VERSIONING to ON failed because history table '{}' contains invalid records with end "
            "of period set before start."),
    13543: (16, "Setting SYSTEM_VERSIONING to ON failed because history table '{}' contains invalid records with end "
            "of period set to a value in the future."),
    13544: (16, "Temporal FOR SYSTEM_TIME clause can only be used with system-versioned tables. '{}' is not a "
            "system-versioned table."),
    13545: (16, "Truncate failed on table '{}' because it is not supported operation on system-versioned tables."),
    13548: (16, "Cannot alter column '{}' on table '{}' because it is not supported operation on system-versioned "
            "temporal tables."),
    13550: (16, "Add column operation failed on table '{}' because it is not supported operation on system-versioned "
            "temporal tables."),
    13551: (16, "Drop column operation failed on table '{}' because it is not supported operation on system-versioned "
            "temporal tables."),
    13552: (16, "Drop table operation failed on table '{}' because it is not supported operation on system-versioned "
            "temporal tables."),
    13553: (16, "System versioned temporal table '{}' must have primary key defined."),
    13557: (16, "Cannot drop PRIMARY KEY constraint from a system-versioned temporal table '{}'."),
    13558: (16, "Cannot add PRIMARY KEY constraint to a temporal history table '{}'."),
    13559: (16, "Cannot insert rows in a temporal history table '{}'."),
    13560: (16, "Cannot delete rows from a temporal history table '{}'."),
    13561: (16, "Cannot update rows in a temporal history table '{}'."),
    13562: (16, "Cannot perform MERGE operation on a temporal history table '{}'."),
    13564: (16, "Adding CHECK constraint to a temporal history table '{}' is not allowed."),
    13566: (16, "Temporal table '{}' is already in use."),
    13568: (16, "System-versioned temporal table '{}' cannot be created in a 'tempdb' database."),
    13573: (16, "Setting SYSTEM_VERSIONING to ON failed because history table '{}' contains overlapping records."),
    13574: (16, "Setting SYSTEM_VERSIONING to ON failed because temporal history table '{}' contains SYSTEM_TIME "
            "period."),
    13575: (16, "ADD PERIOD FOR SYSTEM_TIME failed because table '{}' contains records where end of period is not "
            "equal to MAX datetime."),
    13583: (16, "Cannot add UNIQUE KEY constraint to a temporal history table '{}'."),
    13587: (16, "Period column '{}' in a system-versioned temporal table cannot be nullable."),
    13588: (16, "Column '{}' in table '{}' cannot be dropped because it is a part of period definition."),
    13591: (16, "SYSTEM_VERSIONING is not turned ON for table '{}'."),
    13592: (16, "Cannot drop SYSTEM_TIME period from table '{}' when SYSTEM_VERSIONING is ON."),
    13593: (16, "SYSTEM_TIME period cannot be dropped from table '{}', because SYSTEM_TIME period does not exist."),
    13595: (16, "Temporal history table name '{}' is not correct for current table '{}'."),
    13596: (16, "SYSTEM_VERSIONING is already turned ON for table '{}'."),
    13597: (16, "Temporal SYSTEM_TIME period is already defined on table '{}'."),
    13599: (16, "Period column '{}' in a system-versioned temporal table cannot be altered."),
    13704: (16, "System-versioned table schema modification failed because history table '{}' has IDENTITY column "
            "specification. Consider dropping all IDENTITY column specifications and trying again."),
    13724: (16, "System-versioned table schema modification failed because adding computed column while "
            "system-versioning is ON is not supported."),
    13741: (16, "Cannot create UNIQUE index on temporal history table '{}'."),
}  # fmt: skip
