"""Messages about JSON."""

from __future__ import annotations

MESSAGES_JSON: dict[int, tuple[int, str]] = {
    13600: (16, "FOR JSON AUTO requires at least one table for generating JSON objects. Use FOR JSON PATH or add a "
                "FROM clause with a table name."),
    13601: (16, "Property '{}' cannot be generated in JSON output due to a conflict with another column name or "
                "alias. Use different names and aliases for each column in SELECT list."),
    13602: (16, "The FOR JSON clause is not allowed in a {} statement."),
    13603: (16, "Property '{}' cannot be generated in JSON output due to invalid character in the column name or "
                "alias. Column name or alias that contains '..', starts or ends with '.' is not allowed in query "
                "that has FOR JSON clause."),
    13605: (16, "Column expressions and data sources without names or aliases cannot be formatted as JSON text using "
                "FOR JSON clause. Add alias to the unnamed column or table."),
    13606: (16, "JSON text that has more than 128 nesting levels cannot be parsed."),
    13607: (16, "JSON path is not properly formatted. Unexpected character '{}' is found at position {}."),
    13608: (16, "Property cannot be found on the specified JSON path."),
    13609: (16, "JSON text is not properly formatted. Unexpected character '{}' is found at position {}."),
    13611: (16, "Value referenced by JSON path is not an array or object and cannot be opened with OPENJSON."),
    13612: (16, "Cannot convert a string value found in the JSON text to binary value because it is not Base64 "
                "encoded."),
    13613: (16, "Base64 encoded string cannot be converted to binary value. Binary data would be truncated."),
    13614: (16, "TEXT, NTEXT, SQL_VARIANT and IMAGE types cannot be used as column types in OPENJSON function with "
                "explicit schema. These types are not supported in WITH clause."),
    13618: (16, "AS JSON option can be specified only for column of nvarchar(max) type in WITH clause."),
    13619: (16, "Unsupported JSON path found in argument {} of JSON_MODIFY."),
    13620: (16, "ROOT option and WITHOUT_ARRAY_WRAPPER option cannot be used together in FOR JSON. Remove one of "
                "these options."),
    13621: (16, "Array cannot be found in the specified JSON path."),
    13622: (16, "An invalid value was specified for argument {}."),
    13623: (16, "Scalar value cannot be found in the specified JSON path."),
    13624: (16, "Object or array cannot be found in the specified JSON path."),
    13625: (16, "String value in the specified JSON path would be truncated."),
    13638: (16, "User error : Name parameter value in 'json_object' cannot be null"),
}  # fmt: skip
