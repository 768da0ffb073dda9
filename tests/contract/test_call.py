"""sp_execute_external_script: its arguments, its input query, partitions and chunks, the shape of its results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyodbc
import pytest

from tests.contract.cases import Case, compare, error_number, fails, fetch, rows
from tests.contract.external import PANDAS, SAME, call, frame, query

pytestmark = pytest.mark.usefixtures("scripts_enabled")

P = "EXEC sp_execute_external_script"
INT = " WITH RESULT SETS ((a int))"
ONE = "import pandas\nOutputDataSet = pandas.DataFrame({'a': [a]})"
FIVE = "SELECT v.k, v.n FROM (VALUES (N'b', 1), (N'a', 2), (N'B', 3), (NULL, 4), (N'a ', 5)) AS v(k, n)"
SUMS = (
    "OutputDataSet = pd.DataFrame({'k': InputDataSet.k[:1], 'rows': [len(InputDataSet)], "
    "'n': [','.join(map(str, InputDataSet.n))]})"
)
SUM_SHAPE = " WITH RESULT SETS ((k nvarchar(5), n_rows int, n nvarchar(20)))"
BY_K = ", @input_data_1_partition_by_columns = N'k'"

ARGUMENTS: list[Case] = [
    rows("all own parameters by position", f"{P} N'Python', N'o = i', N'SELECT 1 AS a, 2 AS b', N'i', N'b', N'a', N'o',"
         " 0, N'@x int', 5 WITH RESULT SETS ((a int, b int))", (1, 2)),
    rows("script parameters by position", f"{P} N'Python', N'{ONE.replace(chr(39), chr(39) * 2)}', N'', N'i', N'', "
         f"N'', N'OutputDataSet', 0, N'@x int, @a int', 5, 7{INT}", (7,)),
    rows("names in any case", call(ONE, ", @PARAMS = N'@a int', @A = 4" + INT), (4,)),
    rows("a parameter is spelt in python as it is declared", call("import pandas\nOutputDataSet = pandas.DataFrame("
         "{'a': [MyValue]})", ", @params = N'@MyValue int', @myvalue = 3" + INT), (3,)),
    rows("a parameter may be named like one of the procedure's", call("import pandas\nOutputDataSet = pandas.DataFrame("
         "{'a': [script]})", ", @params = N'@script int', @script = 3" + INT), (3,)),
    rows("a default of @params", call(ONE, ", @params = N'@a int = 6'" + INT), (6,)),
    rows("a default that is asked for", call(ONE, ", @params = N'@a int = 6', @a = DEFAULT" + INT), (6,)),
    rows("language in any case", f"{P} N'PYTHON', N'x = 1'; SELECT 1", (1,)),
    rows("null for what is optional", call(SAME, query("SELECT 1 AS a") + ", @input_data_1_name = NULL, "
         "@output_data_1_name = NULL, @parallel = NULL, @params = NULL" + INT), (1,)),
    rows("out is output", "DECLARE @o int; " + call("o = 5", ", @params = N'@o int OUT', @o = @o OUT")
         + "; SELECT @o", (5,)),
    rows("an output parameter that nobody takes", call("o = 5", ", @params = N'@o int OUT', @o = 1") + "; SELECT 1",
         (1,)),
    rows("an output parameter keeps what it was given", "DECLARE @o int = 8; " + call("pass",
         ", @params = N'@o int OUTPUT', @o = @o OUTPUT") + "; SELECT @o", (8,)),
    rows("two output parameters of one variable's type", "DECLARE @s nvarchar(3), @d date; " + call(
         "s = 'abcdef'\nimport datetime\nd = datetime.datetime(2020, 2, 29, 5)", ", @params = N'@s nvarchar(max) OUTPUT"
         ", @d datetime OUTPUT', @s = @s OUTPUT, @d = @d OUTPUT") + "; SELECT @s, CONVERT(varchar(10), @d, 23)",
         ("abc", "2020-02-29")),
    rows("the return status is 0", "DECLARE @r int; EXEC @r = sp_execute_external_script N'Python', N'x = 1'; "
         "SELECT @r", (0,)),
    fails("no language", f"{P} @script = N'x = 1'", 201),
    fails("no script", f"{P} @language = N'Python'", 201),
    fails("language is null", f"{P} @language = NULL, @script = N'x = 1'", 214),
    fails("script is null", f"{P} @language = N'Python', @script = NULL", 214),
    fails("script is varchar", f"{P} @language = N'Python', @script = 'x = 1'", 214),
    fails("script is a number", f"{P} @language = N'Python', @script = 1", 214),
    fails("parallel is no bit", call("x = 1", ", @parallel = N'often'"), 245),
    fails("a parameter that is not declared", call("x = 1", ", @b = 1"), 8145),
    fails("own parameter behind @params", call("x = 1", ", @params = N'@a int', @a = 1, @parallel = 0"), 8145),
    fails("too many", f"{P} N'Python', N'x = 1', N'', N'i', N'', N'', N'o', 0, N'@x int', 5, 6", 8144),
    fails("own parameter twice", f"{P} @language = N'Python', @language = N'Python', @script = N'x'", 39027),
    fails("script parameter twice", call("x = 1", ", @params = N'@a int', @a = 1, @A = 2"), 39027),
    fails("declared twice", call("x = 1", ", @params = N'@a int, @A int', @a = 1"), 134),
    fails("declared and not given", call("x = a", ", @params = N'@a int'"), 39016),
    fails("output wanted of an input", "DECLARE @a int; " + call("x = 1", ", @params = N'@a int', @a = @a OUTPUT"),
          8162),
    fails("named like the input", call("x = 1", ", @params = N'@InputDataSet int', @InputDataSet = 1"), 39008),
    fails("named like the chosen output", call("x = 1", ", @output_data_1_name = N'o', @params = N'@o int', @o = 1"),
          39008),
    fails("declarations that do not parse", call("x = 1", ", @params = N'@a int,, @b int', @a = 1, @b = 1"), 102),
    fails("R has no runtime", f"{P} N'R', N'x <- 1'", 39021),
    fails("java is not defined", f"{P} N'Java', N'x'", 39007),
    fails("unknown language", f"{P} N'Cobol', N'x'", 39007),
]  # fmt: skip

INPUT: list[Case] = [
    rows("a common table expression", call(SAME, query("WITH t AS (SELECT 3 AS a) SELECT a FROM t") + INT), (3,)),
    rows("a semicolon and a comment", call(SAME, query("SELECT 3 AS a; -- done") + INT), (3,)),
    rows("the query's order", call(SAME, query("SELECT TOP 3 v.a FROM (VALUES (1), (3), (2)) AS v(a) ORDER BY a DESC")
         + INT), (3,), (2,), (1,)),
    rows("parameters are variables of the query", call(SAME, query("SELECT n AS a FROM (VALUES (1), (2), (3)) AS v(n) "
         "WHERE n >= @low AND N'x' = @s") + ", @params = N'@low int, @s nvarchar(5)', @low = 2, @s = N'X'" + INT),
         (2,), (3,)),
    rows("an output parameter is a variable too", "DECLARE @o int = 2; " + call("o = 9\n" + SAME, query("SELECT @o AS a"
         ) + ", @params = N'@o int OUTPUT', @o = @o OUTPUT" + INT), (2,)),
    rows("blank input is none", call("import pandas\nOutputDataSet = pandas.DataFrame({'a': [len(InputDataSet.columns)]"
         "})", query("  ") + INT), (0,)),
    rows("names that repeat or are missing", call("OutputDataSet = pd.DataFrame({'a': ['|'.join(InputDataSet.columns)]"
         "})", query("SELECT 1 AS a, 2 AS a, 3") + " WITH RESULT SETS ((a nvarchar(9)))").replace("N'Out",
         "N'import pandas as pd\nOut"), ("a|a|",)),
    fails("the caller's variables are not known", "DECLARE @v int = 1; " + call(SAME, query("SELECT @v AS a")), 137),
    fails("two statements", call(SAME, query("SELECT 1 AS a; SELECT 2 AS a")), 39001),
    fails("a procedure", call(SAME, query("EXEC sp_configure")), 39001),
    fails("an assignment", call(SAME, query("SELECT @a = 1") + ", @params = N'@a int', @a = 1"), 39001),
    fails("select into", call(SAME, query("SELECT 1 AS a INTO #t")), 39015),
    fails("a table that is not there", call(SAME, query("SELECT a FROM dbo.no_such_table")), 208),
    fails("a query that does not parse", call(SAME, query("SELECT FROM t")), 156),
    fails("an error in a row", call(SAME, query("SELECT 1 / v.a AS a FROM (VALUES (1), (0)) AS v(a)")), 8134),
]  # fmt: skip

TENS = " CROSS JOIN ".join(f"(VALUES {', '.join(['(1)'] * 10)}) AS {t}(x)" for t in "abcdef")
"""A million rows."""

PIECES: list[Case] = [
    rows("once for each partition, equal by the collation, NULL first", call(PANDAS + SUMS, query(FIVE) + BY_K
         + SUM_SHAPE), (None, 1, "4"), ("a", 2, "2,5"), ("b", 2, "1,3")),
    rows("ordered within a partition", call(PANDAS + SUMS, query(FIVE) + BY_K + ", @input_data_1_order_by_columns = "
         "N'[n] DESC'" + SUM_SHAPE), (None, 1, "4"), ("a ", 2, "5,2"), ("B", 2, "3,1")),
    rows("partitions of two columns", call(PANDAS + SUMS.replace("k[:1]", "k.iloc[:1]"), query(
         "SELECT N'x' AS k, v.n, v.m FROM (VALUES (1, 2), (2, 1), (3, 2)) AS v(n, m)")
         + ", @input_data_1_partition_by_columns = N'K, m'" + SUM_SHAPE), ("x", 1, "2"), ("x", 2, "1,3")),
    rows("no rows are one partition", call(PANDAS + "OutputDataSet = pd.DataFrame({'n': [len(InputDataSet)]})",
         query("SELECT 1 AS k WHERE 1 = 0") + BY_K + INT), (0,)),
    rows("partitions in parallel", call(PANDAS + SUMS, query(FIVE) + BY_K + ", @parallel = 1" + SUM_SHAPE),
         (None, 1, "4"), ("a", 2, "2,5"), ("b", 2, "1,3")),
    rows("rows in parallel, the answer in their order", call("OutputDataSet = InputDataSet * 2", query(
         f"SELECT TOP 250000 CAST(ROW_NUMBER() OVER (ORDER BY (SELECT 1)) AS int) AS n FROM {TENS} ORDER BY n")
         + ", @parallel = 1").join(("CREATE TABLE #p (id int IDENTITY, n int); INSERT #p ",
         "; SELECT COUNT(*), MIN(n - 2 * id), MAX(n - 2 * id) FROM #p")), (250000, 0, 0)),
    rows("once for each chunk of rows", call(PANDAS + "OutputDataSet = pd.DataFrame({'n': [len(InputDataSet)]})",
         query("SELECT v.a FROM (VALUES (1), (2), (3), (4), (5)) AS v(a)")
         + ", @params = N'@r_rowsPerRead int', @r_rowsPerRead = 2" + INT), (2,), (2,), (1,)),
    rows("partitions are cut into chunks too", call(PANDAS + SUMS, query(FIVE) + BY_K + ", @params = N'@r_rowsPerRead "
         "int', @r_rowsPerRead = 1" + SUM_SHAPE), (None, 1, "4"), ("a", 1, "2"), ("a ", 1, "5"), ("b", 1, "1"),
         ("B", 1, "3")),
    rows("a script does not see the number of rows", call("import pandas\nOutputDataSet = pandas.DataFrame({'a': [int("
         "'r_rowsPerRead' in globals())]})", query("SELECT 1 AS a") + ", @params = N'@r_rowsPerRead int', "
         "@r_rowsPerRead = 2" + INT), (0,)),
    rows("what a run leaves the next one finds, but its output", call(PANDAS + "n = globals().get('n', 0) + 1\n"
         "was = len(OutputDataSet.columns)\nOutputDataSet = pd.DataFrame({'n': [n], 'was': [was]})",
         query("SELECT v.a FROM (VALUES (1), (2), (3)) AS v(a)") + ", @params = N'@r_rowsPerRead int', "
         "@r_rowsPerRead = 1 WITH RESULT SETS ((n int, was int))"), (1, 0), (2, 0), (3, 0)),
    rows("types of the pieces are brought together", call(PANDAS + "OutputDataSet = pd.DataFrame({'v': {1: [1], 2: "
         "[2.5], 3: [None]}[InputDataSet.a[0]]})", query("SELECT v.a FROM (VALUES (1), (2), (3)) AS v(a)")
         + ", @input_data_1_partition_by_columns = N'a' WITH RESULT SETS ((v float))"), (1.0,), (2.5,), (None,)),
    rows("an output parameter is the last run's", "DECLARE @o int; " + call("o = int(InputDataSet.k[0])",
         query("SELECT v.k FROM (VALUES (1), (2), (3)) AS v(k)") + BY_K + ", @params = N'@o int OUTPUT', @o = @o OUTPUT"
         ) + "; SELECT @o", (3,)),
    fails("pieces of different widths", call(PANDAS + "OutputDataSet = pd.DataFrame([range(len(InputDataSet))])",
          query(FIVE) + BY_K), 39004),
    fails("pieces of different types", call(PANDAS + "OutputDataSet = pd.DataFrame({'v': [{1: 1, 2: 'x'}["
          "InputDataSet.a[0]]]})", query("SELECT v.a FROM (VALUES (1), (2)) AS v(a)")
          + ", @input_data_1_partition_by_columns = N'a'"), 39004),
    fails("order without partition", call(SAME, query("SELECT 1 AS a") + ", @input_data_1_order_by_columns = N'a'"),
          39103),
    fails("partition that the query has not", call(SAME, query("SELECT 1 AS a") + BY_K), 39104),
    fails("order that the query has not", call(SAME, query(FIVE) + BY_K + ", @input_data_1_order_by_columns = N'q'"),
          39104),
    fails("partition twice", call(SAME, query(FIVE) + ", @input_data_1_partition_by_columns = N'k, [K]'"), 39102),
    fails("partition and order", call(SAME, query(FIVE) + BY_K + ", @input_data_1_order_by_columns = N'K'"), 39107),
    fails("partition of a direction", call(SAME, query(FIVE) + ", @input_data_1_partition_by_columns = N'k DESC'"),
          39105),
    fails("order of an expression", call(SAME, query(FIVE) + BY_K + ", @input_data_1_order_by_columns = N'n + 1'"),
          39106),
    fails("no rows a read", call(SAME, query(FIVE) + ", @params = N'@r_rowsPerRead int', @r_rowsPerRead = 0"), 39132),
    fails("a float of rows", call(SAME, query(FIVE) + ", @params = N'@r_rowsPerRead float', @r_rowsPerRead = 1"),
          39132),
    fails("rows a read declared twice", call(SAME, query(FIVE) + ", @params = N'@r_rowsPerRead int, @R_ROWSPERREAD int'"
          ", @r_rowsPerRead = 1"), 39026),
    fails("rows a read not declared", call(SAME, query(FIVE) + ", @r_rowsPerRead = 1"), 8145),
    fails("parallel straight to the client", call(SAME, query("SELECT 1 AS a") + ", @parallel = 1"), 39024),
    fails("parallel with undefined results", call(SAME, query("SELECT 1 AS a") + ", @parallel = 1 WITH RESULT SETS "
          "UNDEFINED"), 39024),
]  # fmt: skip

SHAPES: list[Case] = [
    rows("types and lengths are converted", call(frame("'a': [1.9, None], 'b': ['12345', '7'], 'c': [1, 0]"),
         " WITH RESULT SETS ((a int, b nvarchar(3), c bit))"), (1, "123", True), (None, "7", False)),
    rows("text becomes a number", call(frame("'a': ['7']"), INT), (7,)),
    rows("nulls alone take any type", call(frame("'a': [None], 'b': [None], 'c': [None], 'd': [None]"),
         " WITH RESULT SETS ((a uniqueidentifier, b varbinary(max), c datetime, d nvarchar(5)))"),
         (None, None, None, None)),
    rows("nulls alone without a shape", call(frame("'a': [None]")), (None,)),
    rows("nulls alone go into any column", "CREATE TABLE #n (a date, b varbinary(9)); INSERT #n " + call(frame(
         "'a': [None], 'b': [None]")) + "; SELECT a, b FROM #n; DROP TABLE #n", (None, None)),
    rows("not null is kept", call(frame("'a': [1]"), " WITH RESULT SETS ((a int NOT NULL))"), (1,)),
    rows("no rows", call(frame("'a': np.array([], 'f8'), 's': np.array([], object)"), " WITH RESULT SETS ((a float, s "
         "nvarchar(5)))")),
    Case("a frame without columns is no result", call("import pandas\nOutputDataSet = pandas.DataFrame()",
         " WITH RESULT SETS NONE")),
    Case("an output that is not touched is no result", call("pass", query("SELECT 1 AS a"))),
    rows("the output may be the input", call("d['a'] += 1", query("SELECT 1 AS a") + ", @input_data_1_name = N'd', "
         "@output_data_1_name = N'd'" + INT), (2,)),
    Case("a batch with result sets around the call", "EXEC (N'" + call(frame("'a': [1]")).replace("'", "''")
         + "; SELECT 2 AS b') WITH RESULT SETS ((x bigint), (y bigint))", results=([(1,)], [(2,)])),
    rows("insert exec counts rows", "CREATE TABLE #r (a int); INSERT #r " + call(frame("'a': [1, 2, 3]"))
         + "; SELECT @@ROWCOUNT; DROP TABLE #r", (3,)),
    rows("insert exec in parallel needs no result sets", "CREATE TABLE #r (a int); INSERT #r " + call(SAME,
         query("SELECT 4 AS a") + ", @parallel = 1") + "; SELECT a FROM #r; DROP TABLE #r", (4,)),
    fails("a null in a column that has none", call(frame("'a': [1, None]"), " WITH RESULT SETS ((a int NOT NULL))"),
          11553),
    fails("fewer columns than promised", call(frame("'a': [1]"), " WITH RESULT SETS ((a int, b int))"), 11537),
    fails("no result where one was promised", call("pass", INT), 11536),
    fails("a result where none was promised", call(frame("'a': [1]"), " WITH RESULT SETS NONE"), 11535),
    fails("types that do not convert", call(frame("'a': [b'x']"), " WITH RESULT SETS ((a float))"), 11538),
    fails("a value that does not convert", call(frame("'a': ['x']"), INT), 245),
    fails("a value that is too large", call(frame("'a': [3e9]"), INT), 232),
    fails("the shape of an object", call(frame("'a': [1]"), " WITH RESULT SETS (AS OBJECT sys.tables)"), 40510),
    fails("the shape of a type", call(frame("'a': [1]"), " WITH RESULT SETS (AS TYPE dbo.t)"), 40510),
    fails("a shape for insert exec", "CREATE TABLE #q (a int); INSERT #q " + call(frame("'a': [1]"), INT), 156),
]  # fmt: skip


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in (*ARGUMENTS, *INPUT, *PIECES, *SHAPES)]
)
def test_call_gives(connect: Callable[..., Any], case: Case) -> None:
    cursor = connect().cursor()
    if case.error is None:
        got = fetch(cursor, case.sql)
        compare(got[-len(case.results) :] if case.results else got, case)
        return
    with pytest.raises(pyodbc.Error) as caught:
        fetch(cursor, case.sql)
    assert error_number(caught.value) == case.error, caught.value


def test_columns_have_names_with_result_sets_only(connect: Callable[..., Any]) -> None:
    cursor = connect().cursor()
    cursor.execute(call(frame("'a': [1], 'b': [2]")))
    assert [column[0] for column in cursor.description] == ["", ""]
    cursor.execute(call(frame("'a': [1], 'b': [2]"), " WITH RESULT SETS ((x int NOT NULL, [y z] int))"))
    assert [column[0] for column in cursor.description] == ["x", "y z"]


def test_a_result_that_was_not_promised_ends_the_batch(connect: Callable[..., Any]) -> None:
    cursor = connect().cursor()
    with pytest.raises(pyodbc.Error):
        fetch(cursor, "CREATE TABLE #b (a int); " + call("pass", INT) + "; INSERT #b VALUES (1)")
    assert cursor.execute("SELECT count(*) FROM #b").fetchval() == 0
