"""Messages of Resource Governor and of the functions that classify for it; the texts are those of sys.messages."""

from __future__ import annotations

MESSAGES_GOVERNANCE: dict[int, tuple[int, str]] = {
    443: (16, "Invalid use of a side-effecting operator '{}' within a function."),
    444: (16, "Select statements included within a function cannot return data to a client."),
    455: (16, "The last statement included within a function must be a return statement."),
    10902: (16, "User-defined function '{}' does not exist in master database, or the user does not have permission to "
            "access it."),
    10906: (16, "The object '{}'.'{}' is not a valid resource governor classifier user-defined function. A valid "
            "classifier user-defined function must be schema-bound, return sysname, and have no parameters."),
    10920: (16, "Cannot {} user-defined function '{}'. It is being used as a resource governor classifier."),
    10901: (14, "User does not have permission to alter the resource governor configuration."),
    10909: (16, "The resource pool cannot be created. The maximum number of resource pools cannot exceed current "
            "limit of {} including predefined resource pools."),
    10911: (16, "Requested operation cannot be performed because the resource pool '{}' does not exist."),
    10912: (16, "The operation could not be completed. Dropping predefined {} is not allowed."),
    10914: (16, "The name of the {} '{}' cannot begin with # of ##."),
    10915: (16, "The operation could not be completed. Altering '{}' {} is not allowed."),
    10916: (16, "Cannot drop resource pool '{}' because it contains workload group '{}'. Drop or remove all workload "
            "groups using this resource pool before dropping it."),
    10917: (16, "ALTER WORKLOAD GROUP failed. Either a 'WITH' or 'USING' clause must be specified."),
    10918: (16, "Cannot create {} '{}' because it already exists."),
}  # fmt: skip
