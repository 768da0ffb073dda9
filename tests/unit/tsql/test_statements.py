"""Statements without semicolons, tokens, messages, and texts that are no T-SQL at all."""

from __future__ import annotations

import itertools
import random
import re
import time
from pathlib import Path

import pytest

import pymlsql.embedded
from pymlsql.embedded.tsql.lexer import tokenize
from pymlsql.embedded.tsql.messages import MESSAGES, SqlError
from pymlsql.embedded.tsql.parser import parse_batch

STATEMENTS = """
SELECT 1
SELECT a, b AS c FROM t
SELECT * FROM t AS x WHERE a = 1 AND b LIKE 'x%'
SELECT COUNT(*) FROM t GROUP BY a HAVING COUNT(*) > 1 ORDER BY a DESC
SELECT a FROM t UNION ALL SELECT b FROM u
SELECT TOP (3) * FROM t LEFT JOIN u ON t.a = u.a
SELECT CASE WHEN a = 1 THEN 'x' ELSE 'y' END FROM t
SELECT @x = a FROM t
SELECT 1 AS a INTO #t
(SELECT 1)
INSERT t VALUES (1, 'a'), (2, DEFAULT)
INSERT INTO t (a, b) SELECT a, b FROM u
INSERT t DEFAULT VALUES
INSERT t EXEC dbo.p
UPDATE t SET a = a + 1 WHERE b = 2
UPDATE x SET a = 1 FROM t AS x JOIN u ON u.a = x.a
DELETE FROM t WHERE a IN (1, 2)
DELETE t OUTPUT deleted.a
TRUNCATE TABLE t
DECLARE @a int, @b nvarchar(10) = N'x'
SET @a = 1
SET @a += (SELECT MAX(a) FROM t)
SET NOCOUNT ON
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
IF @a = 1 SELECT 1
IF @a = 1 SELECT 1 ELSE SELECT 2
IF EXISTS (SELECT 1 FROM t) BEGIN SELECT 1 SELECT 2 END
WHILE @a < 10 SET @a += 1
BEGIN SELECT 1 END
BEGIN TRY SELECT 1 END TRY BEGIN CATCH SELECT 2 END CATCH
BEGIN TRAN
BEGIN TRANSACTION named
COMMIT
COMMIT TRANSACTION
ROLLBACK TRAN
SAVE TRAN a
PRINT 'x'
RAISERROR('x', 16, 1)
EXEC dbo.p
EXEC @r = dbo.p 1, @b = 'x'
EXEC ('SELECT 1')
EXEC ('SELECT 1') AS USER = 'u'
EXECUTE AS USER = 'u'
EXECUTE AS LOGIN = @l WITH NO REVERT
EXECUTE AS USER = 'u' WITH COOKIE INTO @c
EXECUTE AS CALLER
REVERT
REVERT WITH COOKIE = @c
CREATE CERTIFICATE c ENCRYPTION BY PASSWORD = 'p' WITH SUBJECT = 's', START_DATE = '20200101'
CREATE CERTIFICATE c AUTHORIZATION u FROM BINARY = 0x12 WITH PRIVATE KEY (BINARY = 0x34, DECRYPTION BY PASSWORD = 'p')
ALTER CERTIFICATE c REMOVE PRIVATE KEY
DROP CERTIFICATE c
CREATE MASTER KEY ENCRYPTION BY PASSWORD = 'p'
DROP MASTER KEY
ADD SIGNATURE TO dbo.p BY CERTIFICATE c WITH PASSWORD = 'p', CERTIFICATE d
ADD COUNTER SIGNATURE TO OBJECT::dbo.p BY CERTIFICATE c WITH SIGNATURE = 0x12
DROP SIGNATURE FROM dbo.p BY CERTIFICATE c
DROP COUNTER SIGNATURE FROM dbo.p BY CERTIFICATE c
EXECUTE dbo.p @a OUTPUT
RETURN
WAITFOR DELAY '00:00:01'
CREATE TABLE #a (a int NOT NULL PRIMARY KEY, b nvarchar(max) NULL)
ALTER TABLE t ADD c int NULL
ALTER TABLE t DROP COLUMN c
DROP TABLE IF EXISTS t
CREATE INDEX i ON t (a)
DROP INDEX i ON t
USE master
""".strip().splitlines()

