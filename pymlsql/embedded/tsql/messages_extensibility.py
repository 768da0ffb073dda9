"""Messages about external languages and libraries; the texts are those of sys.messages."""

from __future__ import annotations

MESSAGES_EXTENSIBILITY: dict[int, tuple[int, str]] = {
    39029: (16, "The external language '{}' returned error messages: '{}'."),
    39042: (16, "{} EXTERNAL LIBRARY failed because the library source parameter {} is not a valid expression."),
    39043: (16, "{} EXTERNAL LIBRARY failed because filename '{}' is too long."),
    39044: (16, "{} EXTERNAL LIBRARY failed because it could not open the physical file '{}': {}."),
    39045: (16, "{} EXTERNAL LIBRARY failed because it could not read from the physical file '{}': {}."),
    39046: (16, "CREATE EXTERNAL LIBRARY failed because the user \"{}\" specified in the authorization clause does "
            "not exist."),
    39047: (16, "External library '{}' already exists for owner '{}' in database '{}'."),
    39048: (16, "Failed to {} external library '{}': {}."),
    39112: (15, "Duplicate file specification supplied for platform '{}'."),
    39113: (15, "Number of file specifications exceeds the maximum of {}."),
    39114: (15, "CREATE EXTERNAL LIBRARY statement failed because of duplicate file specification. Only one file "
            "specification per platform is allowed in a CREATE EXTERNAL LIBRARY statement."),
    39115: (16, "ALTER EXTERNAL LIBRARY statement failed because the content for platform '{}' does not exist or is "
            "not correctly defined in the external library."),
    39117: (16, "{} EXTERNAL LANGUAGE statement failed because the parameter '{}' is not a valid expression."),
    39119: (16, "{} EXTERNAL LANGUAGE failed because it could not open the physical file '{}': {}."),
    39121: (16, "CREATE EXTERNAL LANGUAGE statement failed because the user \"{}\" specified in the authorization "
            "clause does not exist or have permission."),
    39122: (16, "CREATE statement failed. External language '{}' already exists."),
    39123: (16, "{} EXTERNAL LANGUAGE statement failed because the parameter '{}' is not specified."),
    39124: (16, "'{}' platform information doesn't exist for the language '{}'."),
    39125: (16, "ALTER EXTERNAL LANGUAGE statement failed because of duplicate file specification. Only one file "
            "specification per platform is allowed."),
    39126: (16, "ALTER EXTERNAL LANGUAGE REMOVE PLATFORM statement failed because an external language requires at "
            "least one file specification to be defined."),
    39129: (16, "Cannot drop external language '{}' because it is being referenced by external library '{}'."),
    39130: (16, "{} statement failed. Language '{}' already exists."),
    39131: (16, "{} statement failed. System language '{}' can't be altered or removed."),
    39133: (16, "CREATE/ALTER EXTERNAL LANGUAGE statement failed. The environment variables string is invalid."),
}  # fmt: skip
