"""The functions by which DuckDB reads and writes JSON texts: vectors of texts in, vectors out."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa

from pymlsql.embedded.tsql import jsontext, jsonwriting
from pymlsql.embedded.tsql.functions.json import (
    CHUNKS,
    ENCODE,
    EXISTS,
    IS_JSON,
    MERGE,
    MODIFY,
    OPEN,
    OPEN_WITH,
    QUERY,
    VALUE,
)
from pymlsql.embedded.tsql.messages import SqlError
from pymlsql.embedded.tsql.typed import ERROR_MARK

CHUNK_CHARACTERS = 2033
"""So many characters of a FOR JSON result SQL Server sends in one row."""

_ROWS = pa.list_(pa.struct([("k", pa.string()), ("v", pa.string()), ("t", pa.int32())]))
_TABLE = pa.list_(pa.list_(pa.string()))


@lru_cache(maxsize=256)
def _columns(text: str) -> tuple[tuple[str, bool], ...]:
    return tuple((path, as_json) for path, as_json in json.loads(text))


def _chunks(text: str) -> list[str]:
    return [text[start : start + CHUNK_CHARACTERS] for start in range(0, len(text), CHUNK_CHARACTERS)]


def _open_with(text: str, path: str, columns: str) -> list[list[str | None]]:
    return jsontext.open_json_with(text, path, _columns(columns))


def register_json(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to DuckDB. All but MODIFY give NULL where an argument is NULL."""
    rows, table = "STRUCT(k VARCHAR, v VARCHAR, t INTEGER)[]", "VARCHAR[][]"
    for name, work, parameters, result, arrow in (
        (VALUE, jsontext.json_value, 2, "VARCHAR", pa.string()),
        (QUERY, jsontext.json_query, 2, "VARCHAR", pa.string()),
        (EXISTS, jsontext.json_path_exists, 2, "BOOLEAN", pa.bool_()),
        (IS_JSON, jsontext.is_json, 2, "BOOLEAN", pa.bool_()),
        (ENCODE, jsonwriting.encode_string, 1, "VARCHAR", pa.string()),
        (OPEN, jsontext.open_json, 2, rows, _ROWS),
        (OPEN_WITH, _open_with, 3, table, _TABLE),
        (CHUNKS, _chunks, 1, "VARCHAR[]", pa.list_(pa.string())),
    ):
        if result == "VARCHAR":
            _create_native(connection, name, work, ["VARCHAR"] * parameters)
        else:
            _create(connection, name, _vectors(work, arrow), ["VARCHAR"] * parameters, result)
    _create_native(connection, MODIFY, _modify, ["VARCHAR"] * 3, n_nullable=1)
    _create_native(connection, MERGE, jsonwriting.merge_levels, [table, "VARCHAR[]"])


def _modify(text: str, path: str, value: str | None) -> str:
    return jsonwriting.json_modify(text, path, value)


def _create(connection: Any, name: str, function: Any, parameters: list[str], result: str) -> None:
    connection.create_function(name, function, parameters, result, type="arrow", null_handling="special")


def _create_native(
    connection: Any, name: str, work: Callable[..., Any], parameters: list[str], *, n_nullable: int = 0
) -> None:
    """A function that gives texts: COALESCE over what an Arrow function gives would read texts that have been freed."""

    def run(*values: Any) -> Any:
        return None if None in values[: len(values) - n_nullable] else _told(work, values)

    # DuckDB counts a function's parameters.
    shapes: dict[int, Callable[..., Any]] = {
        1: lambda a: run(a), 2: lambda a, b: run(a, b), 3: lambda a, b, c: run(a, b, c),
    }  # fmt: skip
    function = shapes[len(parameters)]
    connection.create_function(name, function, parameters, "VARCHAR", type="native", null_handling="special")


def _vectors(work: Callable[..., Any], arrow: Any) -> Callable[..., Any]:
    """``work`` over vectors; NULL in any argument gives NULL."""

    def run(columns: tuple[Any, ...]) -> Any:
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        return pa.array([None if None in row else _told(work, row) for row in rows], arrow)

    # DuckDB counts a function's parameters.
    shapes: dict[int, Callable[..., Any]] = {
        1: lambda a: run((a,)), 2: lambda a, b: run((a, b)), 3: lambda a, b, c: run((a, b, c)),
    }  # fmt: skip
    return shapes[work.__code__.co_argcount]


def _told(work: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """What ``work`` gives; its error in the form in which one crosses DuckDB."""
    try:
        return work(*arguments)
    except SqlError as error:
        raise ValueError(f"{ERROR_MARK}{error.number}|{error.severity}|{error.message}") from error