# What follows would belong to them: a name, an argument, or the end of a batch.
TAKES_MORE = {"SET TRANSACTION ISOLATION LEVEL READ COMMITTED"}
PAIRS = [(a, b) for a, b in itertools.product(STATEMENTS, STATEMENTS) if a not in TAKES_MORE]


def _shape(sql: str) -> list[str]:
    return [type(statement).__name__ for statement in parse_batch(sql).statements]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_statement_is_one_statement(statement: str) -> None:
    assert len(_shape(statement)) == 1


@pytest.mark.parametrize("first", [s for s in STATEMENTS if s not in TAKES_MORE])
def test_statement_ends_where_the_next_begins(first: str) -> None:
    """Without a semicolon; a query in brackets may go on where one before it ended, so that it is left out."""
    for second in STATEMENTS:
        if not second.startswith("("):
            assert _shape(f"{first} {second}") == _shape(first) + _shape(second), second


@pytest.mark.parametrize(
    ("sql", "number", "line"),
    [
        ("SELECT 'abc", 105, 1),
        ("SELECT 1\n/* open", 113, 2),
        ("SELECT 1\nSET @a 1", 102, 2),
        ("IF 1 = 1\n\nEND", 156, 3),
        ("ADD SIGNATURE TO p BY ASYMMETRIC KEY k", 40510, 1),
        ("EXECUTE AS SELF", 102, 1),
        ("CREATE VIEW v WITH EXECUTE AS OWNER AS SELECT 1 AS a", 156, 1),
        ("CREATE CERTIFICATE c ENCRYPTION BY PASSWORD = @p WITH SUBJECT = 's'", 102, 1),
        ("CREATE CERTIFICATE c\nFROM FILE = 'c.cer'", 40510, 1),
        ("UPDATE STATISTICS t", 40510, 1),
        ("SELECT 1\nCREATE VIEW v AS SELECT 1 AS a", 111, 2),
    ],
)
def test_error_tells_number_and_line(sql: str, number: int, line: int) -> None:
    with pytest.raises(SqlError) as caught:
        parse_batch(sql)
    assert (caught.value.number, caught.value.line) == (number, line)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("a.[b]]c] \"d\"", ["word", "operator", "quoted", "quoted"]),
        ("@a @@b #t", ["variable", "variable", "word"]),
        ("1 1.5 .5 1e3 0xFF 0x", ["number", "number", "number", "number", "binary", "binary"]),
        ("N'it''s' 'x'", ["string", "string"]),
        ("a -- c\n/* /* nested */ */ b", ["word", "word"]),
        ("<> <= !< += :: {", ["operator"] * 6),
    ],
)
def test_text_has_tokens(text: str, kinds: list[str]) -> None:
    assert [token.kind for token in tokenize(text)][:-1] == kinds


def test_every_number_in_the_code_is_catalogued() -> None:
    used = set()
    for path in Path(pymlsql.embedded.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        used |= {int(number) for number in re.findall(r"\b(?:sql_error|raise_sql|check_grouped)\((\d+)", text)}
    assert used - set(MESSAGES) == set()


_WORDS = [token.text for statement in STATEMENTS for token in tokenize(statement) if token.text] + list("(),;*=+-.'[\"")


def _soup(seconds: float, seed: int) -> int:
    """Texts of random tokens: each is parsed, or refused with a SqlError."""
    random_, end, count = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        text = " ".join(random_.choices(_WORDS, k=random_.randint(1, 30)))
        count += 1
        try:
            parse_batch(text)
        except SqlError:
            continue
    return count


def test_token_soup_is_parsed_or_refused() -> None:
    assert _soup(5.0, 1) > 100


@pytest.mark.soak
def test_token_soup_is_parsed_or_refused_for_long(soak_s: float) -> None:
    assert _soup(soak_s, time.time_ns()) > 100
