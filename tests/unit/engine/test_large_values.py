"""Large values in tables: what is passed on, compared, rolled back, damaged and collected."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pymlsql.embedded.engine.engine import Engine
from pymlsql.embedded.tds.requests import Login, Parameter, Rpc, RpcCall, SqlBatch
from pymlsql.embedded.tds.responses import ColMetadata, Done
from pymlsql.embedded.tsql.references import INLINE_BYTES, MAGIC, REFERENCE_BYTES
from pymlsql.embedded.tsql.types import MAX, nvarchar, varbinary
from tests.unit.engine.conftest import Client

BIG = bytes(range(256)) * 2048
OTHER = BIG[:-1] + b"!"
MARKED = MAGIC + bytes(REFERENCE_BYTES - len(MAGIC))
"""What a reference to nothing would look like."""


class Filled:
    """An engine over a directory with table dbo.t: 1 BIG, 2 MARKED, 3 short, 4 NULL, 5 OTHER."""

    def __init__(self, directory: Path) -> None:
        self.folder = directory / "values"
        self.directory = directory
        self.start()

    def start(self) -> None:
        self.engine = Engine(self.directory / "pymlsql.duckdb", password="p")
        self.client = self.login()

    def login(self) -> Client:
        return Client(self.engine.login(Login(user="sa", password="p"), client_host="here"))

    def restart(self) -> None:
        self.engine.close()
        self.start()

    def run(self, text: str, *values: bytes | None, client: Client | None = None) -> list[tuple[Any, ...]]:
        """A batch with @p0, @p1 ... of varbinary(max). Errors are kept in ``client.errors``."""
        client = client or self.client
        if not values:
            return client.run(text)
        declared = ", ".join(f"@p{place} varbinary(max)" for place in range(len(values)))
        texts = [Parameter("", nvarchar(MAX), text), Parameter("", nvarchar(MAX), declared)]
        given = [Parameter(f"@p{place}", varbinary(MAX), value) for place, value in enumerate(values)]
        client.rows, client.errors = [], []
        client.session.run(Rpc((RpcCall("sp_executesql", (*texts, *given)),)), client._take)
        return client.rows

    def files(self) -> int:
        return len(list(self.folder.iterdir())) if self.folder.exists() else 0

    def collect(self) -> int:
        """Collect now, whatever the time; the number of files that are left."""
        gc.collect()
        self.engine._next_collection = 0.0
        self.run("SELECT 1")
        return self.files()


def fill(made: Filled) -> Filled:
    made.run("CREATE TABLE dbo.t (id int NOT NULL PRIMARY KEY, data varbinary(max), CHECK (DATALENGTH(data) > 0))")
    insert = "INSERT dbo.t VALUES (1, @p0), (2, @p1), (3, 0x0102), (4, NULL), (5, @p2)"
    made.run(insert, BIG, MARKED, OTHER)
    assert made.client.errors == []
    return made


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    made = fill(Filled(tmp_path))
    yield made
    made.engine.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """For tests that change nothing."""
    made = fill(Filled(tmp_path_factory.mktemp("shared")))
    yield made
    made.engine.close()


ROWS = [(1, BIG), (2, MARKED), (3, b"\1\2"), (4, None), (5, OTHER)]


def test_what_is_large_or_marked_lies_in_files(filled: Filled) -> None:
    assert filled.files() == 3
    cells = filled.engine.cursor().execute(f"SELECT octet_length(data) FROM {stored_table(filled)} ORDER BY id")
    assert [row[0] for row in cells.fetchall()] == [REFERENCE_BYTES, REFERENCE_BYTES, 2, None, REFERENCE_BYTES]


def stored_table(filled: Filled) -> str:
    """DuckDB's name of dbo.t."""
    return filled.engine.catalog.find("dbo", "t").sql  # type: ignore[union-attr]


