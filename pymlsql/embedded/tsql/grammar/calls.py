"""Calls of functions: the forms that a plain list of arguments is not, WITHIN GROUP and OVER."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.messages import sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.reader import Reader


def skip_call(r: Reader, *, own: bool) -> None:
    """Past the arguments of a function and what may follow them. ``own``: SQL Server's, a name of one part."""
    r.expect_op("(")
    if own and r.take_op("*"):
        r.expect_op(")")
    elif not r.take_op(")"):
        if own:
            r.take_word("DISTINCT", "ALL")
        _skip_argument(r, own)
        while r.take_op(","):
            _skip_argument(r, own)
        r.expect_op(")")
    skip_null_treatment(r)
    if r.at_words("WITHIN", "GROUP"):
        r.index += 2
        r.expect_op("(")
        r.skip_order_by()
        r.expect_op(")")
    skip_over(r)


def _skip_argument(r: Reader, own: bool) -> None:
    if own or not r.take_word("DEFAULT"):
        r.skip_scalar()


def skip_null_treatment(r: Reader) -> None:
    """Past IGNORE NULLS or RESPECT NULLS."""
    if r.at_word("IGNORE", "RESPECT") and r.peek().is_word("NULLS"):
        r.index += 2


def skip_over(r: Reader) -> None:
    """Past OVER, if it is there: a window in brackets, or the name of one."""
    if not r.take_word("OVER"):
        return
    if not r.at_op("("):
        r.identifier()
        return
    skip_window(r)


def skip_window(r: Reader) -> None:
    """Past ``([name] [PARTITION BY ...] [ORDER BY ...] [frame])``; the window that is named may have the order."""
    r.expect_op("(")
    named = r.at_name() and not r.at_word("PARTITION", "ROWS", "RANGE")
    if named:
        r.identifier()
    if r.take_word("PARTITION"):
        r.expect_word("BY")
        r.skip_scalars()
    ordered = r.at_word("ORDER")
    if ordered:
        r.skip_order_by()
    if r.at_word("ROWS", "RANGE"):
        if not (ordered or named):
            raise sql_error(10756, line=r.token.line)
        _skip_frame(r, ranges=r.next().value == "RANGE")
    r.expect_op(")")


def _skip_frame(r: Reader, *, ranges: bool) -> None:
    if r.take_word("BETWEEN"):
        _skip_bound(r, ranges, "PRECEDING", "FOLLOWING")
        r.expect_word("AND")
        _skip_bound(r, ranges, "PRECEDING", "FOLLOWING")
    else:
        _skip_bound(r, ranges, "PRECEDING")


def _skip_bound(r: Reader, ranges: bool, *directions: str) -> None:
    if r.take_word("CURRENT"):
        r.expect_word("ROW")
        return
    if not r.take_word("UNBOUNDED"):
        if r.token.kind != "number" or not r.token.text.isdigit():
            r.fail()
        if ranges:
            raise sql_error(4194, line=r.token.line)
        r.index += 1
    r.expect_word(*directions)


# Forms of their own ---------------------------------------------------------------------------------------------------


def _cast(r: Reader) -> None:
    r.expect_op("(")
    r.skip_scalar()
    r.expect_word("AS")
    r.skip_type()
    r.expect_op(")")


def _parse(r: Reader) -> None:
    r.expect_op("(")
    r.skip_scalar()
    r.expect_word("AS")
    r.skip_type()
    if r.take_word("USING"):
        r.skip_scalar()
    r.expect_op(")")


def _convert(r: Reader) -> None:
    r.expect_op("(")
    r.skip_type()
    r.expect_op(",")
    r.skip_scalar()
    if r.take_op(","):
        r.skip_scalar()
    r.expect_op(")")


def _iif(r: Reader) -> None:
    r.expect_op("(")
    r.skip_condition()
    for _ in range(2):
        r.expect_op(",")
        r.skip_scalar()
    r.expect_op(")")


def _coalesce(r: Reader) -> None:
    r.expect_op("(")
    r.skip_scalar()
    r.expect_op(",")
    r.skip_scalars()
    r.expect_op(")")


def _nullif(r: Reader) -> None:
    r.expect_op("(")
    r.skip_scalar()
    r.expect_op(",")
    r.skip_scalar()
    r.expect_op(")")


def _plain(r: Reader) -> None:
    r.expect_op("(")
    if not r.at_op(")"):
        r.skip_scalars()
    r.expect_op(")")


def _trim(r: Reader) -> None:
    r.expect_op("(")
    if r.at_word("LEADING", "TRAILING", "BOTH") and not r.peek().is_op(")", ".", "("):
        r.index += 1
    if not r.at_op(")"):
        r.skip_scalar()
        if r.take_word("FROM"):
            r.skip_scalar()
        while r.take_op(","):
            r.skip_scalar()
    r.expect_op(")")


def _json(r: Reader) -> None:
    """JSON_OBJECT('key' : value, ... [NULL | ABSENT ON NULL]) and JSON_ARRAY, which has no keys."""
    keys = r.tokens[r.index - 1].is_word("JSON_OBJECT")
    r.expect_op("(")
    while not r.at_op(")") and not _at_null_clause(r):
        r.skip_scalar()
        if keys:
            r.expect_op(":")
            r.skip_scalar()
        if not r.take_op(","):
            break
    if _at_null_clause(r):
        r.index += 3
    r.expect_op(")")


def _at_null_clause(r: Reader) -> bool:
    return r.at_word("NULL", "ABSENT") and r.peek().is_word("ON") and r.peek(2).is_word("NULL")


def _identity(r: Reader) -> None:
    """IDENTITY(type [, seed, increment]) in the list of a SELECT INTO."""
    r.expect_op("(")
    r.skip_type()
    if r.take_op(","):
        r.integer()
        r.expect_op(",")
        r.integer()
    r.expect_op(")")


CALLS: dict[str, Callable[[Reader], None]] = {
    "CAST": _cast, "TRY_CAST": _cast, "PARSE": _parse, "TRY_PARSE": _parse, "CONVERT": _convert,
    "TRY_CONVERT": _convert, "IIF": _iif, "COALESCE": _coalesce, "NULLIF": _nullif, "LEFT": _plain, "RIGHT": _plain,
    "TRIM": _trim, "JSON_OBJECT": _json, "JSON_ARRAY": _json, "IDENTITY": _identity,
}  # fmt: skip
