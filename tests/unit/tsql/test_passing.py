"""Which expressions pass a large value on by reference, and that nobody gets a reference who has not asked."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext

import pytest

from pymlsql.embedded.tsql.compiler import compile_condition, compile_query, compile_scalar
from pymlsql.embedded.tsql.messages import sql_error
from pymlsql.embedded.tsql.nodes import Name, Text
from pymlsql.embedded.tsql.references import DIGEST, READ, SLICE
from pymlsql.embedded.tsql.scope import Relation, RelationColumn
from pymlsql.embedded.tsql.types import INT, MAX, SqlType, nvarchar, varbinary

VARIABLES = {"@m": varbinary(MAX), "@i": SqlType("image", length=MAX), "@s": varbinary(10), "@n": nvarchar(10)}


class _Names:
    """dbo.t (id int, d varbinary(max), s varbinary(10)), and dbo.v, a view of all its columns."""

    def relation(self, name: Name) -> Relation:
        if name.object == "v":
            return Relation(query=Text("SELECT * FROM dbo.t", 1), name=Name(("dbo", "v")))
        columns = (RelationColumn("id", INT, False), RelationColumn("d", varbinary(MAX), by_reference=True),
                   RelationColumn("s", varbinary(10)))  # fmt: skip
        return Relation(sql="store.t", columns=columns, name=Name(("dbo", "t")))

    def use_history(self, relation: Relation) -> None:
        raise AssertionError(relation)

    def table_function(self, name: Name) -> Relation:
        raise sql_error(208, str(name))

    def inside(self, relation: Relation) -> AbstractContextManager[None]:
        return nullcontext()


PASSED = """\
SELECT d FROM t
SELECT t.d AS x FROM t
SELECT x = (d) FROM t
SELECT CAST(d AS varbinary(max)) FROM t
SELECT CONVERT(varbinary(max), CAST(d AS varbinary(max))) FROM t
SELECT TOP 1 d FROM t ORDER BY id
SELECT DISTINCT d FROM t
SELECT d FROM v
SELECT q.d FROM (SELECT d FROM v) AS q
WITH c AS (SELECT d FROM t) SELECT d FROM c
SELECT a.d FROM t CROSS APPLY (SELECT t.d) AS a
SELECT d FROM t UNION ALL SELECT d FROM v
SELECT d FROM t EXCEPT SELECT @m
SELECT (SELECT d FROM t)
SELECT (SELECT MAX(id) FROM t), CAST((SELECT d FROM t WHERE id = 1) AS varbinary(max))
SELECT @m
SELECT @i
SELECT x.m FROM (VALUES (@m), (NULL), (@i)) AS x(m)
""".splitlines()

NOT_PASSED = """\
SELECT s FROM t
SELECT @s
SELECT d + d FROM t
SELECT ISNULL(d, NULL) FROM t
SELECT CASE WHEN id = 1 THEN d END FROM t
SELECT CAST(d AS varbinary(20)) FROM t
SELECT TRY_CAST(d AS varbinary(max)) FROM t
SELECT SUBSTRING(d, 1, 2) FROM t
SELECT MAX(d) FROM t
SELECT d FROM t GROUP BY d
SELECT LAG(d) OVER (ORDER BY id) FROM t
SELECT d FROM t UNION ALL SELECT s FROM t
SELECT d FROM t UNION ALL SELECT 0x01
SELECT x.m FROM (VALUES (@m), (0x01)) AS x(m)
SELECT x.m FROM (VALUES (@m), (@s)) AS x(m)
""".splitlines()


def _compiled(text: str, *, references: bool) -> tuple[bool, str]:
    compiled = compile_query(Text(text, 1), _Names(), VARIABLES, references=references)
    return compiled.columns[-1].by_reference, compiled.sql


@pytest.mark.parametrize("text", PASSED)
def test_references_are_passed_on_unread(text: str) -> None:
    passed, sql = _compiled(text, references=True)
    assert passed
    assert READ not in sql


@pytest.mark.parametrize("text", NOT_PASSED)
def test_everything_else_gives_values(text: str) -> None:
    assert not _compiled(text, references=True)[0]


@pytest.mark.parametrize("text", PASSED + NOT_PASSED)
def test_who_does_not_ask_gets_values(text: str) -> None:
    passed, sql = _compiled(text, references=False)
    assert not passed
    assert READ in sql or SLICE in sql or not re.search(r"\bd\b", text)


SCALARS = [("@m", True), ("(SELECT d FROM t)", True), ("@i", True), ("@m + @m", False), ("@s", False), ("0x01", False)]


@pytest.mark.parametrize(("text", "passed"), SCALARS)
def test_only_varbinary_max_takes_references(text: str, passed: bool) -> None:
    assert compile_scalar(Text(text, 1), _Names(), VARIABLES, target=varbinary(MAX)).columns[0].by_reference == passed
    for target in (None, varbinary(20)):
        assert not compile_scalar(Text(text, 1), _Names(), VARIABLES, target=target).columns[0].by_reference


UNREAD = ["d = d", "d <> @m", "@m = @i", "d IS NULL", "@m IS NOT NULL", "DATALENGTH(d) > LEN(d)",
          "EXISTS (SELECT * FROM t)", "HASHBYTES('SHA2_256', @m) = HASHBYTES('MD5', @i)",
          "(SELECT COUNT(d) + COUNT(DISTINCT d) FROM t) > 1"]  # fmt: skip
READS = ["d = 0x01", "d < @m", "d IN (SELECT d FROM t)", "d BETWEEN @m AND @i", "NOT d > d", "ISNULL(d, 0x) IS NULL"]


@pytest.mark.parametrize(("text", "reads"), [(text, False) for text in UNREAD] + [(text, True) for text in READS])
def test_conditions_read_what_they_must(text: str, reads: bool) -> None:
    sql = compile_query(Text(f"SELECT id FROM t WHERE {text}", 1), _Names(), VARIABLES).sql
    assert (READ in sql) == reads


def test_a_digest_asks_for_the_file() -> None:
    assert DIGEST in _compiled("SELECT HASHBYTES('SHA1', d) FROM t", references=True)[1]


def test_a_condition_alone_compiles() -> None:
    assert "$s0" in compile_condition(Text("@m IS NULL", 1), _Names(), VARIABLES).sql