PASSED = {
    "a column": "SELECT id, data FROM dbo.t",
    "all columns": "SELECT * FROM dbo.t",
    "a derived table": "SELECT q.id, q.d FROM (SELECT id, data AS d FROM dbo.t) AS q",
    "a common table expression": "WITH c AS (SELECT id, data FROM dbo.t) SELECT * FROM c",
    "UNION ALL": "SELECT * FROM dbo.t WHERE id < 3 UNION ALL SELECT * FROM dbo.t WHERE id > 2",
    "UNION ALL with values": "SELECT * FROM dbo.t WHERE id <> 3 UNION ALL SELECT 3, 0x0102",
    "UNION": "SELECT * FROM dbo.t UNION SELECT * FROM dbo.t",
    "UNION with values": "SELECT * FROM dbo.t UNION SELECT 3, 0x0102",
    "INTERSECT": "SELECT * FROM dbo.t INTERSECT SELECT * FROM dbo.t",
    "EXCEPT": "SELECT * FROM dbo.t EXCEPT SELECT 9, 0x09",
    "DISTINCT": "SELECT DISTINCT * FROM dbo.t",
    "TOP": "SELECT TOP (5) id, data FROM dbo.t ORDER BY id",
    "ORDER BY the value": "SELECT id, data FROM dbo.t ORDER BY data",
    "GROUP BY the value": "SELECT MIN(id), data FROM dbo.t GROUP BY data",
    "a join": "SELECT a.id, b.data FROM dbo.t AS a LEFT JOIN dbo.t AS b ON b.id = a.id",
    "APPLY": "SELECT a.id, b.data FROM dbo.t AS a OUTER APPLY (SELECT data FROM dbo.t AS x WHERE x.id = a.id) AS b",
    "a subquery": "SELECT id, (SELECT data FROM dbo.t AS x WHERE x.id = t.id) FROM dbo.t AS t",
    "an outer column": "SELECT id, (SELECT t.data) FROM dbo.t AS t",
    "a conversion": "SELECT id, CAST(data AS varbinary(max)) FROM dbo.t",
    "CONVERT": "SELECT id, CONVERT(varbinary(max), (data)) FROM dbo.t",
    "CASE": "SELECT id, CASE WHEN id > 0 THEN data END FROM dbo.t",
    "ISNULL": "SELECT id, ISNULL(data, NULL) FROM dbo.t",
    "concatenation": "SELECT id, data + 0x FROM dbo.t",
    "LAG": "SELECT id, LAG(data, 0) OVER (ORDER BY id) FROM dbo.t",
    "an aggregate": "SELECT id, MAX(data) FROM dbo.t GROUP BY id",
}


@pytest.mark.parametrize("query", PASSED.values(), ids=PASSED)
def test_queries_give_the_bytes(shared: Filled, query: str) -> None:
    assert sorted(shared.run(query)) == ROWS, shared.client.errors


COPIES = {
    "SELECT INTO": "SELECT id, data INTO {} FROM dbo.t",
    "INSERT SELECT": "CREATE TABLE {} (id int, data varbinary(max)); INSERT INTO {} SELECT id, data FROM dbo.t",
    "a view": "SELECT id, data INTO {} FROM dbo.v",
    "UPDATE": "SELECT id, CAST(NULL AS varbinary(max)) AS data INTO {} FROM dbo.t; "
              "UPDATE c SET data = t.data FROM {} AS c JOIN dbo.t AS t ON t.id = c.id",
    "OUTPUT": "CREATE TABLE {} (id int, data varbinary(max)); "
              "UPDATE dbo.t SET data = data OUTPUT inserted.id, deleted.data INTO {}",
    "INSERT EXEC": "CREATE TABLE {} (id int, data varbinary(max)); INSERT {} EXEC (N'SELECT * FROM dbo.t')",
    "variables": "CREATE TABLE {} (id int, data varbinary(max)); "
                 "DECLARE @i int = 1, @m varbinary(max), @n varbinary(max); WHILE @i < 6 "
                 "BEGIN SELECT @m = data FROM dbo.t WHERE id = @i; SET @n = @m; "
                 "INSERT INTO {} VALUES (@i, @n); SET @i += 1; END",
    "parameters": "CREATE TABLE {} (id int, data varbinary(max)); DECLARE @i int = 1, @m varbinary(max); "
                  "WHILE @i < 6 BEGIN EXEC dbo.get_data @i, @m OUTPUT; INSERT INTO {} SELECT @i, @m; SET @i += 1; END",
    "an added column": "SELECT id INTO {} FROM dbo.t; ALTER TABLE dbo.t ADD other varbinary(max); "
                       "UPDATE dbo.t SET other = data; DROP TABLE {}; SELECT id, other AS data INTO {} FROM dbo.t",
}  # fmt: skip


