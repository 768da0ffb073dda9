"""What a script sees and what becomes of what it leaves, in this Python and in a real 3.7 with pandas 0.24."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pyarrow as pa
import pytest

from pymlsql.embedded.satellite.calls import (
    Rows,
    SatelliteDied,
    ScriptFailed,
    ScriptParameter,
    UnusableInput,
    UnusableResult,
)
from tests.unit.satellite.conftest import Caller

TABLE = pa.table(
    {
        "i": pa.array([1, 2], pa.int32()),
        "tiny": pa.array([1, 255], pa.uint8()),
        "big": pa.array([1, 2**53], pa.int64()),
        "f": pa.array([1.5, None], pa.float64()),
        "r": pa.array([0.5, None], pa.float32()),
        "b": pa.array([True, False]),
        "s": pa.array(["ä€😀", None]),
        "t": pa.array([datetime.datetime(2015, 1, 1, 6, 0, 0, 123000), None], pa.timestamp("us")),
        "d": pa.array([datetime.date(2015, 1, 1), None], pa.date32()),
    }
)


def given(name: str, kind: Any, value: Any = None, *, output: bool = False) -> ScriptParameter:
    return ScriptParameter(name, kind, value, output)


@pytest.mark.parametrize("n_rows", [2, 0], ids=["rows", "no rows"])
def test_input_arrives_with_the_types_of_sql_server(run: Caller, n_rows: int) -> None:
    run("print([str(t) for t in InputDataSet.dtypes], len(InputDataSet))", TABLE.slice(0, n_rows))
    time = "datetime64[ns]"
    text = "str" if "'str'" in run.stdout else "object"
    dtypes = ["int32", "int32", "float64", "float64", "float64", "bool", text, time, time]
    assert run.stdout == f"{dtypes} {n_rows}\n"


def test_nulls_arrive_as_pandas_has_them(run: Caller) -> None:
    run("r = InputDataSet.iloc[1]\nprint(r.f, r.r, r.s, r.t, r.d)", TABLE)
    assert run.stdout in {"nan nan None NaT NaT\n", "nan nan nan NaT NaT\n"}


def test_a_table_survives_the_way_there_and_back(run: Caller) -> None:
    output = run("OutputDataSet = InputDataSet", TABLE).output
    assert output.schema.names == TABLE.schema.names
    assert [str(kind) for kind in output.schema.types] == [
        *("int32", "int32", "double", "double", "double", "bool", "string", "timestamp[us]", "timestamp[us]")
    ]
    for name in ("i", "tiny", "f", "r", "b", "s", "t"):
        assert output[name].to_pylist() == TABLE[name].to_pylist(), name
    assert output["big"].to_pylist() == [1.0, 2.0**53]
    assert output["d"].to_pylist() == [datetime.datetime(2015, 1, 1), None]


def test_input_in_several_batches_arrives_whole(run: Caller) -> None:
    schema = pa.schema([("a", pa.int32()), ("s", pa.string())])
    batches = (pa.record_batch([pa.array([n] * 7, pa.int32()), pa.array([str(n)] * 7)], schema) for n in range(5))
    reader = Rows(schema, batches)
    output = run("OutputDataSet = InputDataSet.iloc[::7]", reader).output
    assert output.to_pydict() == {"a": [0, 1, 2, 3, 4], "s": ["0", "1", "2", "3", "4"]}


@pytest.mark.parametrize("n_columns", [1, 2])
def test_input_can_be_written_to(run: Caller, n_columns: int) -> None:
    table = pa.table({name: pa.array([1.0, 2.0]) for name in "ab"[:n_columns]})
    script = "InputDataSet.iloc[0, 0] = 7\nInputDataSet['a'] += 1\nOutputDataSet = InputDataSet"
    assert run(script, table).output["a"].to_pylist() == [8.0, 3.0]


def test_names_of_input_and_output_can_be_chosen(run: Caller) -> None:
    output = run("result = data", TABLE.select(["i"]), input_name="data", output_name="result").output
    assert output["i"].to_pylist() == [1, 2]


def test_without_input_query_the_input_is_an_empty_frame(run: Caller) -> None:
    run("print(type(InputDataSet).__name__, InputDataSet.shape)")
    assert run.stdout == "DataFrame (0, 0)\n"


def test_an_output_that_was_never_assigned_is_none(run: Caller) -> None:
    assert run("x = 1").output is None


def test_a_script_runs_once_for_each_piece_of_its_input(run: Caller) -> None:
    table = pa.table({"a": pa.array(range(7), pa.int32()), "s": list("abcdefg")})
    script = (
        "import pandas as pd\nn = globals().get('n', 0) + 1\nwas = len(OutputDataSet.columns)\nq = n\n"
        "OutputDataSet = pd.DataFrame({'n': [n], 'was': [was], 's': [''.join(InputDataSet.s)], "
        "'i': [InputDataSet.index[0] if len(InputDataSet) else None]})"
    )
    result = run(script, table, given("q", "int", output=True), pieces=(3, 0, 4))
    assert result.output.drop_columns(["i"]).to_pydict() == {"n": [1, 2, 3], "was": [0, 0, 0], "s": ["abc", "", "defg"]}
    assert result.output["i"].to_pylist() == [0, None, 0]
    assert result.parameters == {"q": 3}


# (what each of three runs leaves in column c, its type, all values)
PIECES: list[tuple[str, str, list[Any]]] = [
    ("[[1], [2.5], [None]]", "double", [1.0, 2.5, None]),
    ("[np.array([1], 'i1'), np.array([2], 'u1'), np.array([3], 'i4')]", "int32", [1, 2, 3]),
    ("[[None], ['x'], [None]]", "string", [None, "x", None]),
    ("[[], [True], []]", "bool", [True]),
]  # fmt: skip


@pytest.mark.parametrize(("left", "kind", "expected"), PIECES, ids=[row[0] for row in PIECES])
def test_the_outputs_of_all_runs_are_one(run: Caller, left: str, kind: str, expected: list[Any]) -> None:
    script = f"import numpy as np, pandas as pd\nleft = {left}\nc = left[int(InputDataSet.a[0])]\n" \
        "OutputDataSet = pd.DataFrame({'c': np.array(c, object) if len(c) == 0 or c[0] is None else c})"  # fmt: skip
    output = run(script, pa.table({"a": pa.array([0, 1, 2], pa.int32())}), pieces=(1, 1, 1)).output
    assert (str(output.schema.types[0]), output["c"].to_pylist()) == (kind, expected)


@pytest.mark.parametrize(
    ("left", "words"),
    [("[{'c': [1]}, {'c': ['x']}]", "Column 'c' of OutputDataSet is of type int64 and string after different runs"),
     ("[{'c': [1]}, {'c': [1], 'd': [2]}]", "OutputDataSet has 1 columns after one run of the script and 2 after")],
)  # fmt: skip
def test_outputs_that_do_not_fit_together_are_refused(run: Caller, left: str, words: str) -> None:
    script = f"import pandas as pd\nOutputDataSet = pd.DataFrame({left}[int(InputDataSet.a[0])])"
    with pytest.raises(UnusableResult, match=words):
        run(script, pa.table({"a": pa.array([0, 1], pa.int32())}), pieces=(1, 1))


@pytest.mark.parametrize("kind", ["int32", "bool"])
def test_null_in_an_int_or_bit_column_is_refused(run: Caller, kind: str) -> None:
    with pytest.raises(UnusableInput, match=r"Column 'k' .* CAST it to float"):
        run("", pa.table({"k": pa.array([None], pa.type_for_alias(kind))}))


@pytest.mark.parametrize("kind", [pa.decimal128(9, 2), pa.time64("us"), pa.timestamp("us", "Z"), pa.binary()], ids=str)
def test_input_types_that_scripts_cannot_take_are_refused(run: Caller, kind: pa.DataType) -> None:
    with pytest.raises(UnusableInput, match=r"Column 'k' .* CAST"):
        run("", pa.table({"k": pa.array([None], kind)}))


def test_a_date_outside_the_range_of_pandas_is_refused(run: Caller) -> None:
    with pytest.raises(UnusableInput, match=r"Column 'k' .* outside"):
        run("", pa.table({"k": pa.array([datetime.datetime(1600, 1, 1)], pa.timestamp("us"))}))


RESULTS: list[tuple[str, str, list[Any]]] = [
    ("np.array([1, 2], dtype='i8')", "int64", [1, 2]),
    ("np.array([1, 2], dtype='u2')", "int32", [1, 2]),
    ("np.array([1, 2], dtype='u8')", "int64", [1, 2]),
    ("np.array([0.5, np.nan], dtype='f4')", "float", [0.5, None]),
    ("np.array([0.5, np.nan], dtype='f2')", "float", [0.5, None]),
    ("[0.5, np.inf, -np.inf, np.nan]", "double", [0.5, None, None, None]),
    ("np.array([0.5, np.inf, None], dtype=object)", "double", [0.5, None, None]),
    ("[True, False]", "bool", [True, False]),
    ("np.array([True, None], dtype=object)", "bool", [True, None]),
    ("np.array([1, None], dtype=object)", "int64", [1, None]),
    ("['x', None, np.nan]", "string", ["x", None, None]),
    ("np.array([b'x', None], dtype=object)", "binary", [b"x", None]),
    ("pd.Categorical(['x', 'y', None])", "string", ["x", "y", None]),
    ("pd.Categorical([1, 2, 1])", "int64", [1, 2, 1]),
    ("pd.array([1, None], dtype='Int64')", "int64", [1, None]),
    ("pd.to_datetime(['2015-01-01 06:00:00.123456789', None])", "timestamp[us]",
     [datetime.datetime(2015, 1, 1, 6, 0, 0, 123456), None]),
    ("[datetime.date(2015, 1, 1), None]", "timestamp[us]", [datetime.datetime(2015, 1, 1), None]),
    ("np.array([None, None], dtype=object)", "null", [None, None]),
    ("np.array([], dtype='f8')", "double", []),
]  # fmt: skip


@pytest.mark.parametrize(("values", "kind", "expected"), RESULTS, ids=[row[0] for row in RESULTS])
def test_result_columns_become(run: Caller, values: str, kind: str, expected: list[Any]) -> None:
    script = f"import datetime, numpy as np, pandas as pd\nOutputDataSet = pd.DataFrame({{'c': {values}}})"
    output = run(script).output
    assert (str(output.schema.types[0]), output["c"].to_pylist()) == (kind, expected)


REFUSED = [
    ("'no frame'", "TypeError: OutputDataSet should be of type pandas.DataFrame"),
    ("None", "TypeError: OutputDataSet should be of type pandas.DataFrame"),
    ("{'c': [1]}", "TypeError: OutputDataSet should be of type pandas.DataFrame"),
    ("pd.Series([1])", "TypeError: OutputDataSet should be of type pandas.DataFrame"),
    ("pd.DataFrame({'c': [decimal.Decimal(1)]})", r"Column 'c' of OutputDataSet holds Decimal .* astype\(float\)"),
    ("pd.DataFrame({'c': [1, 'x']})", "Column 'c' of OutputDataSet cannot be returned"),
    ("pd.DataFrame({'c': [[1], [2]]})", "Column 'c' of OutputDataSet is of type list"),
    ("pd.DataFrame({'c': [2 ** 70]})", "Column 'c' of OutputDataSet cannot be returned"),
    ("pd.DataFrame({'c': np.array([2 ** 63], dtype='u8')})", "Column 'c' of OutputDataSet cannot be returned"),
    ("pd.DataFrame({'c': [1 + 2j]})", "Column 'c' of OutputDataSet cannot be returned"),
    ("pd.DataFrame({'c': pd.to_timedelta([1])})", "Column 'c' of OutputDataSet is of type duration"),
    ("pd.DataFrame({'c': pd.to_datetime(['2015-01-01']).tz_localize('UTC')})", "Column 'c' of OutputDataSet"),
    ("pd.DataFrame({'c': pd.Series([chr(0xd800)], dtype=object)})", "Column 'c' of OutputDataSet cannot be returned"),
]


@pytest.mark.parametrize(("expression", "sentence"), REFUSED, ids=[row[0] for row in REFUSED])
def test_results_that_sql_server_cannot_take_are_refused(run: Caller, expression: str, sentence: str) -> None:
    with pytest.raises(UnusableResult, match=sentence):
        run(f"import decimal, numpy as np, pandas as pd\nOutputDataSet = {expression}")


def test_names_of_result_columns_may_repeat_and_need_not_be_strings(run: Caller) -> None:
    output = run("import pandas as pd\nOutputDataSet = pd.DataFrame([[1, 2, 3]], columns=['a', 'a', 0])").output
    assert output.column_names == ["a", "a", "0"]
    assert [column.to_pylist() for column in output.columns] == [[1], [2], [3]]


def test_the_index_of_the_result_is_left_out(run: Caller) -> None:
    output = run("import pandas as pd\nOutputDataSet = pd.DataFrame({'a': [1, 2]}, index=['x', 'y'])").output
    assert output.to_pydict() == {"a": [1, 2]}


VALUES: list[tuple[Any, Any]] = [
    ("int", -(2**63)),
    ("float", 0.1),
    ("bool", True),
    ("str", "O'Brien ä€😀\x00"),
    ("str", ""),
    ("bytes", bytes(range(256))),
    ("datetime", datetime.datetime(1753, 1, 1, 0, 0, 0, 3000)),
]


@pytest.mark.parametrize(("kind", "value"), [*VALUES, *((kind, None) for kind, _ in VALUES)], ids=str)
def test_parameters_survive_the_way_there_and_back(run: Caller, kind: Any, value: Any) -> None:
    result = run("q = p", None, given("p", kind, value), given("q", kind, output=True))
    assert result.parameters == {"q": value}
    assert type(result.parameters["q"]) is type(value)


OUTPUTS: list[tuple[str, Any, Any]] = [
    ("np.int64(7)", "int", 7),
    ("np.array(7)", "int", 7),
    ("7", "float", 7.0),
    ("np.float32(0.5)", "float", 0.5),
    ("np.nan", "float", None),
    ("float('-inf')", "float", None),
    ("np.bool_(True)", "bool", True),
    ("np.str_('x')", "str", "x"),
    ("bytearray(b'x')", "bytes", b"x"),
    ("memoryview(b'x')", "bytes", b"x"),
    ("pd.Timestamp('2015-01-01 06:00')", "datetime", datetime.datetime(2015, 1, 1, 6)),
    ("np.datetime64('2015-01-01')", "datetime", datetime.datetime(2015, 1, 1)),
    ("datetime.date(2015, 1, 1)", "datetime", datetime.datetime(2015, 1, 1)),
    ("pd.NaT", "datetime", None),
]


@pytest.mark.parametrize(("expression", "kind", "expected"), OUTPUTS, ids=[row[0] for row in OUTPUTS])
def test_output_parameters_become(run: Caller, expression: str, kind: Any, expected: Any) -> None:
    script = f"import datetime, numpy as np, pandas as pd\nq = {expression}"
    found = run(script, None, given("q", kind, output=True)).parameters["q"]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("statement", "kind"),
    [("q = 1.5", "int"), ("q = True", "int"), ("q = 1", "bool"), ("q = 1", "str"), ("q = 'x'", "bytes"),
     ("del q", "int"), ("q = 'x'", "float"), ("q = 'x'", "datetime"), ("q = [1]", "int"), ("q = chr(0xd800)", "str")],
)  # fmt: skip
def test_an_output_parameter_of_the_wrong_kind_is_refused(run: Caller, statement: str, kind: Any) -> None:
    with pytest.raises(UnusableResult, match="OUTPUT parameter 'q'"):
        run(statement, None, given("q", kind, output=True))


def test_a_traceback_has_the_frames_and_lines_of_the_script_only(run: Caller) -> None:
    with pytest.raises(ScriptFailed) as failed:
        run("\ndef f(x):\n    return 1 / x\n\nprint('before')\nf(0)\n")
    lines = [line for line in failed.value.traceback.splitlines() if line.startswith("  File") or line[0] != " "]
    assert lines == [
        "Traceback (most recent call last):",
        '  File "<string>", line 6, in <module>',
        '  File "<string>", line 3, in f',
        "ZeroDivisionError: division by zero",
    ]
    assert "    return 1 / x\n" in failed.value.traceback
    assert run.stdout == "before\n"


def test_a_syntax_error_names_its_line(run: Caller) -> None:
    with pytest.raises(ScriptFailed) as failed:
        run("x = 1\ny = = 2\n")
    assert failed.value.traceback.startswith('  File "<string>", line 2\n    y = = 2\n')
    assert "SyntaxError: invalid syntax" in failed.value.traceback


FAILURES = [
    ("raise MemoryError", ScriptFailed, "MemoryError"),
    ("raise KeyboardInterrupt", ScriptFailed, "KeyboardInterrupt"),
    ("raise ValueError(chr(0xd800))", ScriptFailed, "ValueError: .*d800"),
    ("input()", ScriptFailed, "EOFError"),
    ("def f(): f()\nf()", ScriptFailed, "RecursionError"),
    ("import sys; sys.exit(0)", ScriptFailed, "line 1, in <module>(.|\n)*SystemExit: 0"),
    ("raise SystemExit", ScriptFailed, "SystemExit"),
    ("import os; os._exit(3)", SatelliteDied, "ended with exit code 3"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", SatelliteDied, "SIGKILL .*memory"),
    ("\nimport ctypes; ctypes.string_at(0)", SatelliteDied, "SIGSEGV .* at line 2 of the script"),
    ("import os, time; os.closerange(3, 100); time.sleep(100)", SatelliteDied, "closed the connection"),
]


@pytest.mark.parametrize(("script", "error", "words"), FAILURES, ids=[row[0] for row in FAILURES])
def test_a_script_that_ends_badly_says_how_and_the_pool_lives_on(
    run: Caller, script: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        run("print('last words')\n" + script.lstrip("\n") if "line 2" in words else script)
    assert run.value("1 + 1", kind="int") == 2


def test_numbers_survive_exactly(run: Caller) -> None:
    numbers = [math.pi, 5e-324, 1.7976931348623157e308, -0.0]
    output = run("OutputDataSet = InputDataSet", pa.table({"x": numbers})).output
    assert [number.hex() for number in output["x"].to_pylist()] == [number.hex() for number in numbers]
