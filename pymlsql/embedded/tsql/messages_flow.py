"""Messages of the control of flow: severity and text."""

from __future__ import annotations

MESSAGES_FLOW: dict[int, tuple[int, str]] = {
    179: (15, "Cannot use the OUTPUT option when passing a constant to a stored procedure."),
    282: (10, "The '{}' procedure attempted to return a status of NULL, which is not allowed. A status of 0 will be "
          "returned instead."),
    507: (16, "Invalid argument for SET ROWCOUNT. Must be a non-null non-negative integer."),
    1223: (16, "Cannot release the application lock (Database Principal: 'public', Resource: '{}') because it is "
           "not currently held."),
    1934: (16, "{} failed because the following SET options have incorrect settings: '{}'. Verify that SET options are "
           "correct for use with indexed views and/or indexes on computed columns and/or filtered indexes and/or query "
           "notifications and/or XML data type methods and/or spatial index operations."),
    2732: (16, "Error number {} is invalid. The number must be from {} through {} and it cannot be 50000."),
    2747: (16, "Too many substitution parameters for RAISERROR. Cannot exceed 20 substitution parameters."),
    2748: (16, "Cannot specify {} data type (parameter {}) as a substitution parameter."),
    3918: (16, "The statement or function must be executed in the context of a user transaction."),
    3952: (16, "Snapshot isolation transaction failed accessing database '{}' because snapshot isolation is not "
           "allowed in this database. Use ALTER DATABASE to allow snapshot isolation."),
    8003: (16, "The incoming request has too many parameters. The server supports a maximum of 2100 parameters. Reduce "
           "the number of parameters and resend the request."),
    18054: (16, "Error {}, severity {}, state {} was raised, but no message with that error number was found in "
            "sys.messages. If error is larger than 50000, make sure the user-defined message is added using "
            "sp_addmessage."),
}  # fmt: skip
