"""column.WRITE (expression, offset, length): a part of a large value is replaced."""

from __future__ import annotations

from collections.abc import Callable

from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import SqlType

_BEYOND = "'[\\x{10000}-\\x{10FFFF}]'"


def replaced_part(old: Typed, piece: Typed, offset: Typed, length: Typed) -> Typed:
    """``old`` with ``length`` units from ``offset`` replaced by ``piece``; all have their types. Units are bytes, of
    nvarchar pairs of bytes. When it runs it raises 7116, 7135; NULLs without a documented meaning are refused."""
    type_ = old.type

    def of_old(v: str) -> str:
        def of_piece(p: str) -> str:
            return bound(offset.sql, lambda o: bound(length.sql, lambda n: _case(type_, v, p, o, n)))

        return bound(piece.sql, of_piece)

    return Typed(bound(old.sql, of_old), type_)


def _case(type_: SqlType, v: str, p: str, o: str, n: str) -> str:
    empty = "''::BLOB" if type_.is_binary else "''"
    size, first, rest = _pieces(type_)
    refused = raise_sql(40510, quote_text("WRITE on NULL"))
    beyond = f"WHEN regexp_matches({v} || coalesce({p}, ''), {_BEYOND}) THEN " \
             f"{raise_sql(40510, quote_text('WRITE beyond the BMP'))} " if type_.is_unicode else ""  # fmt: skip
    return (
        f"CASE WHEN {v} IS NULL OR ({o} IS NULL AND {p} IS NULL) THEN {refused} "
        f"{beyond}WHEN {o} IS NULL THEN {v} || {p} "
        f"WHEN {o} < 0 OR {o} > {size(v)} THEN {raise_sql(7116, o)} "
        f"WHEN {p} IS NULL THEN {first(v, o)} "
        f"WHEN {n} < 0 THEN {raise_sql(7135, n)} "
        f"ELSE {first(v, o)} || {p} || CASE WHEN {n} IS NULL THEN {empty} ELSE {rest(v, f'{o} + {n}')} END END"
    )


_Cut = Callable[[str, str], str]


def _pieces(type_: SqlType) -> tuple[Callable[[str], str], _Cut, _Cut]:
    """How long a value is, its first units, and what comes behind so many."""
    if type_.is_binary:
        return (
            lambda v: f"octet_length({v})",
            lambda v, n: f"array_slice({v}, 1, {n})",
            lambda v, n: f"array_slice({v}, {n} + 1, greatest(octet_length({v}), {n}))",
        )
    return (
        lambda v: f"length({v})",
        lambda v, n: f"substring({v}, 1, {n})",
        lambda v, n: f"substring({v}, {n} + 1)",
    )
