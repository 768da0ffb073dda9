"""Messages about logins, users, roles and permissions; texts and severities as in messages.py."""

from __future__ import annotations

SECURITY_MESSAGES: dict[int, tuple[int, str]] = {
    229: (14, "The {} permission was denied on the object '{}', database '{}', schema '{}'."),
    230: (14, "The {} permission was denied on the column '{}' of the object '{}', database '{}', schema '{}'."),
    262: (14, "{} permission denied in database '{}'."),
    297: (16, "The user does not have permission to perform this action."),
    300: (14, "{} permission was denied on object '{}', database '{}'."),
    916: (14, "The server principal \"{}\" is not able to access the database \"{}\" under the current security "
          "context."),
    1019: (15, "Invalid column list after object name in GRANT/REVOKE statement."),
    1020: (15, "Sub-entity lists (such as column or security expressions) cannot be specified for entity-level "
           "permissions."),
    1088: (16, "Cannot find the object \"{}\" because it does not exist or you do not have permissions."),
    2759: (16, "CREATE SCHEMA failed due to previous errors."),
    3704: (16, "User does not have permission to perform this operation on {} '{}'."),
    4064: (11, "Cannot open user default database. Login failed."),
    4604: (16, "There is no such user or group '{}' or you do not have permission."),
    4606: (16, "Granted or revoked privilege {} is not compatible with object."),
    4611: (16, "To revoke or deny grantable privileges, specify the CASCADE option."),
    4613: (16, "Grantor does not have GRANT permission."),
    4615: (16, "Invalid column name '{}'."),
    4617: (16, "Cannot grant, deny or revoke permissions to or from special roles."),
    4618: (16, "You do not have permission to use {} in the AS clause."),
    4620: (16, "All permissions in a grant/deny/revoke statement should be at the same scope (e.g., server or "
           "database)"),
    4610: (16, "You can only grant or revoke permissions on objects in the current database."),
    4621: (16, "Permissions at the server scope can only be granted when the current database is master"),
    4624: (10, "Cannot grant, deny, or revoke permissions to sa, dbo, entity owner, information_schema, sys, or "
           "yourself."),
    4623: (16, "The all permission has been deprecated and is not available for this class of entity"),
    4625: (16, "There is no such server principal {} or you do not have permission."),
    4628: (10, "The ALL permission is deprecated and maintained only for compatibility. It DOES NOT imply ALL "
           "permissions defined on the entity."),
    4627: (16, "Cannot grant, deny, or revoke the connect database permission to roles and application roles."),
    5812: (14, "You do not have permission to run the RECONFIGURE statement."),
    15006: (16, "'{}' is not a valid name because it contains invalid characters."),
    15007: (16, "'{}' is not a valid login or you do not have permission."),
    15008: (16, "User '{}' does not exist in the current database."),
    15174: (16, "Login '{}' owns one or more database(s). Change the owner of the database(s) before dropping the "
                "login."),
    15010: (16, "The database '{}' does not exist. Supply a valid database name. To see available databases, use "
            "sys.databases."),
    15014: (16, "The role '{}' does not exist in the current database."),
    15023: (16, "User, group, or role '{}' already exists in the current database."),
    15025: (16, "The server principal '{}' already exists."),
    15063: (16, "The login already has an account under a different user name."),
    15081: (16, "Membership of the public role cannot be changed."),
    15098: (16, "The name change cannot be performed because the SID of the new name does not match the old SID of the "
            "principal."),
    15116: (16, "Password validation failed. The password does not meet the operating system policy requirements "
            "because it is too short."),
    15138: (16, "The database principal owns a {} in the database, and cannot be dropped."),
    15144: (16, "The role has members. It must be empty before it can be dropped."),
    15151: (16, "Cannot {} the {} '{}', because it does not exist or you do not have permission."),
    15156: (16, "The password that you specified is too long. The password should have no more than {} characters."),
    15173: (16, "Server principal '{}' has granted one or more permission(s). Revoke the permission(s) before dropping "
            "the server principal."),
    15183: (16, "The database principal owns objects in the database and cannot be dropped."),
    15197: (16, "There is no text for object '{}'."),
    15247: (16, "User does not have permission to perform this action."),
    15284: (16, "The database principal has granted or denied permissions to objects in the database and cannot be "
            "dropped."),
    15401: (11, "Windows NT user or group '{}' not found. Check the name again."),
    15405: (11, "Cannot use the special principal '{}'."),
    15410: (11, "User or role '{}' does not exist in this database."),
    15413: (11, "Cannot make a role a member of itself."),
    15419: (16, "Supplied parameter sid should be binary(16)."),
    15433: (16, "Supplied parameter sid is in use."),
    15434: (16, "Could not drop login '{}' as the user is currently logged in."),
    15517: (16, "Cannot execute as the database principal because the principal \"{}\" does not exist, this type of "
            "principal cannot be impersonated, or you do not have permission."),
    15539: (16, "User '{}' cannot be dropped, it can only be disabled. The user is already disabled in the current "
            "database."),
}  # fmt: skip