@pytest.mark.parametrize("target", ["dbo.copy", "#copy"])
@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_copies_share_their_files(filled: Filled, copy: str, target: str) -> None:
    filled.run("CREATE VIEW dbo.v AS SELECT id, data FROM dbo.t")
    filled.run("CREATE PROCEDURE dbo.get_data @id int, @data varbinary(max) OUTPUT AS "
               "SELECT @data = data FROM dbo.t WHERE id = @id")  # fmt: skip
    filled.run(copy.replace("{}", target))
    assert filled.client.errors == []
    assert filled.run(f"SELECT id, data FROM {target} ORDER BY id") == ROWS
    filled.run("DELETE FROM dbo.t")
    assert filled.collect() == 3
    assert filled.run(f"SELECT id, data FROM {target} ORDER BY id") == ROWS
    filled.run(f"DROP TABLE {target}")
    assert filled.collect() == 0


ASKED = {
    "SELECT COUNT(*), COUNT(data), COUNT(DISTINCT data) FROM dbo.t": [(5, 4, 4)],
    "SELECT id FROM dbo.t WHERE data IS NULL": [(4,)],
    "SELECT id FROM dbo.t WHERE data = @p0": [(1,)],
    "SELECT id FROM dbo.t WHERE data = @p1": [(2,)],
    "SELECT id FROM dbo.t WHERE data <> @p0 AND id <> 3": [(2,), (5,)],
    "SELECT id FROM dbo.t WHERE data > @p0 ORDER BY id": [(2,), (3,)],
    "SELECT id FROM dbo.t WHERE data IN (SELECT data FROM dbo.t WHERE id IN (2, 5))": [(2,), (5,)],
    "SELECT id FROM dbo.t WHERE EXISTS (SELECT * FROM dbo.t AS o WHERE o.data = t.data)": [(1,), (2,), (3,), (5,)],
    "SELECT id, DATALENGTH(data), LEN(data) FROM dbo.t WHERE id < 5":
        [(1, len(BIG), len(BIG)), (2, 56, 56), (3, 2, 2), (4, None, None)],
    "SELECT HASHBYTES('SHA2_256', data), HASHBYTES('MD5', data) FROM dbo.t WHERE id < 3":
        [(hashlib.sha256(v).digest(), hashlib.md5(v).digest()) for v in (BIG, MARKED)],
    "SELECT SUBSTRING(data, 255, 3) FROM dbo.t WHERE id < 3": [(BIG[254:257],), (b"",)],
    "SELECT CONVERT(varchar(20), CONVERT(varbinary(4), data), 1) FROM dbo.t WHERE id = 1": [("0x00010203",)],
    "DECLARE @m varbinary(max) = (SELECT data FROM dbo.t WHERE id = 1); "
    "SELECT DATALENGTH(@m), LEN(@m), HASHBYTES('SHA1', @m), CASE WHEN @m = @p0 THEN 1 END, SUBSTRING(@m, 2, 2)":
        [(len(BIG), len(BIG), hashlib.sha1(BIG).digest(), 1, b"\1\2")],
    "DECLARE @m varbinary(max); SELECT @m = data FROM dbo.t WHERE id = 2; SELECT @m, @m + 0x01, DATALENGTH(@m)":
        [(MARKED, MARKED + b"\1", len(MARKED))],
    "DECLARE @m varbinary(max) = @p0; IF @m IS NULL OR 1 = 0 SELECT 0 ELSE SELECT @m UNION ALL SELECT @p1":
        [(BIG,), (MARKED,)],
    "DECLARE @m varbinary(10); SELECT @m = data FROM dbo.t WHERE id = 1; SELECT @m": [(BIG[:10],)],
}  # fmt: skip


@pytest.mark.parametrize(("query", "rows"), ASKED.items(), ids=list(ASKED))
def test_what_is_asked_of_large_values(shared: Filled, query: str, rows: list[tuple[Any, ...]]) -> None:
    assert shared.run(query, BIG, MARKED) == rows, shared.client.errors


