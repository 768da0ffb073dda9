"""Data files: a bad one is named with its column and row before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pymlsql import loading
from pymlsql.errors import LoadError

GOOD = {
    "machines": "machineID,model,age\n1,model3,18\n2,model4,7\n9,model1,1\n",
    "telemetry": (
        "datetime,machineID,volt,rotate,pressure,vibration\n"
        "2015-01-01 06:00:00,1,176.2,418.5,113.07,45.08\n2015-01-01 06:00:00,2,1,2,3,\n"
    ),
    "errors": '"datetime","machineID","errorID"\n2015-01-03 07:00:00,1,"error1"\n2015-01-03 07:00:00,9,"error1"\n',
    "maint": "datetime,machineID,comp\n2014-06-01 06:00:00,1,comp2\n",
    "failures": "datetime,machineID,failure\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in GOOD.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def test_good_files_have_the_types_of_their_tables(folder: Path) -> None:
    frames = loading.read_folder(folder)
    assert list(frames) == list(loading.TABLES)
    telemetry = frames["telemetry"]
    assert [str(dtype) for dtype in telemetry.dtypes] == ["int64", "datetime64[us]"] + ["float64"] * 4
    assert telemetry["volt"].tolist() == [176.2, 1.0]
    assert telemetry["vibration"].isna().tolist() == [False, True]
    assert frames["failures"].empty
    assert str(frames["failures"]["datetime"].dtype) == "datetime64[us]"


def test_events_of_machines_without_telemetry_are_left_out_and_counted(folder: Path) -> None:
    kept, left_out = loading.keep_known_machines(loading.read_folder(folder))
    assert kept["errors"]["machineID"].tolist() == [1]
    assert kept["machines"]["machineID"].tolist() == [1, 2]
    assert left_out == {"machines": 1, "telemetry": 0, "errors": 1, "maint": 0, "failures": 0}


def test_telemetry_of_an_unknown_machine_is_refused(folder: Path) -> None:
    frames = loading.read_folder(folder)
    frames["machines"] = frames["machines"].iloc[1:]
    with pytest.raises(LoadError, match="machine 1 has telemetry and is missing"):
        loading.keep_known_machines(frames)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("maint", "datetime,machineID\n", r"maint\.csv, row 1: the columns must be machineID, datetime, comp, not"),
        ("maint", "", r"maint\.csv, row 1: the columns must be"),
        ("maint", "datetime,machineID,comp\n2015-01-01,1\n", r"maint\.csv, row 2: 2 values for 3 columns"),
        ("maint", "datetime,machineID,comp\n2015-01-01,one,comp1\n",
         r"maint\.csv, column machineID, row 2: 'one' is not a whole number"),
        ("maint", "datetime,machineID,comp\n2015-01-01,1,comp1\n2015-01-02,3000000000,comp1\n",
         r"maint\.csv, column machineID, row 3: '3000000000' is not a whole number that fits"),
        ("maint", "datetime,machineID,comp\n2015-01-01,1_0,comp1\n", "column machineID, row 2"),
        ("maint", "datetime,machineID,comp\n,1,comp1\n", r"column datetime, row 2: '' is not a time"),
        ("maint", "datetime,machineID,comp\n01/02/2015,1,comp1\n", "column datetime, row 2"),
        ("maint", "datetime,machineID,comp\n2015-01-01T00:00+01:00,1,comp1\n", "row 2: .* without zone from 1753"),
        ("maint", "datetime,machineID,comp\n1700-01-01,1,comp1\n", "row 2: .* from 1753"),
        ("maint", "datetime,machineID,comp\n2015-01-01,1,\n", "column comp, row 2: the value is empty"),
        ("maint", f"datetime,machineID,comp\n2015-01-01,1,{'x' * 21}\n", "column comp, row 2: .* more than 20"),
        ("maint", "datetime,machineID,comp\n2015-01-01,1,a\n2015-01-01,1,a\n",
         "column machineID, datetime, comp, row 3: this key is there already"),
        ("maint", 'datetime,machineID,comp\n2015-01-01,1,"a"b\n', r"maint\.csv is not CSV"),
        ("telemetry", "datetime,machineID,volt,rotate,pressure,vibration\n2015-01-01,1,1,2,inf,4\n",
         r"telemetry\.csv, column pressure, row 2: 'inf' is not a number that a float column can hold"),
        ("telemetry", "datetime,machineID,volt,rotate,pressure,vibration\n2015-01-01,1,1,abc,3,4\n",
         "column rotate, row 2: 'abc' is not a number"),
        ("machines", "machineID,model,age\n1,m,1\n\n1,m,1\n", "row 4: this key is there already"),
    ],
)  # fmt: skip
def test_a_bad_file_is_named_with_column_and_row(folder: Path, name: str, text: str, sentence: str) -> None:
    (folder / f"{name}.csv").write_text(text)
    with pytest.raises(LoadError, match=sentence):
        loading.read_folder(folder)


def test_a_quoted_line_end_does_not_shift_row_numbers(folder: Path) -> None:
    (folder / "machines.csv").write_text('machineID,model,age\n1,"a\nb",1\nx,m,1\n')
    with pytest.raises(LoadError, match="row 4: 'x'"):
        loading.read_folder(folder)


def test_missing_files_and_other_encodings_are_named(folder: Path) -> None:
    (folder / "maint.csv").write_bytes("datetime,machineID,comp\n2015-01-01,1,größe\n".encode("latin-1"))
    with pytest.raises(LoadError, match=r"maint\.csv is not UTF-8"):
        loading.read_folder(folder)
    (folder / "maint.csv").unlink()
    (folder / "errors.csv").unlink()
    with pytest.raises(LoadError, match=r"has no errors\.csv, maint\.csv"):
        loading.read_folder(folder)


def test_a_byte_order_mark_is_no_part_of_the_first_column(folder: Path) -> None:
    (folder / "machines.csv").write_text(GOOD["machines"], encoding="utf-8-sig")
    assert len(loading.read_folder(folder)["machines"]) == 3


def test_frames_must_be_complete() -> None:
    with pytest.raises(LoadError, match="no data for telemetry, errors, maint, failures"):
        loading.load(None, {"machines": pd.DataFrame()})  # type: ignore[arg-type]
