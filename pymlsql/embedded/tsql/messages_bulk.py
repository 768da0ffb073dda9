"""Messages about bulk operations: data files, format files, and the provider that reads them."""

from __future__ import annotations

MESSAGES_BULK: dict[int, tuple[int, str]] = {
    4130: (16, "A duplicate hint was specified for the BULK rowset."),
    4809: (16, "SINGLE_NCLOB requires a UNICODE (widechar) input file. The file specified is not Unicode."),
    4820: (16, "Cannot bulk load. Unknown version of format file \"{}\"."),
    4821: (16, "Cannot bulk load. Error reading the number of columns from the format file \"{}\"."),
    4822: (16, "Cannot bulk load. Invalid number of columns in the format file \"{}\"."),
    4823: (16, "Cannot bulk load. Invalid column number in the format file \"{}\"."),
    4824: (16, "Cannot bulk load. Invalid data type for column number {} in the format file \"{}\"."),
    4825: (16, "Cannot bulk load. Invalid prefix for column number {} in the format file \"{}\"."),
    4826: (16, "Cannot bulk load. Invalid column length for column number {} in the format file \"{}\"."),
    4827: (16, "Cannot bulk load. Invalid column terminator for column number {} in the format file \"{}\"."),
    4828: (16, "Cannot bulk load. Invalid destination table column number for source column {} in the format file "
               "\"{}\"."),
    4829: (16, "Cannot bulk load. Error reading the destination table column name for source column {} in the format "
               "file \"{}\"."),
    4832: (16, "Bulk load: An unexpected end of file was encountered in the data file."),
    4834: (16, "You do not have permission to use the bulk load statement."),
    4838: (16, "The bulk data source does not support the SQLNUMERIC or SQLDECIMAL data types."),
    4839: (16, "Cannot perform the bulk load. Invalid collation name for source column {} in the format file \"{}\"."),
    4855: (16, "Line {} in format file \"{}\": unexpected element \"{}\"."),
    4856: (16, "Line {} in format file \"{}\": unexpected info item."),
    4857: (16, "Line {} in format file \"{}\": Attribute \"{}\" could not be specified for this type."),
    4858: (16, "Line {} in format file \"{}\": bad value {} for attribute \"{}\"."),
    4859: (16, "Line {} in format file \"{}\": required attribute \"{}\" is missing."),
    4860: (16, "Cannot bulk load. The file \"{}\" does not exist or you don't have file access rights."),
    4861: (16, "Cannot bulk load because the file \"{}\" could not be opened. Operating system error code {}."),
    4862: (16, "Cannot bulk load because the file \"{}\" is incomplete or could not be read. Operating system error "
               "code {}."),
    4863: (16, "Bulk load data conversion error (truncation) for row {}, column {} ({})."),
    4864: (16, "Bulk load data conversion error (type mismatch or invalid character for the specified codepage) for "
               "row {}, column {} ({})."),
    4865: (16, "Cannot bulk load because the maximum number of errors ({}) was exceeded."),
    4867: (16, "Bulk load data conversion error (overflow) for row {}, column {} ({})."),
    4869: (16, "The bulk load failed. Unexpected NULL value in data file row {}, column {}. The destination column "
               "({}) is defined as NOT NULL."),
    4878: (16, "Invalid quote character specified for bulk load. Quote character can be one single byte or Unicode "
               "character."),
    4879: (16, "Bulk load failed due to invalid column value in CSV data file {} in row {}, column {}."),
    4880: (16, "Cannot bulk load. When you use the FIRSTROW/FIRST_ROW and LASTROW parameters, the value for "
               "FIRSTROW/FIRST_ROW cannot be greater than the value for LASTROW."),
    7301: (16, "Cannot obtain the required interface (\"IID_IColumnsInfo\") from OLE DB provider \"BULK\" for linked "
               "server \"(null)\"."),
    7330: (16, "Cannot fetch a row from OLE DB provider \"BULK\" for linked server \"(null)\"."),
    7399: (16, "The OLE DB provider \"BULK\" for linked server \"(null)\" reported an error. The provider did not give "
               "any information about the error."),
}  # fmt: skip
