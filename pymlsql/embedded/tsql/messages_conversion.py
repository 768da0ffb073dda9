"""Messages of conversions and of scalar functions (sys.messages as listed in sql-docs)."""

from __future__ import annotations

MESSAGES_CONVERSION: dict[int, tuple[int, str]] = {
    234: (16, "There is insufficient result space to convert a money value to {}."),
    235: (16, "Cannot convert a char value to money. The char value has incorrect syntax."),
    244: (16, "The conversion of the {} value '{}' overflowed an {} column. Use a larger integer column."),
    281: (16, "{} is not a valid style number when converting from {} to a character string."),
    289: (16, "Cannot construct data type {}, some of the arguments have values which are not valid."),
    293: (16, "Cannot convert a char value to smallmoney. The char value has incorrect syntax."),
    294: (16, "The conversion from char data type to smallmoney data type resulted in a smallmoney overflow error."),
    1023: (15, "Invalid parameter {} specified for {}."),
    2748: (16, "Cannot specify {} data type (parameter {}) as a substitution parameter."),
    2740: (16, "SET LANGUAGE failed because '{}' is not an official language name or a language alias on this SQL "
               "Server."),
    2741: (16, "SET DATEFORMAT date order '{}' is invalid."),
    2742: (16, "SET DATEFIRST {} is out of range."),
    8152: (16, "String or binary data would be truncated."),
    8170: (16, "Insufficient result space to convert uniqueidentifier value to char."),
    9818: (16, "The culture parameter '{}' provided in the function call is not supported."),
    9819: (16, "Error converting string value '{}' into data type {} using culture '{}'."),
    10761: (15, "Invalid data type {} in function {}."),
    9806: (16, "The datepart {} is not supported by date function {}."),
    9812: (16, "The timezone provided to builtin function {} is invalid."),
    9834: (16, "Invalid bucket width value passed to {} function. Only positive values are allowed."),
    9837: (16, "An invalid date value was encountered: The date value is less than the minimum date value allowed for "
               "the data type."),
    10760: (16, "Scale argument is not valid. Valid expressions for data type {} scale argument are integer constants "
                "and integer constant expressions."),
    15664: (16, "Cannot set key '{}' in the session context. The key has been set as read_only for this session."),
    15665: (16, "The value was not set for key '{}' because the total size of keys and values in the session context "
                "would exceed the 1 MB limit."),
}  # fmt: skip
