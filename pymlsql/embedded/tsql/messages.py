"""SQL Server's messages: number, severity and text, and the one exception of the embedded half.

Texts and severities are those of sys.messages as listed in sql-docs, docs/relational-databases/errors-events.
"""

from __future__ import annotations

from pymlsql.embedded.tsql.external_messages import EXTERNAL_MESSAGES
from pymlsql.embedded.tsql.messages_agent import MESSAGES_AGENT
from pymlsql.embedded.tsql.messages_bulk import MESSAGES_BULK
from pymlsql.embedded.tsql.messages_catalog import MESSAGES_CATALOG
from pymlsql.embedded.tsql.messages_changes import MESSAGES_CHANGES
from pymlsql.embedded.tsql.messages_conversion import MESSAGES_CONVERSION
from pymlsql.embedded.tsql.messages_definitions import MESSAGES_DEFINITIONS
from pymlsql.embedded.tsql.messages_extensibility import MESSAGES_EXTENSIBILITY
from pymlsql.embedded.tsql.messages_flow import MESSAGES_FLOW
from pymlsql.embedded.tsql.messages_governance import MESSAGES_GOVERNANCE
from pymlsql.embedded.tsql.messages_grammar import MESSAGES_GRAMMAR
from pymlsql.embedded.tsql.messages_json import MESSAGES_JSON
from pymlsql.embedded.tsql.messages_modules import MESSAGES_MODULES
from pymlsql.embedded.tsql.messages_queries import MESSAGES_QUERIES
from pymlsql.embedded.tsql.messages_sequences import MESSAGES_SEQUENCES
from pymlsql.embedded.tsql.messages_storage import MESSAGES_STORAGE
from pymlsql.embedded.tsql.messages_temporal import MESSAGES_TEMPORAL
from pymlsql.embedded.tsql.security_messages import SECURITY_MESSAGES
from pymlsql.embedded.tsql.signing_messages import SIGNING_MESSAGES

