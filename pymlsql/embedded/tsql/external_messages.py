"""SQL Server's messages about external scripts, as 2019 has them.

Texts and severities are those of sys.messages as listed in sql-docs, docs/relational-databases/errors-events. 39019 is
informational there, and SQL Server sends it with severity 16.
"""

from __future__ import annotations

_REQUEST = " External script request id is {}."
FAILED_SINCE_2022 = _REQUEST
"""What 2022 adds to 39004."""
_NOT_AS_INPUT = (
    "timestamp, datetime2, datetimeoffset, time, text, ntext, image, hierarchyid, xml, sql_variant and "
    "user-defined type."
)

EXTERNAL_MESSAGES: dict[int, tuple[int, str]] = {
    39001: (16, "Only SELECT statement is supported for input data query to 'sp_execute_external_script' stored "
          "procedure."),
    39004: (16, "A '{}' script error occurred during execution of 'sp_execute_external_script' with HRESULT "
          "0x{:x}."),
    39005: (10, "STDOUT message(s) from external script: {}"),
    39007: (16, "The specified language '{}' does not exist or you do not have permission."),
    39008: (16, "Invlid Parameter name '{}' specified for Procedure. This clashes with internal parameters."),
    39011: (16, "SQL Server was unable to communicate with the LaunchPad service for request id: {}. Please verify "
          "the configuration of the service."),
    39012: (16, "Unable to communicate with the runtime for '{}' script for request id: {}. Please check the "
          "requirements of '{}' runtime."),
    39015: (16, "SELECT INTO statement is not supported for input data query to 'sp_execute_external_script' "
          "stored procedure."),
    39016: (16, "The parameterized external script expects the parameter '{}', which was not supplied."),
    39017: (16, "Input data query returns column #{} of type '{}' which is not supported by the runtime for '{}' "
          "script. Unsupported types are binary, varbinary, " + _NOT_AS_INPUT + _REQUEST),
    39018: (16, "Parameter '{}' uses a data type that is not supported by the runtime for '{}' script. "
          "Unsupported types are " + _NOT_AS_INPUT + _REQUEST),
    39019: (10, "An external script error occurred: {}"),
    39021: (16, "Unable to launch runtime for '{}' script for request id: {}. Please check the configuration of the "
          "'{}' runtime."),
    39022: (10, "STDERR message(s) from external script: {}"),
    39023: (16, "'sp_execute_external_script' is disabled on this instance of SQL Server. Use sp_configure "
          "'external scripts enabled' to enable it."),
    39024: (16, "Parallel execution of 'sp_execute_external_script' failed. Specify WITH RESULT SETS clause with "
          "output schema."),
    39026: (16, "The parameter name 'r_rowsPerRead' is specified multiple times in 'sp_execute_external_script' call."
          " The name 'r_rowsPerRead' is reserved for specifying streaming behavior only." + _REQUEST),
    39027: (16, "Parameter '{}' was specified multiple times to sp_execute_external_script stored procedure."),
    39102: (16, "Duplicate column names are not allowed in '{}'. Column name '{}' is a duplicate."),
    39103: (16, "Parameter '@input_data_1_order_by_columns' is not allowed without parameter "
          "'@input_data_1_partition_by_columns'."),
    39104: (16, "Column '{}' in '{}' is not defined in the SELECT clause of '@input_data_1' parameter."),
    39105: (16, "Invalid syntax for parameter '@input_data_1_partition_by_columns'. Specify a list of comma "
          "separated columns."),
    39106: (16, "Invalid syntax for parameter '@input_data_1_order_by_columns'. Specify a list of comma separated "
          "columns and an optional argument for sorting order <ASC|DESC>."),
    39107: (16, "Columns in parameters '@input_data_1_partition_by_columns' and '@input_data_1_order_by_columns' "
          "must be unique. Column name '{}' appears in both parameters."),
    39132: (16, "The parameter '@r_rowsPerRead' is invalid. Parameter '@r_rowsPerRead' must be a positive integer."),
}  # fmt: skip
