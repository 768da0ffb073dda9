"""Binary values of all sizes, there and back again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.cases import fetch

SIZES = [1, 8000, 8001, (256 << 10) - 1, 256 << 10, (1 << 20) + 7, 64 << 20]
LARGE = hashlib.shake_256(b"large").digest((1 << 20) + 7)
FIRST, SECOND = LARGE[:-1], LARGE[1:]


@pytest.fixture(scope="module")
def table(connection: Any) -> Iterator[Any]:
    """dbo.large with FIRST, SECOND, a short value and NULL; and a table of the same shape to change."""
    connection.execute("CREATE TABLE dbo.large (id int NOT NULL CONSTRAINT PK_large PRIMARY KEY, data varbinary(max) "
                       "CONSTRAINT CK_large CHECK (DATALENGTH(data) > 0))")  # fmt: skip
    connection.execute("CREATE TABLE dbo.changed (id int NOT NULL CONSTRAINT PK_changed PRIMARY KEY, "
                       "data varbinary(max))")  # fmt: skip
    connection.execute("INSERT dbo.large VALUES (1, ?), (2, ?), (3, 0x03), (4, NULL)", FIRST, SECOND)
    connection.execute("CREATE VIEW dbo.large_view AS SELECT id, data FROM dbo.large")
    connection.execute("CREATE PROCEDURE dbo.large_data @id int, @data varbinary(max) OUTPUT AS "
                       "SELECT @data = data FROM dbo.large_view WHERE id = @id")  # fmt: skip
    yield connection
    for name in ("PROCEDURE dbo.large_data", "VIEW dbo.large_view", "TABLE dbo.large", "TABLE dbo.changed"):
        connection.execute(f"DROP {name}")


@pytest.mark.parametrize("size", SIZES)
def test_every_size_comes_back(connect: Any, size: int) -> None:
    data = hashlib.shake_256(b"%d" % size).digest(size)
    connection = connect()
    connection.execute("CREATE TABLE #sizes (data varbinary(max))")
    connection.execute("INSERT #sizes VALUES (?)", data)
    found = connection.execute("SELECT DATALENGTH(data), HASHBYTES('SHA2_256', data), data FROM #sizes").fetchall()
    assert [tuple(row) for row in found] == [(size, hashlib.sha256(data).digest(), data)]


QUERIES = {
    "SELECT id, data FROM dbo.large ORDER BY id": [(1, FIRST), (2, SECOND), (3, b"\3"), (4, None)],
    "SELECT v.data FROM (SELECT * FROM dbo.large_view) AS v WHERE v.id = 2": [(SECOND,)],
    "WITH c AS (SELECT data, id FROM dbo.large) SELECT data FROM c WHERE id = 1": [(FIRST,)],
    "SELECT data FROM dbo.large WHERE id = 1 UNION ALL SELECT 0x05": [(FIRST,), (b"\5",)],
    "SELECT COUNT(*) FROM (SELECT data FROM dbo.large UNION SELECT data FROM dbo.large_view) AS q": [(4,)],
    "SELECT COUNT(DISTINCT data), COUNT(data) FROM dbo.large": [(3, 3)],
    "SELECT id FROM dbo.large WHERE data = (SELECT data FROM dbo.large WHERE id = 2)": [(2,)],
    "SELECT a.id, b.id FROM dbo.large AS a JOIN dbo.large AS b ON a.data = b.data AND a.id < b.id": [],
    "SELECT id FROM dbo.large WHERE data IS NULL": [(4,)],
    "SELECT id, DATALENGTH(data) FROM dbo.large WHERE DATALENGTH(data) > 1": [(1, len(FIRST)), (2, len(SECOND))],
    "SELECT SUBSTRING(data, 2, 3) FROM dbo.large WHERE id = 1": [(FIRST[1:4],)],
    "SELECT SUBSTRING(data, 0, 3), SUBSTRING(data, 1048580, 100), SUBSTRING(data, id * 2, 1 + id), "
    "SUBSTRING(data, 5000000, 1), SUBSTRING(data, 2, 0) FROM dbo.large ORDER BY id":
        [(FIRST[:2], FIRST[1048579:], FIRST[1:3], b"", b""), (SECOND[:2], SECOND[1048579:], SECOND[3:6], b"", b""),
         (b"\3", b"", b"", b"", b""), (None, None, None, None, None)],
    "SELECT CASE WHEN id = 1 THEN data ELSE 0x01 END FROM dbo.large WHERE id < 3": [(FIRST,), (b"\1",)],
    "SELECT data + 0x01 FROM dbo.large WHERE id = 1": [(FIRST + b"\1",)],
    "SELECT id FROM dbo.large ORDER BY data, id": [(4,), (3,), *sorted([(1,), (2,)], key=lambda r: LARGE[r[0] - 1 :])],
    "DECLARE @m varbinary(max) = (SELECT data FROM dbo.large WHERE id = 1); SELECT HASHBYTES('SHA2_256', @m), @m":
        [(hashlib.sha256(FIRST).digest(), FIRST)],
    "DECLARE @m varbinary(max); EXEC dbo.large_data 2, @m OUTPUT; SELECT DATALENGTH(@m), @m": [(len(SECOND), SECOND)],
    "DECLARE @m varbinary(max) = 0x, @n varbinary(max), @p varbinary(max); "
    "SELECT @p = data FROM dbo.large WHERE id = 1; "
    "SET @m += @p; SET @n = @m; SET @m += 0x0102; SET @n += CAST(3 AS binary(2)); SET @m += @m; "
    "SELECT @m, @n, DATALENGTH(@m), HASHBYTES('SHA2_256', @n)":
        [((FIRST + b"\1\2") * 2, FIRST + b"\0\3", 2 * len(FIRST) + 4, hashlib.sha256(FIRST + b"\0\3").digest())],
    "DECLARE @m varbinary(max) = 0x01, @n varbinary(10); SET @m += (SELECT data FROM dbo.large WHERE id = 3); "
    "SELECT @m += 0x02; SELECT @m; SET @m += @n; SELECT @m": [(b"\1\3\2",), (None,)],
    "DECLARE @m varbinary(max), @n varbinary(max); SELECT @m = data FROM dbo.large WHERE id = 1; SET @n = @m; "
    "SELECT CASE WHEN @n = @m THEN 1 END, CASE WHEN @n IS NOT NULL AND LEN(@n) > 5 THEN 2 END": [(1, 2)],
}  # fmt: skip


@pytest.mark.parametrize(("query", "rows"), QUERIES.items(), ids=list(QUERIES))
def test_queries_over_large_values(table: Any, query: str, rows: list[tuple[Any, ...]]) -> None:
    assert [row for found in fetch(table.cursor(), query) for row in found] == rows


FILL = "DELETE FROM dbo.changed; INSERT INTO dbo.changed SELECT id, data FROM dbo.large; "
CHANGES = {
    "INSERT SELECT": ("", [FIRST, SECOND, b"\3", None]),
    "SELECT INTO": ("SELECT * INTO #copy FROM dbo.changed; DELETE FROM dbo.changed; "
                    "INSERT dbo.changed SELECT * FROM #copy; DROP TABLE #copy", [FIRST, SECOND, b"\3", None]),
    "UPDATE FROM": ("UPDATE c SET data = l.data FROM dbo.changed AS c JOIN dbo.large AS l ON l.id = 3 - c.id",
                    [SECOND, FIRST, b"\3", None]),
    "UPDATE from a variable": ("DECLARE @m varbinary(max) = (SELECT data FROM dbo.large WHERE id = 2); "
                               "UPDATE dbo.changed SET data = @m WHERE id > 2", [FIRST, SECOND, SECOND, SECOND]),
    "WRITE": ("UPDATE dbo.changed SET data.WRITE(0xABCD, NULL, 0) WHERE id IN (1, 3)",
              [FIRST + b"\xab\xcd", SECOND, b"\3\xab\xcd", None]),
    "OUTPUT INTO": ("CREATE TABLE #old (id int, data varbinary(max)); UPDATE dbo.changed SET data = 0x01 "
                    "OUTPUT deleted.id, deleted.data INTO #old WHERE id < 3; UPDATE c SET data = o.data + 0x02 "
                    "FROM dbo.changed AS c JOIN #old AS o ON o.id = c.id; DROP TABLE #old",
                    [FIRST + b"\2", SECOND + b"\2", b"\3", None]),
    "a rollback": ("BEGIN TRAN; UPDATE dbo.changed SET data = 0x01; DELETE FROM dbo.changed WHERE id = 1; ROLLBACK",
                   [FIRST, SECOND, b"\3", None]),
}  # fmt: skip


@pytest.mark.parametrize(("change", "values"), CHANGES.values(), ids=CHANGES)
def test_changes_of_large_values(table: Any, change: str, values: list[bytes | None]) -> None:
    table.execute(FILL)
    fetch(table.cursor(), f"SET NOCOUNT ON; {change}")
    assert [row.data for row in table.execute("SELECT data FROM dbo.changed ORDER BY id")] == values


def test_output_rows_have_the_bytes(table: Any) -> None:
    table.execute(FILL)
    found = table.execute("DELETE FROM dbo.changed OUTPUT deleted.id, deleted.data WHERE id < 3").fetchall()
    assert sorted(tuple(row) for row in found) == [(1, FIRST), (2, SECOND)]


def test_a_parameter_goes_through_a_procedure_and_back(table: Any) -> None:
    table.execute(FILL)
    sql = ("DECLARE @m varbinary(max) = ?; INSERT dbo.changed SELECT 7, @m WHERE NOT EXISTS "
           "(SELECT 1 FROM dbo.changed WHERE data = @m); SELECT data FROM dbo.changed WHERE id = 7")  # fmt: skip
    assert fetch(table.cursor(), f"SET NOCOUNT ON; {sql}", LARGE) == [[(LARGE,)]]
    assert fetch(table.cursor(), f"SET NOCOUNT ON; DELETE dbo.changed WHERE id = 7; {sql}", FIRST) == [[]]


SCRIPT = "import hashlib; digest = hashlib.sha256(data).digest(); other = data[::-1]"


@pytest.mark.usefixtures("scripts_enabled")
def test_a_script_gets_a_stored_value_and_gives_one_back(table: Any) -> None:
    sql = ("DECLARE @m varbinary(max) = (SELECT data FROM dbo.large WHERE id = 1), @d binary(32), @o varbinary(max); "
           f"EXEC sp_execute_external_script @language = N'Python', @script = N'{SCRIPT}', "
           "@params = N'@data varbinary(max), @digest varbinary(32) OUTPUT, @other varbinary(max) OUTPUT', @data = @m, "
           "@digest = @d OUTPUT, @other = @o OUTPUT; DELETE FROM dbo.changed; INSERT dbo.changed VALUES (1, @o); "
           "SELECT @d, data FROM dbo.changed")  # fmt: skip
    assert fetch(table.cursor(), f"SET NOCOUNT ON; {sql}") == [[(hashlib.sha256(FIRST).digest(), FIRST[::-1])]]
