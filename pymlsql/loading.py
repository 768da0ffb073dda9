"""Machine data into the database: five CSV files, or five DataFrames, checked before the first row is sent."""

from __future__ import annotations

import csv
import datetime
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pymlsql.database import Database, fetch, insert_frame
from pymlsql.errors import LoadError
from pymlsql.quoting import qualified
from pymlsql.schema import METADATA

if TYPE_CHECKING:
    import pandas as pd

TABLES = {
    "machines": "dbo.PdM_machines",
    "telemetry": "dbo.PdM_telemetry",
    "errors": "dbo.PdM_errors",
    "maint": "dbo.PdM_maint",
    "failures": "dbo.PdM_failures",
}
"""Each file's name without .csv, in the order of loading, and the table it fills."""

TELEMETRY = "telemetry"
PREDICTIONS = "dbo.FailurePredictions"
MACHINE = "machineID"
FIRST_DATETIME = datetime.datetime(1753, 1, 1)
"""Where datetime begins (sql-docs, "datetime")."""

Progress = Callable[[str, int, int], None]
"""Called with the name of what is loaded, rows sent so far, and rows in all."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Rows now in each table by file name, and rows left out because telemetry knows no such machine."""

    n_rows: dict[str, int]
    n_left_out: dict[str, int]


def load(
    db: Database, frames: dict[str, pd.DataFrame], *, replace: bool = False, progress: Progress | None = None
) -> LoadReport:
    """Fill the five tables in one transaction.

    `frames` has a DataFrame for each of TABLES; rows of machines without telemetry are left out and counted. Raises
    LoadError where a table already holds rows and `replace` is not given. `replace` also deletes the predictions made
    from what the tables held.
    """
    missing = [name for name in TABLES if name not in frames]
    if missing:
        raise LoadError(f"There is no data for {', '.join(missing)}.")
    if frames[TELEMETRY].empty:
        raise LoadError(f"{TELEMETRY} holds no rows: there is nothing to learn from.")
    kept, n_left_out = keep_known_machines(frames)
    if not db.scalar("SELECT COUNT(*) FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = N'PdM_telemetry'"):
        raise LoadError("The database has no tables for machine data yet: run pymlsql db upgrade.")
    with db.transaction() as connection:
        _make_room(connection, replace=replace)
        for name, table in TABLES.items():
            _insert(connection, name, table, kept[name], progress)
    return LoadReport({name: len(kept[name]) for name in TABLES}, n_left_out)


