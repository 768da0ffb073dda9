"""The T-SQL type of an expression, and the number of the error it raises before anything runs."""

from __future__ import annotations

import pytest

from pymlsql.embedded.tsql.compiler import compile_query, compile_scalar
from pymlsql.embedded.tsql.messages import SqlError, sql_error
from pymlsql.embedded.tsql.nodes import Name, Text
from pymlsql.embedded.tsql.scope import Relation, RelationColumn
from pymlsql.embedded.tsql.types import INT, SqlType, decimal, nvarchar, varchar

VARIABLES = {
    "@i": INT, "@s": varchar(10), "@n": nvarchar(10), "@d": decimal(18, 4), "@m": SqlType("money"),
    "@f": SqlType("float"), "@t": SqlType("tinyint"), "@b": SqlType("bit"), "@dt": SqlType("datetime"),
    "@w": decimal(38, 10),
}  # fmt: skip


class _Names:
    """A catalog of one table, dbo.t (a int not null, k nvarchar(10))."""

    def relation(self, name: Name) -> Relation:
        if name.object.lower() != "t":
            raise sql_error(208, str(name))
        columns = (RelationColumn("a", INT, False), RelationColumn("k", nvarchar(10)))
        return Relation(sql="store.t", columns=columns, name=Name(("dbo", "t")))

    def use_history(self, relation: Relation) -> None:
        raise AssertionError(relation)

    def table_function(self, name: Name) -> Relation:
        raise sql_error(208, str(name))

    def scalar_function(self, name: Name) -> None:
        return None


TYPES = [
    ("5.0 / 2", "decimal(7, 6)"),
    ("@d / @d", "decimal(38, 20)"),
    ("@w * @w", "decimal(38, 6)"),
    ("@w + 1", "decimal(38, 10)"),
    ("1 + 1.5", "decimal(3, 1)"),
    ("@i + 1.5", "decimal(12, 1)"),
    ("@i / 2", "int"),
    ("@i * 2e0", "float"),
    ("@m / 3", "money"),
    ("@m * @i", "money"),
    ("@m + @d", "decimal(20, 4)"),
    ("@t + @t", "tinyint"),
    ("-@t", "smallint"),
    ("@b & @b", "bit"),
    ("2147483648", "decimal(10, 0)"),
    ("'a' + N'b'", "nvarchar(2)"),
    ("@s + @s", "varchar(20)"),
    ("'a' + NULL", "varchar(1)"),
    ("CASE WHEN 1 = 1 THEN 1 ELSE 2.5 END", "decimal(11, 1)"),
    ("ISNULL(@s, 'longer than ten')", "varchar(10)"),
    ("COALESCE(@s, @n)", "nvarchar(10)"),
    ("LEN(@s)", "int"),
    ("LEN(CAST(@s AS varchar(max)))", "bigint"),
    ("LEFT(@n, 3)", "nvarchar(3)"),
    ("CAST('a' AS varchar)", "varchar(30)"),
    ("DATEADD(day, 1, @dt)", "datetime"),
    ("DATEDIFF(day, @dt, @dt)", "int"),
    ("ROUND(@d, 1)", "decimal(18, 4)"),
    ("FLOOR(@d)", "decimal(18, 0)"),
    ("0x0102", "varbinary(2)"),
    ("0x", "varbinary(1)"),
    ("$1.5", "money"),
]

ERRORS = [
    ("@nope", 137),
    ("nope", 207),
    ("nope.nope", 4104),
    ("nope(1)", 195),
    ("dbo.nope(1)", 4121),
    ("LEN()", 174),
    ("1 = 1", 102),
    ("CAST(1 AS nope)", 243),
    ("CAST(1 AS date)", 529),
    ("@dt + @i + CAST('2020-01-01' AS date)", 402),
    ("CASE WHEN 1 = 1 THEN NULL END", 8133),
    ("NULLIF(NULL, 1)", 4151),
    ("@f % 2", 402),
    ("@b + @b", 8117),
    ("'a' - 'b'", 8117),
    ("SUM(1)", 147),
    ("ROW_NUMBER() OVER ()", 4108),
    ("(SELECT 1, 2)", 116),
    ("DATEPART(nope, @dt)", 155),
    ("geometry::Point(1, 2)", 40510),
    ("{fn NOW()}", 40510),
    ("a::int", 40510),
    ("CHECKSUM(NULL, 1)", 40510),
    ("CHECKSUM('a')", 40510),
]

QUERY_ERRORS = [
    ("SELECT BINARY_CHECKSUM(v, w) FROM (VALUES (NULL, 100), (NULL, NULL)) AS s(v, w)", 40510),
    ("SELECT CHECKSUM(v) FROM (SELECT NULL AS v UNION ALL SELECT NULL) AS s", 40510),
    ("SELECT k FROM t GROUP BY a", 8120),
    ("SELECT COUNT(*), k FROM t", 8120),
    ("SELECT a FROM t GROUP BY a HAVING k = 'x'", 8121),
    ("SELECT a FROM t GROUP BY a ORDER BY k", 8127),
    ("SELECT a FROM t GROUP BY 1", 164),
    ("SELECT GROUPING(k) FROM t GROUP BY a", 8161),
    ("SELECT a FROM t WHERE SUM(a) > 1", 147),
    ("SELECT SUM(SUM(a)) FROM t", 130),
    ("SELECT DISTINCT a FROM t ORDER BY k", 145),
    ("SELECT a FROM t ORDER BY 2", 108),
    ("SELECT a FROM t ORDER BY 'x'", 408),
    ("SELECT a FROM t ORDER BY a NULLS FIRST", 102),
    ("SELECT TOP (1) WITH TIES a FROM t", 1062),
    ("SELECT TOP (101) PERCENT a FROM t", 1031),
    ("SELECT a FROM t UNION SELECT a FROM t ORDER BY k", 104),
    ("SELECT * FROM (SELECT a FROM t ORDER BY a) AS x", 1033),
    ("WITH c AS (SELECT 1 AS v UNION ALL SELECT DISTINCT v FROM c) SELECT v FROM c", 460),
    ("WITH c AS (SELECT 'a' AS v UNION ALL SELECT v + 'b' FROM c) SELECT v FROM c", 240),
    ("WITH c AS (SELECT v FROM c) SELECT v FROM c", 252),
    ("SELECT 1 FROM nope", 208),
    ("SELECT a FROM t AS x, t AS x", 1013),
]


@pytest.mark.parametrize(("sql", "expected"), TYPES, ids=[sql for sql, _ in TYPES])
def test_expression_has_type(sql: str, expected: str) -> None:
    compiled = compile_scalar(Text(sql, 1), _Names(), VARIABLES)
    assert str(compiled.columns[0].type) == expected


@pytest.mark.parametrize(("sql", "number"), ERRORS, ids=[sql for sql, _ in ERRORS])
def test_expression_raises_number(sql: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        compile_scalar(Text(sql, 1), _Names(), VARIABLES)
    assert caught.value.number == number


@pytest.mark.parametrize(("sql", "number"), QUERY_ERRORS, ids=[sql for sql, _ in QUERY_ERRORS])
def test_query_raises_number(sql: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        compile_query(Text(sql, 1), _Names(), VARIABLES)
    assert caught.value.number == number


def test_columns_of_grouping_sets_may_be_null() -> None:
    compiled = compile_query(Text("SELECT a, COUNT(*) FROM t GROUP BY ROLLUP (a)", 1), _Names(), {})
    assert [column.nullable for column in compiled.columns] == [True, False]
