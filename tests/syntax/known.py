"""Where the embedded server's grammar and Microsoft's parser are known to disagree, with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """``pattern`` is searched in a batch; ``example`` is a batch that shows the disagreement still is one."""

    pattern: str
    reason: str
    example: str

    def fits(self, batch: str) -> bool:
        """Whether the batch is about this."""
        return re.search(self.pattern, batch, re.IGNORECASE | re.DOTALL) is not None


OURS_ACCEPTS = (
    Known(r"\bALTER\s+DATABASE\b", "names of options are judged when it is carried out",
          "ALTER DATABASE d SET nonsense ON"),
    Known(r"\bEXTERNAL\s+(LANGUAGE|LIBRARY)\b", "their parser knows neither DROP of these nor AUTHORIZATION",
          "DROP EXTERNAL LIBRARY l"),
    Known(r"\bFROM\s+BINARY\b", "documented for CREATE CERTIFICATE, but not in their grammar",
          "CREATE CERTIFICATE c FROM BINARY = 0x01"),
    Known(r"\bIS\s+(NOT\s+)?DISTINCT\s+FROM\b", "of level 160", "SELECT 1 WHERE 1 IS NOT DISTINCT FROM 2"),
    Known(r"\b(IGNORE|RESPECT)\s+NULLS\b", "of level 160",
          "SELECT LAST_VALUE(a) IGNORE NULLS OVER (ORDER BY a) FROM (VALUES (1)) AS t (a)"),
    Known(r"\bTRIM\s*\(\s*(LEADING|TRAILING|BOTH)\b", "of level 160", "SELECT TRIM(LEADING 'x' FROM 'xa')"),
    Known(r"\bJSON_(OBJECT|ARRAY)\s*\(", "of level 160", "SELECT JSON_OBJECT('a':1)"),
    Known(r"\bOPENJSON\b", "documented: a variable may be the path", "SELECT value FROM OPENJSON(N'[1]', @path)"),
    Known(r"\bTOP\b.*\bPERCENT\b", "Msg 1031, raised when it is carried out", "SELECT TOP (101) PERCENT 1 AS a"),
    Known(r"\bOVER\b.*\b(ROWS|RANGE)\b", "frames that end before they begin: raised when it is carried out",
          "SELECT SUM(a) OVER (ORDER BY a ROWS BETWEEN 1 FOLLOWING AND 1 PRECEDING) AS s FROM t"),
    Known(r"\bDISTINCT\b.*\bOVER\b", "Msg 10759, raised when it is carried out",
          "SELECT COUNT(DISTINCT a) OVER () AS n FROM t"),
    Known(r"\bWITHIN\s+GROUP\b.*\bOVER\b", "Msg 10752, raised when it is carried out",
          "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY a) OVER (ORDER BY a) AS p FROM t"),
    Known(r"\bOVER\s+[^(\s]", "of level 160", "SELECT SUM(a) OVER w AS s FROM t"),
    Known(r"\bWINDOW\b", "of level 160",
          "SELECT SUM(a) OVER w AS s FROM (VALUES (1)) AS t (a) WINDOW w AS (ORDER BY a)"),
    Known(r"\bCREATE\b.*\bCLUSTERED\s+INDEX\b.*\bWHERE\b", "Msg 10610, raised when it is carried out",
          "CREATE CLUSTERED INDEX i ON t (a) WHERE a > 1"),
    Known(r"\bDEFAULT\b.*\bDEFAULT\b", "Msg 8148, raised when it is carried out",
          "CREATE TABLE t (a int DEFAULT 1 DEFAULT 2)"),
    Known(r"\bTABLE\b.*\b(DEFAULT|CHECK|AS)\b[^,]*\(\s*SELECT\b", "Msg 1046, raised when it is carried out",
          "CREATE TABLE t (a int, b AS (SELECT 1))"),
    Known(r"\bTABLE\b.*\bAS\b.*\bCHECK\b", "Msg 1764, raised when it is carried out",
          "CREATE TABLE t (a int, b AS a CHECK (b > 1))"),
    Known(r"\bOPENROWSET\b.*\b(FIELD|ROW)TERMINATOR\b", "documented for OPENROWSET of CSV",
          "SELECT a FROM OPENROWSET(BULK 'x', FORMAT = 'CSV', FIELDTERMINATOR = ';') AS t"),
    Known(r"\bOPTIMIZE_FOR_SEQUENTIAL_KEY\b|\bCOMPRESSION_DELAY\b.*\bMINUTES\b|\bXML_COMPRESSION\b|"
          r"\bWAIT_AT_LOW_PRIORITY\b", "documented for SQL Server 2022",
          "CREATE INDEX i ON t (a) WITH (XML_COMPRESSION = ON)"),
    Known(r"\bTABLE\b.*\bINDEX\b.*\bINCLUDE\b", "documented: an index in CREATE TABLE may have INCLUDE",
          "CREATE TABLE t (a int, INDEX i (a) INCLUDE (b))"),
    Known(r"\bDROP\s+SEQUENCE\b", "documented: the name of DROP SEQUENCE may have a database", "DROP SEQUENCE a.b.c"),
    Known(r"\bFOR\s+JSON\b.*\bWITHOUT_ARRAY_WRAPPER\b", "Msg 13620 with ROOT, raised when it is carried out",
          "SELECT 1 AS a FOR JSON PATH, ROOT('x'), WITHOUT_ARRAY_WRAPPER"),
)  # fmt: skip
"""What Microsoft's parser rejects and the embedded server does not."""

OURS_REJECTS = (
    Known(r"\bFETCH\s+NEXT\s+FETCH\b", "their parser takes NEXT for the name of a cursor", "FETCH NEXT FETCH c"),
    Known(r"\bJSON_OBJECT\b", "of level 160, where a colon stands behind each key", "SELECT JSON_OBJECT('a', 1) AS x"),
    Known(r"\bTRIM\s*\(\s*(LEADING|TRAILING|BOTH)\s+FROM\b", "documented: characters stand before FROM",
          "SELECT TRIM(BOTH FROM 'a') AS x"),
    Known(r"('[^']*'|\bNULL|\bEND|\))\s*\.\s*\w", "their parser takes members of values that have none",
          "SELECT 'x'.k"),
    Known(r"\(\s*(NULL|INDEX)\b|\bSET\s+\w+\s+NULL\b", "keywords that no name and no value can be there",
          "SET DATEFIRST NULL"),
    Known(r"\bTHROW\b", "documented: the statement before THROW ends with a semicolon; their parser does not ask",
          "DECLARE @a int THROW 50000, 'x', 1"),
    Known(r"\bWITH\b", "Msg 319: the statement before WITH ends with a semicolon; their parser does not ask",
          "SELECT 1 WITH a AS (SELECT 1 AS b) SELECT b FROM a"),
)  # fmt: skip
"""What Microsoft's parser accepts and the embedded server calls no T-SQL."""