def keep_known_machines(frames: dict[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
    """The frames without rows of machines that telemetry does not know, and how many rows that were by name.

    Raises LoadError for a machine that has telemetry but no row in machines.
    """
    known = set(frames[TELEMETRY][MACHINE])
    unknown = sorted(known - set(frames["machines"][MACHINE]))
    if unknown:
        raise LoadError(f"machines.csv, column {MACHINE}: machine {unknown[0]} has telemetry and is missing there.")
    kept = {name: frame[frame[MACHINE].isin(known)] for name, frame in frames.items()}
    return kept, {name: len(frames[name]) - len(kept[name]) for name in frames}


def read_folder(folder: Path) -> dict[str, pd.DataFrame]:
    """The five CSV files of a folder as DataFrames with the types of their tables.

    Raises LoadError naming file, column and row (the line in the file; the header is line 1).
    """
    if not folder.is_dir():
        raise LoadError(f"There is no folder {folder}.")
    absent = [f"{name}.csv" for name in TABLES if not (folder / f"{name}.csv").is_file()]
    if absent:
        raise LoadError(f"{folder} has no {', '.join(absent)}: it needs {', '.join(f'{name}.csv' for name in TABLES)}.")
    return {name: read_file(folder / f"{name}.csv", schema_table(name)) for name in TABLES}


def schema_table(name: str) -> sa.Table:
    """The declared table that the file `name` fills."""
    return METADATA.tables[TABLES[name].removeprefix("dbo.")]


def read_file(path: Path, table: sa.Table) -> pd.DataFrame:
    """One CSV file whose header names exactly the columns of `table`, in any order; dtypes after the table."""
    import pandas as pd

    lines, columns = _read_csv(path, [column.name for column in table.columns])
    values = {}
    for column in table.columns:
        parse = _parser(column)
        texts = columns[column.name]
        try:
            parsed = [parse(text) for text in texts]
        except ValueError:
            row, reason = _first_bad(texts, parse)
            raise LoadError(f"{path.name}, column {column.name}, row {lines[row]}: {reason}.") from None
        values[column.name] = pd.Series(parsed, dtype=_dtype(column))
    frame = pd.DataFrame(values)
    keys = [column.name for column in table.primary_key.columns]
    if keys and (repeated := frame.duplicated(keys)).any():
        row = int(repeated.to_numpy().argmax())
        raise LoadError(f"{path.name}, column {', '.join(keys)}, row {lines[row]}: this key is there already.")
    return frame


def _read_csv(path: Path, names: list[str]) -> tuple[list[int], dict[str, tuple[str, ...]]]:
    """Line numbers of the data rows, and each column's texts by name."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file, strict=True)
            header = next(rows, [])
            if sorted(header) != sorted(names):
                raise LoadError(f"{path.name}, row 1: the columns must be {', '.join(names)}, not {', '.join(header)}.")
            found = list(_numbered(path, rows, len(header)))
    except UnicodeDecodeError as error:
        raise LoadError(f"{path.name} is not UTF-8 text (byte {error.start}).") from None
    except csv.Error as error:
        raise LoadError(f"{path.name} is not CSV: {error}.") from None
    except OSError as error:
        raise LoadError(f"{path} cannot be read: {error.strerror}.") from None
    if not found:
        return [], dict.fromkeys(header, ())
    columns = zip(*(row for _, row in found), strict=True)
    return [line for line, _ in found], dict(zip(header, columns, strict=True))


def _numbered(path: Path, rows: Any, n_columns: int) -> Iterator[tuple[int, list[str]]]:
    for row in rows:
        if len(row) == n_columns:
            yield rows.line_num, row
        elif row:
            raise LoadError(f"{path.name}, row {rows.line_num}: {len(row)} values for {n_columns} columns.")


def _first_bad(texts: tuple[str, ...], parse: Callable[[str], Any]) -> tuple[int, str]:
    for position, text in enumerate(texts):
        try:
            parse(text)
        except ValueError as error:
            return position, str(error)
    raise AssertionError("no bad value found")


def _parser(column: sa.Column[Any]) -> Callable[[str], Any]:
    kind = column.type
    if isinstance(kind, sa.Integer):
        return _parse_int
    if isinstance(kind, sa.Float):
        return _parse_optional_float if column.nullable else _parse_float
    if isinstance(kind, sa.DateTime):
        return _parse_datetime
    if isinstance(kind, sa.String):
        return _text_parser(kind.length)
    raise LoadError(f"The table's column {column.name} has a type that no CSV file can fill.")


def _dtype(column: sa.Column[Any]) -> str:
    kinds = ((sa.Integer, "int64"), (sa.Float, "float64"), (sa.DateTime, "datetime64[us]"))
    return next((dtype for kind, dtype in kinds if isinstance(column.type, kind)), "object")


def _parse_int(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number") from None
    if "_" in text or not -(2**31) <= value < 2**31:
        raise ValueError(f"{text!r} is not a whole number that fits an int")
    return value


def _parse_float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if "_" in text or not math.isfinite(value):
        raise ValueError(f"{text!r} is not a number that a float column can hold")
    return value


def _parse_optional_float(text: str) -> float:
    """A float, or NaN (SQL NULL) for an empty value."""
    return _parse_float(text) if text else math.nan


def _parse_datetime(text: str) -> datetime.datetime:
    try:
        value = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a time such as 2015-01-01 06:00:00") from None
    if value.tzinfo is not None or value < FIRST_DATETIME:
        raise ValueError(f"{text!r} is not a time without zone from 1753 on, which a datetime column needs")
    return value


def _text_parser(max_length: int | None) -> Callable[[str], str]:
    def parse_text(text: str) -> str:
        if not text:
            raise ValueError("the value is empty")
        if max_length is not None and len(text) > max_length:
            raise ValueError(f"{text[:40]!r} has more than {max_length} characters")
        return text

    return parse_text


def _make_room(connection: sa.Connection, *, replace: bool) -> None:
    """Empty the tables, and with them the predictions that were made from what they held."""
    if replace:
        fetch(connection, f"DELETE FROM {qualified(PREDICTIONS)}")
    for table in reversed(TABLES.values()):
        n_rows = int(fetch(connection, f"SELECT COUNT(*) FROM {qualified(table)}").rows[0][0])
        if n_rows and not replace:
            raise LoadError(f"{table} already holds {n_rows:,} rows: use --replace to load anew.")
        if n_rows:
            fetch(connection, f"DELETE FROM {qualified(table)}")


def _insert(connection: sa.Connection, name: str, table: str, frame: pd.DataFrame, progress: Progress | None) -> None:
    sent = 0

    def report(n_rows: int) -> None:
        nonlocal sent
        sent += n_rows
        if progress is not None:
            progress(name, sent, len(frame))

    insert_frame(connection, qualified(table), frame, progress=report)
