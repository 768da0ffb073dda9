"""docs/tsql-support.md from the function tables: ``python -m tests.tsql_support`` writes it."""

from __future__ import annotations

import textwrap
from pathlib import Path

from pymlsql.embedded.tsql.functions import FUNCTIONS, KNOWN_UNSUPPORTED
from pymlsql.embedded.tsql.functions.aggregates import PIECES
from pymlsql.embedded.tsql.functions.system import GLOBALS
from pymlsql.embedded.tsql.functions.windows import WINDOW_FUNCTIONS

PAGE = Path(__file__).parent.parent / "docs" / "tsql-support.md"

QUERIES = """
- SELECT with joins, derived tables, VALUES, CROSS and OUTER APPLY, views, inline functions, subqueries, PIVOT, UNPIVOT
- common table expressions; recursive ones of any number of anchors and recursive parts, with MAXRECURSION
- GROUP BY with ROLLUP, CUBE, GROUPING SETS, WITH ROLLUP and WITH CUBE; HAVING; GROUPING and GROUPING_ID
- OVER with ROWS and the two RANGE frames; at compatibility level 160 WINDOW, IGNORE NULLS and RESPECT NULLS
- UNION, UNION ALL, EXCEPT, INTERSECT; DISTINCT; ORDER BY; TOP with PERCENT and WITH TIES; OFFSET and FETCH
- comparison with ALL, ANY and SOME; LIKE with any pattern; IS [NOT] DISTINCT FROM at compatibility level 160
- OPENJSON with and without WITH, STRING_SPLIT; GENERATE_SERIES and STRING_SPLIT's ordinal at compatibility level 160
- FOR JSON PATH and AUTO, for the client and in subqueries; FOR XML PATH('') as concatenation
- table hints, join hints and OPTION: checked, and carried out where they change what is locked or the recursion's limit
""".strip()

STATEMENTS = """
- INSERT, UPDATE, DELETE and MERGE with TOP, OUTPUT and OUTPUT INTO, FROM, common table expressions; through views,
  common table expressions and derived tables whose change comes down to one table; .WRITE; INSERT ... EXECUTE
- table variables, table types and table-valued parameters; alias types of variables,
  parameters and columns
- procedures, inline functions, scalar functions (a single RETURN is written into the query, others run row by row);
  views and functions WITH SCHEMABINDING hold what they name
- cursors that only read: STATIC ones, which scroll, and FAST_FORWARD, FORWARD_ONLY, READ_ONLY ones; LOCAL and GLOBAL
- TRY ... CATCH, THROW, RAISERROR, WAITFOR DELAY and TIME, transactions with savepoints, sp_getapplock in all its modes,
  SET ROWCOUNT
""".strip()

REFUSED = """
- FOR XML except PATH('') of text, TABLESAMPLE, FOR SYSTEM_TIME of a view
- OPENROWSET except BULK with SINGLE_BLOB, SINGLE_CLOB, SINGLE_NCLOB or a format file of character fields; with WITH,
  ORDER, ERRORFILE and data sources; rows that it would leave out. OPENQUERY, OPENDATASOURCE, OPENXML
- FOR JSON AUTO of several tables with expressions in its list, or with ROOT without a name; GROUP BY ALL
- UNION in the recursive part of a common table expression; PERCENTILE_DISC of strings
- what the documentation leaves open: money * money with more than four digits of a fraction, a sum of decimals that
  loses digits because 38 do not hold it, EOMONTH of NULL months, DATEDIFF of strings with an offset, dates with the
  year in another place than CONVERT's style has it, FORMAT of decimals with literals in a custom picture
- characters that code page 1252 may have something like (from nvarchar to varchar), half a surrogate pair; REVERSE, and
  PATINDEX with _ or [], of strings with supplementary characters
- PARSE and TRY_PARSE with cultures other than en-US, en-GB and, for numbers, de-DE; of dates in other forms than ISO,
  numbers with four digits of a year and English names, with offsets for other types than datetimeoffset
- AT TIME ZONE with other than 23 well-known zones or years before 2008; FORMAT with cultures other than en-US, en-GB
  and the invariant one, of datetimeoffset, with exponents; Hijri dates (styles 130 and 131)
- CHECKSUM and BINARY_CHECKSUM of other than NEWID(); RAND with a seed that is NULL or beyond 2147483562, and RAND()
  behind RAND with seeds of rows
- values of sp_set_session_context that are no strings; SET LANGUAGE other than us_english and British
- static methods (type::method), ODBC escapes in braces
- under SET TRANSACTION ISOLATION LEVEL SNAPSHOT all but Msg 3952 for reading a table outside of a transaction
- multi-statement table-valued functions; scalar functions that read tables, in a transaction that has written; in
  constraints, defaults and computed columns where they read tables or call others, of temporary tables, or of another
  owner; EXECUTE AS of functions; SCHEMABINDING of procedures, of functions that change table variables
- KEYSET, DYNAMIC, SCROLL_LOCKS and OPTIMISTIC cursors, SCROLL without STATIC, WHERE CURRENT OF, cursor variables
- GOTO and labels; RAISERROR with a severity above 18; SELECT @x = ... that adds up over several rows
  other than exact numbers, or with ORDER BY, or that reads with FROM what it has assigned; UPDATE that reads a variable
  it assigns; .WRITE on NULL
- OUTPUT of a computed column of a view; a column named rowid
""".strip()