MESSAGES: dict[int, tuple[int, str]] = {
    **MESSAGES_STORAGE,
    **MESSAGES_TEMPORAL,
    **MESSAGES_CATALOG,
    **MESSAGES_DEFINITIONS,
    **MESSAGES_SEQUENCES,
    **MESSAGES_CONVERSION,
    102: (15, "Incorrect syntax near '{}'."),
    104: (16, "ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or "
          "EXCEPT operator."),
    105: (15, "Unclosed quotation mark after the character string '{}'."),
    107: (15, "The column prefix '{}' does not match with a table name or alias name used in the query."),
    108: (15, "The ORDER BY position number {} is out of range of the number of items in the select list."),
    109: (15, "There are more columns in the INSERT statement than values specified in the VALUES clause. The "
          "number of values in the VALUES clause must match the number of columns specified in the INSERT "
          "statement."),
    110: (15, "There are fewer columns in the INSERT statement than values specified in the VALUES clause. The "
          "number of values in the VALUES clause must match the number of columns specified in the INSERT "
          "statement."),
    111: (15, "'{}' must be the first statement in a query batch."),
    113: (15, "Missing end comment mark '*/'."),
    116: (16, "Only one expression can be specified in the select list when the subquery is not introduced with"
          " EXISTS."),
    119: (15, "Must pass parameter number {} and subsequent parameters as '@name = value'. After the form "
          "'@name = value' has been used, all subsequent parameters must be passed in the form '@name = "
          "value'."),
    120: (15, "The select list for the INSERT statement contains fewer items than the insert list. The number "
          "of SELECT values must match the number of INSERT columns."),
    121: (15, "The select list for the INSERT statement contains more items than the insert list. The number of"
          " SELECT values must match the number of INSERT columns."),
    125: (15, "Case expressions may only be nested to level 10."),
    127: (15, "A TOP N or FETCH rowcount value may not be negative."),
    130: (15, "Cannot perform an aggregate function on an expression containing an aggregate or a subquery."),
    131: (15, "The size ({}) given to the type '{}' exceeds the maximum allowed for any data type ({})."),
    134: (15, "The variable name '{}' has already been declared. Variable names must be unique within a query "
          "batch or stored procedure."),
    135: (15, "Cannot use a BREAK statement outside the scope of a WHILE statement."),
    136: (15, "Cannot use a CONTINUE statement outside the scope of a WHILE statement."),
    137: (15, "Must declare the scalar variable \"{}\"."),
    141: (15, "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval "
          "operations."),
    145: (15, "ORDER BY items must appear in the select list if SELECT DISTINCT is specified."),
    147: (15, "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING"
          " clause or a select list, and the column being aggregated is an outer reference."),
    148: (15, "Incorrect time syntax in time string '{}' used with WAITFOR."),
    153: (15, "Invalid usage of the option {} in the FETCH statement."),
    155: (15, "'{}' is not a recognized {}."),
    156: (15, "Incorrect syntax near the keyword '{}'."),
    157: (15, "An aggregate may not appear in the set list of an UPDATE statement."),
    164: (15, "Each GROUP BY expression must contain at least one column that is not an outer reference."),
    174: (15, "The {} function requires {} argument(s)."),
    178: (15, "A RETURN statement with a return value cannot be used in this context."),
    189: (15, "The {} function requires {} to {} arguments."),
    191: (15, "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller "
          "queries."),
    195: (15, "'{}' is not a recognized {}."),
    201: (16, "Procedure or function '{}' expects parameter '{}', which was not supplied."),
    205: (16, "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of "
          "expressions in their target lists."),
    206: (16, "Operand type clash: {} is incompatible with {}"),
    207: (16, "Invalid column name '{}'."),
    208: (16, "Invalid object name '{}'."),
    209: (16, "Ambiguous column name '{}'."),
    213: (16, "Column name or number of supplied values does not match table definition."),
    214: (16, "Procedure expects parameter '{}' of type '{}'."),
    216: (16, "Parameters were not supplied for the function '{}'."),
    217: (16, "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32)."),
    219: (16, "The type '{}' already exists, or you do not have permission to create it."),
    220: (16, "Arithmetic overflow error for data type {}, value = {}."),
    232: (16, "Arithmetic overflow error for type {}, value = {}."),
    233: (16, "The column '{}' in table '{}' cannot be null."),
    239: (16, "Duplicate common table expression name '{}' was specified."),
    240: (16, "Types don't match between the anchor and the recursive part in column \"{}\" of "
          "recursive query \"{}\"."),
    241: (16, "Conversion failed when converting date and/or time from character string."),
    242: (16, "The conversion of a {} data type to a {} data type resulted in an out-of-range value."),
    243: (16, "Type {} is not a defined system type."),
    245: (16, "Conversion failed when converting the {} value '{}' to data type {}."),
    246: (16, "No anchor member was specified for recursive query \"{}\"."),
    248: (16, "The conversion of the {} value '{}' overflowed an int column."),
    252: (16, "Recursive common table expression '{}' does not contain a top-level UNION ALL operator."),
    253: (16, "Recursive member of a common table expression '{}' has multiple recursive references."),
    257: (16, "Implicit conversion from data type {} to {} is not allowed. Use the CONVERT function to run this"
          " query."),
    263: (16, "Must specify table to select from."),
    264: (16, "The column name '{}' is specified more than once in the SET clause or column list of an INSERT. "
          "A column cannot be assigned more than one value in the same clause. Modify the clause to make "
          "sure that a column is updated only once."),
    266: (16, "Transaction count after EXECUTE indicates a mismatching number of BEGIN and COMMIT statements. "
          "Previous count = {}, current count = {}."),
    271: (16, "The column \"{}\" cannot be modified because it is either a computed column or is the result of a "
          "UNION operator."),
    310: (15, "The value {} specified for the MAXRECURSION option exceeds the allowed maximum of 32767."),
    313: (16, "An insufficient number of arguments were supplied for the procedure or function {}."),
    321: (15, "\"{}\" is not a recognized table hints option. If it is intended as a parameter to a table-valued "
          "function or to the CHANGETABLE function, ensure that your database compatibility mode is set to "
          "90."),
    402: (16, "The data types {} and {} are incompatible in the {} operator."),
    408: (16, "A constant expression was encountered in the ORDER BY list, position {}."),
    447: (16, "Expression type {} is invalid for COLLATE clause."),
    460: (16, "DISTINCT operator is not allowed in the recursive part of a recursive common table "
          "expression '{}'."),
    461: (16, "The TOP or OFFSET operator is not allowed in the recursive part of a recursive common "
          "table expression '{}'."),
    462: (16, "Outer join is not allowed in the recursive part of a recursive common table expression '{}'."),
    467: (16, "GROUP BY, HAVING, or aggregate functions are not allowed in the recursive part of a recursive common "
          "table expression '{}'."),
    483: (16, "The OUTPUT clause cannot be used in an INSERT...EXEC statement."),
    506: (16, "The invalid escape character \"{}\" was specified in a LIKE predicate."),
    512: (16, "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, "
          "<= , >, >= or when the subquery is used as an expression."),
    515: (16, "Cannot insert the value NULL into column '{}', table '{}'; column does not allow nulls. {} "
          "fails."),
    517: (16, "Adding a value to a '{}' column caused an overflow."),
    529: (16, "Explicit conversion from data type {} to {} is not allowed."),
    530: (16, "The statement terminated. The maximum recursion {} has been exhausted before statement "
          "completion."),
    535: (16, "The {} function resulted in an overflow. The number of dateparts separating two date/time "
          "instances is too large. Try to use {} with a less precise datepart."),
    536: (16, "Invalid length parameter passed to the {} function."),
    537: (16, "Invalid length parameter passed to the LEFT or SUBSTRING function."),
    544: (16, "Cannot insert explicit value for identity column in table '{}' when IDENTITY_INSERT is set to "
          "OFF."),
    545: (16, "Explicit value must be specified for identity column in table '{}' either when IDENTITY_INSERT "
          "is set to ON or when a replication user is inserting into a NOT FOR REPLICATION identity column."),
    547: (16, "The {} statement conflicted with the {} constraint \"{}\". The conflict occurred in database \"{}\","
          " table \"{}\"{}."),
    556: (16, "INSERT EXEC failed because the stored procedure altered the schema of the target table."),
    574: (16, "{} statement cannot be used inside a user transaction."),
    628: (16, "Cannot issue SAVE TRANSACTION when there is no active transaction."),
    911: (16, "Database '{}' does not exist. Make sure that the name is entered correctly."),
    1001: (15, "Length or precision specification {} is invalid for type '{}'."),
    1007: (15, "The number '{}' is out of the range for numeric representation (maximum precision 38)."),
    1013: (16, "The objects \"{}\" and \"{}\" in the FROM clause have the same exposed names. Use correlation names "
          "to distinguish them."),
    1018: (15, "Incorrect syntax near '{}'. If this is intended as a part of a table hint, A WITH keyword and "
          "parenthesis are now required. See SQL Server Books Online for proper syntax."),
    1031: (15, "Percent values must be between 0 and 100."),
    1033: (15, "The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and "
          "common table expressions, unless TOP, OFFSET or FOR XML is also specified."),
    1046: (15, "Subqueries are not allowed in this context. Only scalar expressions are allowed."),
    1038: (15, "An object or column name is missing or empty. For SELECT INTO statements, verify each column has"
          " a name. For other statements, look for empty alias names. Aliases defined as \"\" or [] are not "
          "allowed. Change the alias to a valid name."),
    1060: (15, "The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer."),
    1062: (15, "The TOP N WITH TIES clause is not allowed without a corresponding ORDER BY clause."),
    1087: (15, "Must declare the table variable \"{}\"."),
    1205: (13, "Transaction (Process ID {}) was deadlocked on lock resources with another process and has been "
          "chosen as the deadlock victim. Rerun the transaction."),
    1222: (16, "Lock request time out period exceeded."),
    1505: (16, "The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for the object "
          "name '{}' and the index name '{}'. The duplicate key value is ({})."),
    1934: (16, "{} failed because the following SET options have incorrect settings: '{}'. Verify that SET "
          "options are correct for use with indexed views and/or indexes on computed columns and/or "
          "filtered indexes and/or query notifications and/or XML data type methods and/or spatial index "
          "operations."),
    2601: (14, "Cannot insert duplicate key row in object '{}' with unique index '{}'. The duplicate key value "
          "is ({})."),
    2627: (14, "Violation of {} constraint '{}'. Cannot insert duplicate key in object '{}'. The duplicate key "
          "value is ({})."),
    2628: (16, "String or binary data would be truncated in table '{}', column '{}'. Truncated value: '{}'."),
    2705: (16, "Column names in each table must be unique. Column name '{}' in table '{}' is specified more than"
          " once."),
    2714: (16, "There is already an object named '{}' in the database."),
    2715: (16, "Column, parameter, or variable #{}: Cannot find data type {}."),
    2716: (16, "Column, parameter, or variable #{}: Cannot specify a column width on data type {}."),
    2739: (16, "The text, ntext, and image data types are invalid for local variables."),
    2744: (16, "Multiple identity columns specified for table '{}'. Only one identity column per table is "
          "allowed."),
    2749: (16, "Identity column '{}' must be of data type int, bigint, smallint, tinyint, or decimal or numeric "
          "with a scale of 0, unencrypted, and constrained to be nonnullable."),
    2754: (16, "Error severity levels greater than 18 can only be specified by members of the sysadmin rol"
          "e, using the WITH LOG option."),
    2760: (16, "The specified schema name \"{}\" either does not exist or you do not have permission to use it."),
    2766: (16, "The definition for user-defined data type '{}' has changed."),
    2786: (16, "The data type of substitution parameter {} does not match the expected type of the format "
          "specification."),
    2787: (16, "Invalid format specification: '{}'."),
    2809: (16, "The request for {} '{}' failed because '{}' is a {} object."),
    2812: (16, "Could not find stored procedure '{}'."),
    3609: (16, "The transaction ended in the trigger. The batch has been aborted."),
    3623: (16, "An invalid floating point operation occurred."),
    3701: (11, "Cannot {} the {} '{}', because it does not exist or you do not have permission."),
    3705: (16, "Cannot use DROP {} with '{}' because '{}' is a {}. Use DROP {}."),
    3723: (16, "An explicit DROP INDEX is not allowed on index '{}'. It is being used for {} constraint en"
          "forcement."),
    3724: (16, "Cannot drop the {} '{}' because it is being used for replication."),
    3725: (16, "The constraint '{}' is being referenced by table '{}', foreign key constraint '{}'."),
    3726: (16, "Could not drop object '{}' because it is referenced by a FOREIGN KEY constraint."),
    3728: (16, "'{}' is not a constraint."),
    3729: (16, "Cannot {} '{}' because it is being referenced by object '{}'."),
    3902: (16, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."),
    3903: (16, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."),
    3915: (16, "Cannot use the ROLLBACK statement within an INSERT-EXEC statement."),
    3916: (16, "Cannot use the COMMIT statement within an INSERT-EXEC statement unless BEGIN TRANSACTION is used"
          " first."),
    3930: (16, "The current transaction cannot be committed and cannot support operations that write to the log "
          "file. Roll back the transaction."),
    3931: (16, "The current transaction cannot be committed and cannot be rolled back to a savepoint. Roll back "
          "the entire transaction."),
    3998: (16, "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back."),
    4060: (11, "Cannot open database \"{}\" requested by the login. The login failed."),
    4104: (16, "The multi-part identifier \"{}\" could not be bound."),
    4108: (15, "Windowed functions can only appear in the SELECT or ORDER BY clauses."),
    4112: (15, "The function '{}' must have an OVER clause with ORDER BY."),
    4113: (16, "The function '{}' is not a valid windowing function, and cannot be used with the OVER clause."),
    4121: (16, "Cannot find either column \"{}\" or the user-defined function or aggregate \"{}\", or the name is "
          "ambiguous."),
    4127: (16, "At least one of the arguments to COALESCE must be an expression that is not the NULL constant."),
    4145: (15, "An expression of non-boolean type specified in a context where a condition is expected, near "
          "'{}'."),
    4151: (16, "The type of the first argument to NULLIF cannot be the NULL constant because the type of the "
          "first argument has to be known."),
    4194: (16, "RANGE is only supported with UNBOUNDED and CURRENT ROW window frame delimiters."),
    4502: (16, "View or function '{}' has more column names specified than columns defined."),
    4506: (16, "Column names in each view or function must be unique. Column name '{}' in view or function"
          " '{}' is specified more than once."),
    4511: (16, "Create View or Function failed because no column name was specified for column {}."),
    4512: (16, "Cannot schema bind {} '{}' because name '{}' is invalid for schema binding. Names must be in "
           "two-part format and an object cannot reference itself."),
    4712: (16, "Cannot truncate table '{}' because it is being referenced by a FOREIGN KEY constraint."),
    4901: (16, "ALTER TABLE only allows columns to be added that can contain nulls, or have a DEFAULT definition"
          " specified, or the column being added is an identity or timestamp column, or alternatively if "
          "none of the previous conditions are satisfied the table must be empty to allow addition of this "
          "column. Column '{}' cannot be added to non-empty table '{}' because it does not satisfy these "
          "conditions."),
    4902: (16, "Cannot find the object \"{}\" because it does not exist or you do not have permissions."),
    5074: (16, "The {} '{}' is dependent on {} '{}'."),
    5308: (16, "Windowed functions, aggregates and NEXT VALUE FOR functions do not support integer indices as "
          "ORDER BY clause expressions."),
    8102: (16, "Cannot update identity column '{}'."),
    6401: (16, "Cannot roll back {}. No transaction or savepoint of that name was found."),
    8101: (16, "An explicit value for the identity column in table '{}' can only be specified when a column list"
          " is used and IDENTITY_INSERT is ON."),
    8106: (16, "Table '{}' does not have the identity property. Cannot perform SET operation."),
    8107: (16, "IDENTITY_INSERT is already ON for table '{}'. Cannot perform SET operation for table '{}'."),
    8111: (16, "Cannot define PRIMARY KEY constraint on nullable column in table '{}'."),
    8112: (16, "Cannot add more than one clustered index for constraint on table '{}'."),
    8114: (16, "Error converting data type {} to {}."),
    8115: (16, "Arithmetic overflow error converting {} to data type {}."),
    8116: (16, "Argument data type {} is invalid for argument {} of {} function."),
    8117: (16, "Operand data type {} is invalid for {} operator."),
    8118: (16, "Column '{}' is invalid in the select list because it is not contained in an aggregate function "
          "and there is no GROUP BY clause."),
    8120: (16, "Column '{}' is invalid in the select list because it is not contained in either an aggregate "
          "function or the GROUP BY clause."),
    8121: (16, "Column '{}' is invalid in the HAVING clause because it is not contained in either an aggregate "
          "function or the GROUP BY clause."),
    8127: (16, "Column \"{}\" is invalid in the ORDER BY clause because it is not contained in either an aggregate "
          "function or the GROUP BY clause."),
    8133: (16, "At least one of the result expressions in a CASE specification must be an expression other than "
          "the NULL constant."),
    8134: (16, "Divide by zero error encountered."),
    8141: (16, "Column {} constraint for column '{}' references another column, table '{}'."),
    8143: (16, "Parameter '{}' was supplied multiple times."),
    8144: (16, "Procedure or function {} has too many arguments specified."),
    8145: (16, "{} is not a parameter for procedure {}."),
    8146: (16, "Procedure {} has no parameters and arguments were supplied."),
    8155: (16, "No column name was specified for column {} of '{}'."),
    8156: (16, "The column '{}' was specified multiple times for '{}'."),
    8158: (16, "'{}' has more columns than were specified in the column list."),
    8159: (16, "'{}' has fewer columns than were specified in the column list."),
    8161: (16, "Argument {} of the {} function does not match any of the expressions in the GROUP BY clause."),
    8162: (16, "The formal parameter \"{}\" was not declared as an OUTPUT parameter, but the actual parameter "
          "passed in requested output."),
    8164: (16, "An INSERT EXEC statement cannot be nested."),
    8169: (16, "Conversion failed when converting from a character string to uniqueidentifier."),
    8178: (16, "The parameterized query '{}' expects the parameter '{}', which was not supplied."),
    8179: (16, "Could not find prepared statement with handle {}."),
    8180: (16, "Statement(s) could not be prepared."),
    8623: (16, "The query processor ran out of internal resources and could not produce a query plan. This is a "
          "rare event and only expected for extremely complex queries or queries that reference a very "
          "large number of tables or partitions. Please simplify the query."),
    8672: (16, "The MERGE statement attempted to UPDATE or DELETE the same row more than once. This happens when"
          " a target row matches more than one source row. A MERGE statement cannot UPDATE/DELETE the same "
          "row of the target table multiple times. Refine the ON clause to ensure a target row matches at "
          "most one source row, or use the GROUP BY clause to group the source rows."),
    9810: (16, "The datepart {} is not supported by date function {} for data type {}."),
    9828: (16, "The second and third arguments of the TRANSLATE built-in function must contain an equal number of "
           "characters."),
    10700: (16, "The table-valued parameter \"{}\" is READONLY and cannot be modified."),
    10704: (15, "To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW "
          "statement inside a CATCH block, or add error parameters to the THROW statement."),
    10709: (16, "The number of columns for each row in a table value constructor must be the same."),
    10738: (15, "The number of row value expressions in the INSERT statement exceeds the maximum allowed number "
          "of 1000 row values."),
    10753: (15, "The function '{}' must have an OVER clause."),
    10756: (15, "Window frame with ROWS or RANGE must have an ORDER BY clause."),
    11508: (16, "The undeclared parameter '{}' is used in an expression whose type cannot be deduced. Decla"
          "re it, or convert it with CAST."),
    11535: (16, "EXECUTE statement failed because its WITH RESULT SETS clause specified {} result set(s), and the"
          " statement tried to send more result sets than this."),
    11536: (16, "EXECUTE statement failed because its WITH RESULT SETS clause specified {} result set(s), but the"
          " statement only sent {} result set(s) at run time."),
    11537: (16, "EXECUTE statement failed because its WITH RESULT SETS clause specified {} column(s) for result "
          "set number {}, but the statement sent {} column(s) at run time."),
    11538: (16, "EXECUTE statement failed because its WITH RESULT SETS clause specified type '{}' for column #{} "
          "in result set #{}, and the corresponding type sent at run time was '{}'; there is no conversion "
          "between the two types."),
    11553: (16, "EXECUTE statement failed because its WITH RESULT SETS clause specified a non-nullable type for "
          "column #{} in result set #{}, and the corresponding value sent at run time was null."),
    15002: (16, "The procedure '{}' cannot be executed within a transaction."),
    15009: (16, "The object '{}' does not exist in database '{}' or is invalid for this operation."),
    15123: (16, "The configuration option '{}' does not exist, or it may be an advanced option."),
    15124: (16, "The configuration option '{}' is not unique."),
    15129: (16, "'{}' is not a valid value for configuration option '{}'."),
    15150: (16, "Cannot {} the {} '{}'."),
    18456: (14, "Login failed for user '{}'."),
    35100: (16, "Error number {} in the THROW statement is outside the valid range. Specify an error number"
          " in the valid range of 50000 to 2147483647."),
    40508: (16, "USE statement is not supported to switch between databases. Use a new connection to connect to a"
          " different database."),
    40510: (16, "Statement '{}' is not supported in this version of SQL Server."),
    **EXTERNAL_MESSAGES,
    **MESSAGES_AGENT,
    **MESSAGES_BULK,
    **MESSAGES_CHANGES,
    **MESSAGES_EXTENSIBILITY,
    **MESSAGES_FLOW,
    **MESSAGES_GOVERNANCE,
    **MESSAGES_GRAMMAR,
    **MESSAGES_JSON,
    **MESSAGES_QUERIES,
    **MESSAGES_MODULES,
    **SECURITY_MESSAGES,
    **SIGNING_MESSAGES,
}  # fmt: skip


class SqlError(Exception):
    """An error as SQL Server reports it; ``line`` is 0 until the statement that raised it is known.

    ``message`` is the text as the client sees it; ``further`` are errors that the client is told after it.
    Severity 16 ends the statement; what else it ends is decided where statements are executed.
    """

    def __init__(
        self, number: int, message: str, *, severity: int = 16, state: int = 1, line: int = 0, procedure: str = ""
    ) -> None:
        super().__init__(message)
        self.number = number
        self.message = message
        self.severity = severity
        self.state = state
        self.line = line
        self.procedure = procedure
        self.further: tuple[SqlError, ...] = ()

    def __str__(self) -> str:
        return f"Msg {self.number}, Level {self.severity}, State {self.state}, Line {self.line}: {self.message}"


def sql_error(number: int, *values: object, line: int = 0, state: int = 1) -> SqlError:
    """The catalogued error ``number`` with its placeholders filled."""
    severity, text = MESSAGES[number]
    return SqlError(number, text.format(*values), severity=severity, state=state, line=line)


def unsupported(construct: str, *, line: int = 0, instead: str = "") -> SqlError:
    """Msg 40510: the embedded server does not carry out ``construct``; SQL Server may. ``instead`` is a sentence."""
    error = sql_error(40510, construct, line=line)
    return SqlError(error.number, f"{error.message} {instead}", line=line) if instead else error
