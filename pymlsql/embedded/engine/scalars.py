"""Functions of one row that DuckDB has not: T-SQL's own rules in Python, a table row each.

They are called only for what DuckDB's own functions cannot answer. A NULL argument gives NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa

from pymlsql.embedded.tsql import codepage
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.scalars import (
    cultures,
    digits,
    escapes,
    numberpictures,
    packing,
    phonetics,
    substitution,
    timepictures,
)
from pymlsql.embedded.tsql.times import READ_OFFSET, READ_TIME, utc_of
from pymlsql.embedded.tsql.timetexts import OLD_TYPES, Moment, UnsureForm, read_time
from pymlsql.embedded.tsql.typed import ERROR_MARK
from pymlsql.embedded.tsql.zones import AT_ZONE, at_zone

_OFFSET_SQL = "STRUCT(u TIMESTAMP, o SMALLINT)"
_ARROW = {"VARCHAR": pa.large_utf8(), "BLOB": pa.large_binary(), "TIMESTAMP": pa.timestamp("us"), "INTEGER": pa.int32(),
          _OFFSET_SQL: pa.struct([("u", pa.timestamp("us")), ("o", pa.int16())])}  # fmt: skip


@lru_cache(maxsize=256)
def _time_spec(spec: str) -> tuple[str, int | None, str, int, str, bool]:
    name, style, order, scale, source, mode = spec.split("|")
    return name, None if style == "-" else int(style), order, int(scale), source, mode == "try"


def _moment(text: str, spec: str) -> Moment | None:
    """The string as a moment; None where TRY_CAST asks and it is none. Raises 241, 242, 40510."""
    name, style, order, scale, source, try_ = _time_spec(spec)
    try:
        found = read_time(text, name, style, order, scale)
    except UnsureForm as unsure:
        raise unsupported(str(unsure)) from None
    if isinstance(found, Moment):
        return found
    if try_:
        return None
    raise sql_error(242, source, name) if found == 242 and name in OLD_TYPES else sql_error(241)


def _time(text: str, spec: str) -> Any:
    moment = _moment(text, spec)
    return moment and moment.stamp


def _offset_time(text: str, spec: str) -> Any:
    moment = _moment(text, spec)
    if moment is None:
        return None
    utc = utc_of(moment)
    if utc is None and not _time_spec(spec)[-1]:
        raise sql_error(241)
    return utc and {"u": utc, "o": moment.offset or 0}


Row = tuple[str, Callable[..., Any], tuple[str, ...], str]

SCALARS: tuple[Row, ...] = (
    (READ_TIME, _time, ("VARCHAR", "VARCHAR"), "TIMESTAMP"),
    (READ_OFFSET, _offset_time, ("VARCHAR", "VARCHAR"), _OFFSET_SQL),
    (AT_ZONE, at_zone, ("TIMESTAMP", "VARCHAR", "BOOLEAN"), _OFFSET_SQL),
    (cultures.PARSE_NUMBER, cultures.parse_number, ("VARCHAR", "VARCHAR", "VARCHAR"), "VARCHAR"),
    (cultures.PARSE_STAMP, cultures.parse_stamp, ("VARCHAR", "VARCHAR", "VARCHAR"), "TIMESTAMP"),
    (cultures.PARSE_OFFSET, cultures.parse_offset, ("VARCHAR", "VARCHAR", "VARCHAR"), _OFFSET_SQL),
    (codepage.NARROW, codepage.narrowed, ("VARCHAR",), "VARCHAR"),
    (codepage.TEXT_OF_BYTES, codepage.to_text, ("BLOB", "BOOLEAN"), "VARCHAR"),
    (codepage.BYTES_OF_TEXT, codepage.to_bytes, ("VARCHAR", "BOOLEAN"), "BLOB"),
    (digits.STR, digits.str_text, ("DOUBLE", "INTEGER", "INTEGER"), "VARCHAR"),
    (digits.PRODUCT, digits.product, ("VARCHAR", "VARCHAR", "INTEGER"), "VARCHAR"),
    (digits.QUOTIENT, digits.quotient, ("VARCHAR", "VARCHAR", "INTEGER"), "VARCHAR"),
    (escapes.ESCAPE, escapes.escape, ("VARCHAR",), "VARCHAR"),
    (numberpictures.FORMAT_NUMBER, numberpictures.format_number, ("VARCHAR", "VARCHAR", "VARCHAR"), "VARCHAR"),
    (timepictures.FORMAT_TIME, timepictures.format_time, ("TIMESTAMP", "VARCHAR", "VARCHAR"), "VARCHAR"),
    (packing.COMPRESS, packing.compress, ("BLOB",), "BLOB"),
    (packing.DECOMPRESS, packing.decompress, ("BLOB",), "BLOB"),
    (packing.SHA512, packing.sha512, ("BLOB",), "BLOB"),
    (phonetics.SOUNDEX, phonetics.soundex, ("VARCHAR",), "VARCHAR"),
    (phonetics.DIFFERENCE, phonetics.difference, ("VARCHAR", "VARCHAR"), "INTEGER"),
    (substitution.MESSAGE, substitution.message_of, ("VARCHAR", "VARCHAR[]"), "VARCHAR"),
)
"""Name in DuckDB, function, the DuckDB types of its arguments and of its result."""


def register_scalars(connection: duckdb.DuckDBPyConnection) -> None:
    """Give DuckDB all of them."""
    create: Any = connection.create_function
    for name, function, arguments, result in SCALARS:
        # COALESCE over what an Arrow function gives reads texts that have been freed; those of a native one are copied.
        kind = "native" if result in ("VARCHAR", "BLOB") else "arrow"
        made = _by_row(function) if kind == "native" else _over_rows(function, _ARROW[result])
        create(name, made, list(arguments), result, type=kind, null_handling="special")


def _by_row(function: Callable[..., Any]) -> Callable[..., Any]:
    def one(*values: Any) -> Any:
        try:
            return None if None in values else function(*values)
        except SqlError as error:
            raise ValueError(f"{ERROR_MARK}{error.number}|{error.severity}|{error.message}") from error

    # DuckDB looks at how many parameters a function has.
    wrappers: dict[int, Callable[..., Any]] = {
        1: lambda a: one(a), 2: lambda a, b: one(a, b), 3: lambda a, b, c: one(a, b, c),
    }  # fmt: skip
    return wrappers[_n_arguments(function)]


def _over_rows(function: Callable[..., Any], arrow: Any) -> Callable[..., Any]:
    def one(*values: Any) -> Any:
        return None if None in values else function(*values)

    # DuckDB looks at how many parameters a function has.
    def unary(a: Any) -> Any:
        return _all(lambda: [one(v) for v in a.to_pylist()])

    def binary(a: Any, b: Any) -> Any:
        return _all(lambda: [one(*pair) for pair in zip(a.to_pylist(), b.to_pylist(), strict=True)])

    def ternary(a: Any, b: Any, c: Any) -> Any:
        return _all(lambda: [one(*row) for row in zip(a.to_pylist(), b.to_pylist(), c.to_pylist(), strict=True)])

    def _all(work: Callable[[], list[Any]]) -> Any:
        try:
            return pa.array(work(), arrow)
        except SqlError as error:
            raise ValueError(f"{ERROR_MARK}{error.number}|{error.severity}|{error.message}") from error

    wrappers: dict[int, Callable[..., Any]] = {1: unary, 2: binary, 3: ternary}
    return wrappers[_n_arguments(function)]


def _n_arguments(function: Callable[..., Any]) -> int:
    return function.__code__.co_argcount
