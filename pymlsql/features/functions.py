"""The T-SQL functions that an expression may use, with the numbers of their arguments, and others by why it may not.

All of FUNCTIONS give the same for the same arguments, in any session and at any time, and look at their row alone.
"""

from __future__ import annotations

_ONE = (
    "ABS ACOS ASIN ATAN CEILING COS COT DEGREES EXP FLOOR LOG10 RADIANS SIGN SIN SQRT SQUARE TAN "
    "LEN LOWER UPPER LTRIM RTRIM TRIM REVERSE SPACE UNICODE NCHAR DAY MONTH YEAR"
)
_TWO = "ATN2 POWER NULLIF ISNULL LEFT RIGHT PATINDEX REPLICATE DATEPART"
_THREE = "SUBSTRING REPLACE TRANSLATE DATEFROMPARTS DATEADD DATEDIFF DATEDIFF_BIG"

FUNCTIONS: dict[str, tuple[int, int | None]] = {
    **dict.fromkeys(_ONE.split(), (1, 1)),
    **dict.fromkeys(_TWO.split(), (2, 2)),
    **dict.fromkeys(_THREE.split(), (3, 3)),
    "PI": (0, 0), "LOG": (1, 2), "ROUND": (2, 3), "EOMONTH": (1, 2), "CHARINDEX": (2, 3), "STUFF": (4, 4),
    "COALESCE": (2, None), "CHOOSE": (2, None), "CONCAT": (2, 254), "CONCAT_WS": (3, 254),
}  # fmt: skip
"""By name in capitals: the fewest arguments and the most, None for any number; CAST, CONVERT and IIF come on top."""

_DATE = ("year", "quarter", "month", "dayofyear", "day")
_TIME = ("hour", "minute", "second", "millisecond")

DATEPARTS: dict[str, tuple[str, ...]] = {
    "DATEADD": (*_DATE, "week", *_TIME),
    "DATEDIFF": (*_DATE, "week", *_TIME),
    "DATEDIFF_BIG": (*_DATE, "week", *_TIME),
    "DATEPART": (*_DATE, "iso_week", *_TIME),
}
"""Functions whose first argument is a part of a date, and the parts that each takes, in full words."""

SESSION_DATEPARTS = ("week", "weekday", "wk", "ww", "dw", "w")
"""Parts that hang on SET DATEFIRST."""

AGGREGATES = frozenset(
    "APPROX_COUNT_DISTINCT AVG CHECKSUM_AGG COUNT COUNT_BIG GROUPING GROUPING_ID MAX MIN STDEV STDEVP STRING_AGG SUM "
    "VAR VARP".split()
)

RANKING = frozenset(
    "ROW_NUMBER RANK DENSE_RANK NTILE LAG LEAD FIRST_VALUE LAST_VALUE CUME_DIST PERCENT_RANK PERCENTILE_CONT "
    "PERCENTILE_DISC".split()
)
"""Functions over other rows."""

CHANGING = frozenset(
    "GETDATE GETUTCDATE SYSDATETIME SYSUTCDATETIME SYSDATETIMEOFFSET CURRENT_TIMESTAMP NEWID NEWSEQUENTIALID RAND "
    "CURRENT_USER SESSION_USER SYSTEM_USER USER USER_NAME SUSER_SNAME ORIGINAL_LOGIN HOST_NAME APP_NAME DB_NAME "
    "SESSION_CONTEXT CRYPT_GEN_RANDOM FORMAT DATENAME PARSE TRY_PARSE ISDATE".split()
)
"""Functions that hang on the clock, on chance, or on who asks in which language."""

STATEMENTS = (
    "SELECT", "WITH", "EXEC", "EXECUTE", "INSERT", "UPDATE", "DELETE", "MERGE", "DROP", "ALTER", "CREATE", "TRUNCATE",
    "DECLARE", "SET", "IF", "WHILE", "BEGIN", "GO", "USE", "GRANT", "FROM", "WHERE", "UNION", "EXISTS", "VALUES",
)  # fmt: skip
"""Words with which a statement or subquery begins."""
