"""Texts for fuzzing: a grammar of T-SQL over one table, and token soup."""

from __future__ import annotations

from hypothesis import strategies as st

from pymlsql.embedded.tsql.lexer import tokenize
from tests.unit.tsql.test_statements import STATEMENTS

TABLE = "dbo.fuzzed"
MADE = (
    f"CREATE TABLE {TABLE} (id int NOT NULL IDENTITY PRIMARY KEY, n int NULL, s nvarchar(20) NULL, d datetime NULL,"
    f" f float NULL, m decimal(9, 2) NULL, b varbinary(10) NULL, k bit NOT NULL DEFAULT 1)",
    f"INSERT {TABLE} (n, s, d, f, m, b) VALUES (1, N'one', '20200101', 1.5, 2.25, 0x01), (NULL, NULL, NULL, NULL, NULL,"
    f" NULL), (-7, N'Two ', '19991231', -0.5, 100, 0xFF)",
)
COLUMNS = ("id", "n", "s", "d", "f", "m", "b", "k")


def _one(*texts: str) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


def _filled(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda values: template.format(*values))


CONSTANT = _one("0", "1", "-1", "2147483647", "1.5", "1e3", "0x0A", "''", "'a'", "N'x y'", "'2020-01-01'", "NULL",
                "$2.5", "12345678901", "@i", "@t", "@@ROWCOUNT", "GETDATE()")  # fmt: skip
TYPE = _one("int", "bigint", "tinyint", "bit", "float", "real", "decimal(5, 2)", "varchar(3)", "nvarchar(max)", "date",
            "datetime", "datetime2(3)", "varbinary(4)", "money", "uniqueidentifier", "time")  # fmt: skip
_ONE_ARGUMENT = _one("LEN", "UPPER", "ABS", "SUM", "COUNT", "MAX", "YEAR", "LTRIM", "REVERSE", "SQRT")
_TWO_ARGUMENTS = _one("ISNULL", "COALESCE", "NULLIF", "LEFT", "POWER", "CONCAT", "CHARINDEX")
_LEAF = st.one_of(_one(*COLUMNS), CONSTANT)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Scalars made of smaller ones."""
    return st.one_of(
        _filled("({} {} {})", inner, _one("+", "-", "*", "/", "%", "&", "|", "^"), inner),
        _filled("-{}", inner), _filled("~{}", inner),
        _filled("CAST({} AS {})", inner, TYPE), _filled("TRY_CONVERT({}, {})", TYPE, inner),
        _filled("CASE WHEN {} {} {} THEN {} ELSE {} END", inner, _COMPARISON, inner, inner, inner),
        _filled("{}({})", _ONE_ARGUMENT, inner), _filled("{}({}, {})", _TWO_ARGUMENTS, inner, inner),
        _filled("SUBSTRING({}, {}, {})", inner, inner, inner), _filled("DATEADD(day, {}, {})", inner, inner),
        _filled("(SELECT {} FROM " + TABLE + ")", inner), _filled("IIF({} IS NULL, {}, {})", inner, inner, inner),
        _filled("SUM({}) OVER (ORDER BY {})", inner, inner), _filled("{} COLLATE Latin1_General_CI_AS", inner),
    )  # fmt: skip


_COMPARISON = _one("=", "<>", "<", ">=", "LIKE")
SCALAR = st.recursive(_LEAF, _larger, max_leaves=6)
CONDITION = st.recursive(
    st.one_of(
        _filled("{} {} {}", SCALAR, _COMPARISON, SCALAR), _filled("{} IS NOT NULL", SCALAR),
        _filled("{} IN ({}, {})", SCALAR, SCALAR, SCALAR), _filled("{} BETWEEN {} AND {}", SCALAR, SCALAR, SCALAR),
        _filled("EXISTS (SELECT 1 FROM " + TABLE + " WHERE n = {})", SCALAR),
    ),
    lambda inner: st.one_of(_filled("({} AND {})", inner, inner), _filled("({} OR NOT {})", inner, inner)),
    max_leaves=3,
)  # fmt: skip
SELECT = st.one_of(
    _filled("SELECT {} AS a, {} FROM " + TABLE, SCALAR, SCALAR),
    _filled("SELECT {} FROM " + TABLE + " WHERE {}", SCALAR, CONDITION),
    _filled("SELECT {0}, COUNT(*) FROM " + TABLE + " GROUP BY {0} HAVING {1}", _one(*COLUMNS), CONDITION),
    _filled("SELECT TOP ({}) * FROM " + TABLE + " ORDER BY {}", SCALAR, SCALAR),
    _filled("SELECT DISTINCT {} FROM " + TABLE + " AS a JOIN " + TABLE + " AS b ON {}", _one("a.n", "b.s"), CONDITION),
    _filled("SELECT {} UNION SELECT {} FROM " + TABLE, SCALAR, SCALAR),
    _filled("WITH c AS (SELECT {} AS x FROM " + TABLE + ") SELECT x, {} FROM c", SCALAR, SCALAR),
    _filled("SELECT v FROM (VALUES ({}), ({})) AS t (v) ORDER BY v OFFSET {} ROWS", SCALAR, SCALAR, CONSTANT),
)  # fmt: skip
CHANGE = st.one_of(
    _filled("INSERT " + TABLE + " ({}) VALUES ({})", _one(*COLUMNS[1:]), SCALAR),
    _filled("INSERT " + TABLE + " (n, s) SELECT {}, {} FROM " + TABLE, SCALAR, SCALAR),
    _filled("UPDATE " + TABLE + " SET {} = {} WHERE {}", _one(*COLUMNS), SCALAR, CONDITION),
    _filled("DELETE " + TABLE + " WHERE {}", CONDITION),
    _filled("SELECT {} AS a INTO #f FROM " + TABLE, SCALAR),
)


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        _filled("IF {} {} ELSE BEGIN {} END", CONDITION, inner, inner),
        _filled("BEGIN TRY {} END TRY BEGIN CATCH SELECT ERROR_NUMBER(); {} END CATCH", inner, inner),
        _filled("WHILE @i < 3 BEGIN SET @i += 1; {} END", inner),
        _filled("BEGIN TRAN; {}; {}; ROLLBACK", inner, inner),
        _filled("{}; {}", inner, inner),
    )


_SET = st.one_of(
    _filled("SET @i = {}", SCALAR), _filled("SELECT @t = {} FROM " + TABLE, SCALAR), _filled("PRINT {}", SCALAR)
)
BATCH = st.recursive(st.one_of(SELECT, CHANGE, _SET), _blocks, max_leaves=3).map(
    lambda text: f"DECLARE @i int = 0, @t nvarchar(30) = N't'; {text}"
)
"""Batches that the grammar knows; whether they are right is for the server to say."""

_TOKENS = {token.text for statement in STATEMENTS for token in tokenize(statement) if token.text}
_WORDS = [*sorted(_TOKENS), *"(),;*=+-.'[\""]
SOUP = st.lists(st.sampled_from([*_WORDS, TABLE, "n", "s"]), min_size=1, max_size=15).map(" ".join)
"""Words in any order."""


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A batch with a token dropped, doubled or replaced."""
    tokens = [token.text for token in tokenize(draw(BATCH))[:-1]]
    index = draw(st.integers(0, len(tokens) - 1))
    tokens[index : index + 1] = draw(st.sampled_from([[], [tokens[index]] * 2, [draw(st.sampled_from(_WORDS))]]))
    return " ".join(tokens)