def test_what_need_not_be_read_is_not(filled: Filled) -> None:
    for path in filled.folder.iterdir():
        path.unlink()
    count = "SELECT COUNT(data), COUNT(DISTINCT data), SUM(DATALENGTH(data)) FROM dbo.t WHERE data IS NOT NULL"
    assert filled.run(count) == [(4, 4, 2 * len(BIG) + 58)]
    assert filled.run("SELECT COUNT(*) FROM dbo.t AS a JOIN dbo.t AS b ON a.data = b.data") == [(4,)]
    filled.run("SELECT * INTO dbo.copy FROM dbo.t; DECLARE @m varbinary(max) = (SELECT data FROM dbo.t WHERE id = 1); "
               "UPDATE dbo.copy SET data = @m; DELETE FROM dbo.t")  # fmt: skip
    assert filled.client.errors == []
    columns = ("data", "HASHBYTES('SHA2_256', data)", "SUBSTRING(data, 1, 1)", "CASE WHEN data = 0x01 THEN 1 END")
    for column in columns:
        assert filled.run(f"SELECT {column} FROM dbo.copy") == []
        assert filled.client.errors == [823]


@pytest.mark.parametrize("piece", [b"+", BIG], ids=["a byte", "much"])
@pytest.mark.parametrize("row", [1, 2, 3, 4])
def test_write_appends(filled: Filled, row: int, piece: bytes) -> None:
    filled.run(f"UPDATE dbo.t SET data.WRITE(@p0, NULL, 0) WHERE id = {row}", piece)
    old = ROWS[row - 1][1]
    assert filled.run(f"SELECT data FROM dbo.t WHERE id = {row}") == [(None if old is None else old + piece,)]
    assert filled.client.errors == []


def test_checks_look_at_the_value(filled: Filled) -> None:
    filled.run("ALTER TABLE dbo.t ADD CONSTRAINT CK_small CHECK (DATALENGTH(data) < 1000000 AND SUBSTRING(data, 1, 1) "
               "<> 0xFF)")  # fmt: skip
    assert filled.client.errors == []
    filled.run("INSERT dbo.t VALUES (6, @p0)", BIG * 2)
    assert filled.client.errors == [547]
    filled.run("UPDATE dbo.t SET data = @p0 WHERE id = 3", b"\xff" + BIG)
    assert filled.client.errors == [547]
    filled.run("INSERT dbo.t VALUES (6, @p0)", b"\xfe" + BIG)
    assert filled.client.errors == []


def test_a_column_that_becomes_varbinary_max_holds_no_false_reference(filled: Filled) -> None:
    filled.run("CREATE TABLE dbo.n (data varbinary(100))")
    filled.run("INSERT dbo.n VALUES (@p0), (0x01)", MARKED)
    filled.run("ALTER TABLE dbo.n ALTER COLUMN data varbinary(max)")
    filled.run(f"ALTER TABLE dbo.n ADD more varbinary(max) NOT NULL DEFAULT 0x{MARKED.hex()}; "
               "INSERT dbo.n (data) VALUES (0x02)")  # fmt: skip
    assert filled.client.errors == []
    assert filled.run("SELECT data, more FROM dbo.n") == [(MARKED, MARKED), (b"\1", MARKED), (b"\2", MARKED)]


# What stays and what goes ------------------------------------------------------------------------------------------


def test_a_rollback_leaves_a_file_that_is_collected(filled: Filled) -> None:
    new = BIG + b"new"
    filled.run("BEGIN TRAN; INSERT dbo.t VALUES (6, @p0); DELETE FROM dbo.t WHERE id = 1; SAVE TRAN s; "
               "UPDATE dbo.t SET data = NULL; ROLLBACK TRAN s; SELECT 1 / 0", new)  # fmt: skip
    assert filled.client.errors == [8134]
    assert filled.collect() == 4
    assert filled.run("SELECT data FROM dbo.t WHERE id = 6") == [(new,)]
    filled.run("ROLLBACK")
    assert filled.collect() == 3
    assert filled.run("SELECT id, data FROM dbo.t ORDER BY id") == ROWS


def test_a_file_without_a_row_goes_at_the_next_start(filled: Filled) -> None:
    """As after a crash between the file and the commit of its row, or in the middle of the file."""
    value = filled.engine.values.add(BIG + b"crash")
    filled.engine.values.settle([value])
    (filled.folder / ".new-1234").write_bytes(b"half")
    assert filled.files() == 5
    filled.restart()
    assert filled.files() == 3
    assert filled.run("SELECT id, data FROM dbo.t ORDER BY id") == ROWS


