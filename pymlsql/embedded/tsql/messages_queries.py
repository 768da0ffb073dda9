"""Messages about queries."""

from __future__ import annotations

MESSAGES_QUERIES: dict[int, tuple[int, str]] = {
    144: (15, "Cannot use an aggregate or a subquery in an expression used for the group by list of a GROUP BY "
              "clause."),
    247: (16, "An anchor member was found in the recursive part of recursive query \"{}\"."),
    265: (16, "The column name \"{}\" specified in the {} operator conflicts with the existing column name in the {} "
              "argument."),
    277: (16, "The column \"{}\" is specified multiple times in the column list of the UNPIVOT operator."),
    308: (16, "Index '{}' on table '{}' (specified in the FROM clause) does not exist."),
    406: (16, "{} cannot be used in the PIVOT operator because it is not invariant to NULLs."),
    465: (16, "Recursive references are not allowed in subqueries."),
    471: (16, "Only one of the three options, SINGLE_BLOB, SINGLE_CLOB or SINGLE_NCLOB, can be specified."),
    472: (16, "Either a format file or one of the three options SINGLE_BLOB, SINGLE_CLOB, or SINGLE_NCLOB must be "
              "specified."),
    473: (16, "The incorrect value \"{}\" is supplied in the PIVOT operator."),
    488: (16, "GROUP BY/PIVOT column \"{}\" is of a type that cannot be compared."),
    491: (16, "A correlation name must be specified for the bulk rowset in the from clause."),
    1008: (16, "The SELECT item identified by the ORDER BY number {} contains a variable as part of the expression "
               "identifying a column position. Variables are only allowed when ordering by an expression referencing "
               "a column name."),
    1014: (15, "A TOP or FETCH clause contains an invalid value."),
    1015: (15, "An aggregate cannot appear in an ON clause unless it is in a subquery contained in a HAVING clause "
               "or select list, and the column being aggregated is an outer reference."),
    1023: (15, "Invalid parameter {} specified for {}."),
    1042: (15, "Conflicting {} optimizer hints specified."),
    1047: (15, "Conflicting locking hints specified."),
    1056: (15, "The number of elements in the select list exceeds the maximum allowed number of {} elements."),
    4109: (15, "Windowed functions cannot be used in the context of another windowed function or aggregate."),
    4115: (15, "The reference to column \"{}\" is not allowed in an argument to a TOP, OFFSET, or FETCH clause. Only "
               "references to columns at an outer scope or standalone expressions and subqueries are allowed here."),
    4116: (15, "The function 'ntile' takes only a positive int or bigint expression as its input."),
    4123: (15, "Window element in OVER clause can not also be specified in WINDOW clause."),
    4193: (16, "'BETWEEN ... FOLLOWING AND ... PRECEDING' is not a valid window frame and cannot be used with the "
               "OVER clause."),
    4199: (16, "Argument value {} is invalid for argument {} of {} function."),
    5309: (16, "Windowed functions, aggregates and NEXT VALUE FOR functions do not support constants as ORDER BY "
               "clause expressions."),
    5362: (15, "Window '{}' is undefined."),
    5365: (15, "Cyclic window references are not permitted."),
    5373: (16, "All the input parameters should be of the same type. Supported types are tinyint, smallint, int, "
               "bigint, decimal and numeric."),
    6819: (16, "The FOR XML and FOR JSON clauses are not allowed in a {} statement."),
    8167: (16, "The type of column \"{}\" conflicts with the type of other columns specified in the UNPIVOT list."),
    8171: (16, "Hint '{}' on object '{}' is invalid."),
    8726: (16, "Input parameter of percentile function must be a constant."),
    8727: (16, "Input parameter of percentile function is outside of range [0, 1]."),
    8730: (16, "Offset parameter for Lag and Lead functions cannot be a negative value."),
    8733: (16, "Separator parameter for STRING_AGG must be a string literal or variable."),
    8748: (16, "The enable_ordinal argument for string_split only supports constant values (not variables or "
               "columns)."),
    9829: (16, "STRING_AGG aggregation result exceeded the limit of 8000 bytes. Use LOB types to avoid result "
               "truncation."),
    10715: (15, "'{}' is not a valid hint."),
    10734: (15, "Variable assignment is not allowed in a statement containing a top level UNION, INTERSECT or EXCEPT "
            "operator."),
    10741: (15, "A TOP can not be used in the same query or sub-query as a OFFSET."),
    10742: (15, "The offset specified in a OFFSET clause may not be negative."),
    10744: (15, "The number of rows provided for a FETCH clause must be greater then zero."),
    10751: (15, "The ORDER BY in WITHIN GROUP clause of '{}' function must have exactly one expression."),
    10752: (15, "The function '{}' may not have a window frame."),
    10754: (15, "The function '{}' must have a WITHIN GROUP clause."),
    10755: (15, "The function '{}' takes between {} and {} arguments."),
    10757: (15, "The function '{}' may not have a WITHIN GROUP clause."),
    10758: (15, "The function '{}' may not have ORDER BY in OVER clause."),
    10759: (15, "Use of DISTINCT is not allowed with the OVER clause."),
    16211: (15, "Cannot repeat window name in the WINDOW clause."),
}  # fmt: skip
