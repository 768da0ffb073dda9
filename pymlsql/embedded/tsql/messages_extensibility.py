"""Messages about external languages and libraries; the texts are those of sys.messages."""

from __future__ import annotations

MESSAGES_EXTENSIBILITY: dict[int, tuple[int, str]] = {
    39029: (16, "The external language '{}' returned error messages: '{}'."),
    39112: (15, "Duplicate file specification supplied for platform '{}'."),
    39113: (15, "Number of file specifications exceeds the maximum of {}."),
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
    39130: (16, "{} statement failed. Language '{}' already exists."),
    39131: (16, "{} statement failed. System language '{}' can't be altered or removed."),
    39133: (16, "CREATE/ALTER EXTERNAL LANGUAGE statement failed. The environment variables string is invalid."),
}  # fmt: skip