def test_nothing_is_collected_that_somebody_may_read(filled: Filled) -> None:
    held = "DECLARE @m varbinary(max) = (SELECT data FROM dbo.t WHERE id = 1); SET NOCOUNT ON; SELECT LEN(@m), @m"
    assert _deleted_meanwhile(filled, held, Done) == ([1], [(len(BIG), BIG)])


def test_a_result_that_is_being_sent_keeps_its_files(filled: Filled) -> None:
    assert _deleted_meanwhile(filled, "SELECT id, data FROM dbo.t ORDER BY id", ColMetadata) == ([3], ROWS)


def _deleted_meanwhile(filled: Filled, text: str, moment: type) -> tuple[list[int], list[tuple[Any, ...]]]:
    """Run ``text`` in another session; at its first response of this type all rows are deleted and files collected.
    The number of files that are left then, and the rows; at the end no file is left."""
    other, counts = filled.login(), []

    def take(response: Any) -> None:
        if isinstance(response, moment) and not counts:
            filled.run("DELETE FROM dbo.t")
            counts.append(filled.collect())
        other._take(response)

    other.rows, other.errors = [], []
    other.session.run(SqlBatch(text), take)
    assert other.errors == []
    assert filled.collect() == 0
    return counts, other.rows


def test_a_parameter_that_is_not_stored_leaves_no_file(filled: Filled) -> None:
    for place in range(3):
        assert filled.run("DECLARE @m varbinary(max) = @p0; SELECT @m AS m INTO #m; SELECT DATALENGTH(m) FROM #m; "
                          "DROP TABLE #m", BIG + bytes([place])) == [(len(BIG) + 1,)]  # fmt: skip
    assert filled.collect() == 3


# Data directories of before ----------------------------------------------------------------------------------------


@pytest.fixture
def old(filled: Filled) -> Filled:
    """The same as format 1 left it: BIG inline."""
    table = stored_table(filled)
    filled.engine.close()
    with duckdb.connect(str(filled.directory / "pymlsql.duckdb")) as connection:
        connection.execute("UPDATE store.counters SET format = 1")
        connection.execute(f"UPDATE {table} SET data = $data WHERE id = 1", {"data": BIG})
    filled.start()
    return filled


def test_values_inline_are_read_as_they_are(old: Filled) -> None:
    assert old.files() == 2
    assert old.run("SELECT id, data FROM dbo.t ORDER BY id") == ROWS
    old.run("INSERT dbo.t SELECT 6, data FROM dbo.t WHERE id = 1; INSERT dbo.t VALUES (7, @p0)", BIG)
    assert old.run("SELECT id FROM dbo.t WHERE data = @p0", BIG) == [(1,), (6,), (7,)]
    assert old.run("SELECT COUNT(DISTINCT data) FROM dbo.t") == [(4,)]
    assert len(old.run("SELECT data FROM dbo.t UNION SELECT data FROM dbo.t WHERE id = 1")) == 5
    assert old.run("SELECT COUNT(*) FROM (SELECT DISTINCT data FROM dbo.t) AS q") == [(5,)]
    assert old.run("SELECT data FROM dbo.t WHERE id = 7 EXCEPT SELECT data FROM dbo.t WHERE id = 1") == []


# Any size ----------------------------------------------------------------------------------------------------------


_SIZES = st.integers(-3, 3).map(lambda n: INLINE_BYTES + n) | st.integers(0, 70)
_HEADS: st.SearchStrategy[Callable[[int], bytes]] = st.sampled_from(
    [lambda n: bytes(n), lambda n: (MAGIC + bytes(n))[:n], lambda n: (MARKED * (n // 56 + 1))[:n]]
)


@settings(max_examples=40, deadline=None)
@given(made=st.lists(st.tuples(_SIZES, _HEADS), min_size=1, max_size=4))
def test_values_of_any_size_come_back(shared: Filled, made: list[tuple[int, Callable[[int], bytes]]]) -> None:
    values = [make(size) for size, make in made]
    given = ", ".join(f"({place}, @p{place})" for place in range(len(values)))
    rows = shared.run(f"CREATE TABLE #t (i int, data varbinary(max)); INSERT #t VALUES {given}; "
                      "SELECT data, DATALENGTH(data) FROM #t ORDER BY i; DROP TABLE #t", *values)  # fmt: skip
    assert rows == [(value, len(value)) for value in values]