DEFINITIONS = """
- CREATE DATABASE with files, options or another collation; objects in model, users in model and tempdb; DB_NAME,
  OBJECT_ID and their like in views and functions of another database, and in defaults of its tables
- synonyms, triggers, partitions, indexes of views, full text
- SPARSE, ROWGUIDCOL and MASKED columns, columns of text, ntext, image, sql_variant and xml, INDEX behind a column
- IGNORE_DUP_KEY; DISABLE of a clustered index or of a key; a filter that begins with a constant
- PERSISTED columns whose determinism the documentation leaves open (DATEPART(week), dates as strings without a style)
- HISTORY_RETENTION_PERIOD other than INFINITE; FOR SYSTEM_TIME of a view; NOT NULL columns with a default, added to a
  system-versioned table; SELECT INTO with a rowversion column, or with an identity column from other than a table
- compatibility levels other than 150 and 160, and database options that would have another value than they have here
- sp_help and sp_helpconstraint of tables whose foreign keys SET DEFAULT; sp_help of modules with parameters of table
  types, and of sequences
- sp_helpdb, sp_sproc_columns, sp_special_columns and other catalog procedures
""".strip()

DEVIATIONS = """
- **Order of strings.** ORDER BY, MIN, MAX and comparison with < and > go by the weights of
  SQL_Latin1_General_CP1_CI_AS, those of Windows for nvarchar and sort order 52 for varchar. Letters that code page 1252
  has not come by their code points behind z; control characters, and ŠŽŒŸ in varchar, may come elsewhere.
- **Equality of strings.** Two strings are equal when their lower case is, but for trailing blanks. To SQL Server ß and
  ss are equal in nvarchar, so are æ and ae, ² and 2; Š and š are not in varchar. They come next to each other here.
- **Time.** datetime2, time and datetimeoffset keep microseconds; the seventh digit is lost.
- **sql_variant.** Functions that give one (SERVERPROPERTY, SESSIONPROPERTY and their like) give its text.
- **SUM and AVG of floats.** Beyond the range of float they are infinity until they are sent, where Msg 8115 is raised.
- **Cursors.** A cursor that is not STATIC has the rows of the moment it was opened, too: changes made while it is
  open are not seen by it.
- **sp_help without a name.** It lists the system objects that this server has, which are fewer.
- **Errors of names.** In a batch an unknown column is found when its statement is reached, not before the batch begins.
  CREATE PROCEDURE finds it at once, but in MERGE, cursors, and statements that read temporary tables or change through
  common table expressions.
""".strip()


def _words(names: set[str] | frozenset[str]) -> str:
    return textwrap.fill(", ".join(sorted(names)), 118)


def render() -> str:
    """The page."""
    plain = set(FUNCTIONS) - set(PIECES)
    newer = {name for name, function in FUNCTIONS.items() if function.level >= 160}
    parts = [
        "# What T-SQL the embedded server knows",
        "<!-- Written by `python -m tests.tsql_support`; a test compares. -->",
        "What is not listed as supported is refused with Msg 40510, which names it, and never carried out otherwise.",
        "## Queries", QUERIES,
        "## Statements", STATEMENTS,
        "## Functions", _words(plain),
        f"Only at compatibility level 160: {', '.join(sorted(newer))}.",
        "## Aggregates, also with OVER", _words(set(PIECES)),
        "## Window functions", _words(set(WINDOW_FUNCTIONS)),
        "## Global variables", _words(set(GLOBALS)),
        "## Refused functions", _words(KNOWN_UNSUPPORTED - set(FUNCTIONS) - set(WINDOW_FUNCTIONS)),
        "## Refused parts of queries", REFUSED,
        "## Refused parts of definitions", DEFINITIONS,
        "## Deviations", DEVIATIONS,
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
