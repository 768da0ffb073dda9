"""SELECT: its list, grouping, order and the clauses behind it; set operators; WITH."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from pymlsql.embedded.tsql.grammar.calls import skip_window
from pymlsql.embedded.tsql.grammar.hints import skip_query_hints
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.reader import Reader

COMPOUND = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=")
_FOR_OPTIONS = {
    "XML": frozenset({"BINARY", "TYPE", "ROOT", "ELEMENTS", "XMLDATA", "XMLSCHEMA"}),
    "JSON": frozenset({"ROOT", "INCLUDE_NULL_VALUES", "WITHOUT_ARRAY_WRAPPER"}),
}
_FOR_MODES = {"XML": ("RAW", "AUTO", "EXPLICIT", "PATH"), "JSON": ("AUTO", "PATH")}


Place = Literal["statement", "insert", "inner"]
"""Where a query stands: as a statement it may assign or go INTO a table; in an INSERT, or inside of anything, not."""


def skip_statement(r: Reader) -> None:
    """Past a query that is a statement, with OPTION."""
    _skip_expression(r, "statement")
    _skip_order(r)
    _take_for(r)
    _skip_option(r)


def skip_inserted(r: Reader) -> None:
    """Past the query of an INSERT, with OPTION; FOR has no place there. Raises 199."""
    _skip_expression(r, "insert")
    _skip_order(r)
    _skip_option(r)


def skip_body(r: Reader) -> None:
    """Past a query that stands in brackets, or behind AS in a definition. Raises 1033."""
    _skip_inner_tail(r, topped=_skip_expression(r, "inner"))


def skip_rest(r: Reader) -> None:
    """Past what may follow a first query in brackets: UNION and so on, ORDER BY, FOR."""
    _skip_operators(r)
    _skip_inner_tail(r, topped=False)


def _skip_inner_tail(r: Reader, *, topped: bool) -> None:
    line = r.token.line
    ordered = r.at_word("ORDER")
    limited = _skip_order(r) or topped
    if not _take_for(r) and ordered and not limited:
        raise sql_error(1033, line=line)


def _skip_option(r: Reader) -> None:
    if r.take_word("OPTION"):
        skip_query_hints(r)


def _skip_order(r: Reader) -> bool:
    """Past ORDER BY and OFFSET, if they are there; whether the latter is."""
    if not r.at_word("ORDER"):
        return False
    skip_order_by(r)
    if not r.at_word("OFFSET"):
        if r.at_word("FETCH") and r.peek().is_word("FIRST", "NEXT"):
            raise sql_error(153, r.peek().text.lower(), line=r.token.line)
        return False
    _skip_offset(r)
    return True


def _skip_expression(r: Reader, place: Place) -> bool:
    """Past queries and the set operators between them; whether it is a single one, with TOP."""
    topped = _skip_term(r, place)
    return not _skip_operators(r) and topped


def _skip_operators(r: Reader) -> bool:
    start = r.index
    while r.at_word("UNION", "EXCEPT", "INTERSECT"):
        operator = r.next()
        if r.take_word("ALL") and operator.value != "UNION":
            raise sql_error(324, operator.value, line=operator.line)
        _skip_term(r, "inner")
    return r.index > start


def _skip_term(r: Reader, place: Place) -> bool:
    if not r.take_op("("):
        return _skip_specification(r, place)
    topped = _skip_expression(r, place)
    r.expect_op(")")
    return topped


def _skip_specification(r: Reader, place: Place) -> bool:
    line = r.expect_word("SELECT").line
    r.take_word("ALL", "DISTINCT")
    topped = r.at_word("TOP")
    if topped:
        skip_top(r)
    if place == "insert" and r.token.kind == "variable" and r.peek().is_op(*COMPOUND):
        raise sql_error(199, line=line)
    skip_items(r, assigning=place == "statement")
    if place == "statement" and r.take_word("INTO"):
        r.name()
        if r.take_word("ON"):
            r.identifier()
    if r.take_word("FROM"):
        r.skip_sources()
    if r.take_word("WHERE"):
        r.skip_condition()
    if r.take_word("GROUP"):
        r.expect_word("BY")
        _skip_groups(r)
    if r.take_word("HAVING"):
        r.skip_condition()
    if r.at_word("WINDOW") and r.peek(2).is_word("AS"):
        _skip_windows(r)
    return topped


def skip_top(r: Reader) -> None:
    """Past TOP n or TOP (expression), PERCENT and WITH TIES."""
    r.expect_word("TOP")
    if r.at_op("("):
        r.index += 1
        if r.at_word("SELECT"):
            r.skip_subquery_body()
        else:
            r.skip_scalar()
        r.expect_op(")")
    elif r.token.kind == "number":
        r.index += 1
    else:
        r.fail()
    r.take_word("PERCENT")
    r.take_words("WITH", "TIES")


# The list -------------------------------------------------------------------------------------------------------------


def skip_items(r: Reader, *, assigning: bool = False) -> None:
    """Past a select list, or the columns of OUTPUT; ``assigning``: ``@x = value`` may stand in it."""
    while True:
        _skip_item(r, assigning)
        if not r.take_op(","):
            return


def _skip_item(r: Reader, assigning: bool) -> None:
    if r.take_op("*") or _take_qualified_star(r):
        return
    token, after = r.token, r.peek()
    if token.kind == "variable" and after.is_op(*COMPOUND):
        if not assigning:
            r.fail(after)
        r.index += 2
        r.skip_scalar()
        return
    if after.is_op("=") and token.kind in ("word", "quoted", "string"):
        skip_alias(r)
        r.index += 1
        r.skip_scalar()
        return
    r.skip_scalar()
    if r.take_word("AS") or r.at_name() or r.token.kind == "string":
        skip_alias(r)


def skip_alias(r: Reader) -> None:
    """Past the name of a column, which may be written as a string."""
    if r.token.kind == "string":
        r.index += 1
    else:
        r.identifier()


def _take_qualified_star(r: Reader) -> bool:
    """Past ``t.*``, if it is one."""
    ahead = 0
    while r.peek(ahead).kind in ("word", "quoted") and r.peek(ahead + 1).is_op("."):
        ahead += 2
        while r.peek(ahead).is_op("."):
            ahead += 1
    if not ahead or not r.peek(ahead).is_op("*"):
        return False
    r.identifier()
    r.index += ahead
    return True


# Grouping -------------------------------------------------------------------------------------------------------------


def _skip_groups(r: Reader) -> None:
    r.take_word("ALL")
    _skip_list(r, _skip_group)
    if r.take_word("WITH"):
        r.expect_word("ROLLUP", "CUBE")


def _skip_group(r: Reader) -> None:
    if r.at_op("(") and r.peek().is_op(")"):
        r.index += 2
    elif r.at_word("ROLLUP", "CUBE") and r.peek().is_op("("):
        r.index += 1
        _skip_bracketed(r, _skip_composite)
    elif r.at_words("GROUPING", "SETS"):
        r.index += 2
        _skip_bracketed(r, _skip_set)
    else:
        r.skip_scalar()


def _skip_set(r: Reader) -> None:
    """One of GROUPING SETS: what GROUP BY takes, or columns in brackets."""
    if r.at_op("(") and not r.peek().is_op(")"):
        _skip_composite(r)
    else:
        _skip_group(r)


def _skip_composite(r: Reader) -> None:
    """``a`` or ``(a, b)``; a bracket may also open a longer expression."""
    start = r.index
    try:
        r.skip_scalar()
    except SqlError:
        r.index = start
        if not r.at_op("("):
            raise
        _skip_bracketed(r, lambda reader: reader.skip_scalar())


def _skip_windows(r: Reader) -> None:
    r.next()
    while True:
        r.identifier()
        r.expect_word("AS")
        skip_window(r)
        if not r.take_op(","):
            return


# Behind it ------------------------------------------------------------------------------------------------------------


def skip_order_by(r: Reader) -> None:
    """Past ORDER BY and its list."""
    r.expect_word("ORDER")
    r.expect_word("BY")
    _skip_list(r, _skip_ordered)


def _skip_ordered(r: Reader) -> None:
    r.skip_scalar()
    r.take_word("ASC", "DESC")


def _skip_offset(r: Reader) -> None:
    r.next()
    r.skip_scalar()
    r.expect_word("ROW", "ROWS")
    if r.take_word("FETCH"):
        r.expect_word("FIRST", "NEXT")
        r.skip_scalar()
        r.expect_word("ROW", "ROWS")
        r.expect_word("ONLY")


def _take_for(r: Reader) -> bool:
    """Past FOR BROWSE, FOR XML or FOR JSON with its options, if it is there; whether it was."""
    if not (r.at_word("FOR") and r.peek().is_word("XML", "JSON", "BROWSE")):
        return False
    r.next()
    kind = r.next().value
    if kind == "BROWSE":
        return True
    r.expect_word(*_FOR_MODES[kind])
    _take_string_in_brackets(r)
    while r.take_op(","):
        option = r.expect_word(*_FOR_OPTIONS[kind])
        if option.value == "BINARY":
            r.expect_word("BASE64")
        elif option.value == "ELEMENTS":
            r.take_word("XSINIL", "ABSENT")
        _take_string_in_brackets(r)
    return True


def _take_string_in_brackets(r: Reader) -> None:
    if r.take_op("("):
        if r.next().kind != "string":
            r.fail(r.tokens[r.index - 1])
        r.expect_op(")")


def skip_common_tables(r: Reader) -> None:
    """Past WITH name [(columns)] AS (query), ..."""
    r.expect_word("WITH")
    if r.at_word("XMLNAMESPACES"):
        raise unsupported("WITH XMLNAMESPACES", line=r.token.line)
    while True:
        r.identifier()
        if r.at_op("("):
            _skip_bracketed(r, lambda reader: reader.identifier())
        r.expect_word("AS")
        r.expect_op("(")
        skip_body(r)
        r.expect_op(")")
        if not r.take_op(","):
            return


def _skip_list(r: Reader, one: Callable[[Reader], object]) -> None:
    one(r)
    while r.take_op(","):
        one(r)


def _skip_bracketed(r: Reader, one: Callable[[Reader], object]) -> None:
    r.expect_op("(")
    _skip_list(r, one)
    r.expect_op(")")
