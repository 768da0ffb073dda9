"""Scalars and conditions. T-SQL has no boolean type: a condition is no value, and a value is no condition (4145)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NoReturn

from pymlsql.embedded.tsql.grammar.calls import CALLS, skip_call, skip_over
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.words import NILADIC

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.reader import Reader

Kind = Literal["scalar", "condition", "query"]
"""A query in brackets is a scalar where one is wanted; UNION may follow it too."""

_ARITHMETIC = ("+", "-", "*", "/", "%", "&", "|", "^")
_COMPARISONS = ("=", "<", ">", "<>", "<=", ">=", "!=", "!<", "!>", "!")
_FULL_TEXT = ("CONTAINS", "FREETEXT")
_PSEUDO_COLUMNS = frozenset({"IDENTITY", "ROWGUID", "ACTION", "CUID"})


def skip_scalar(r: Reader) -> None:
    """Past one value."""
    _sum(r, conditions=False)


def skip_condition(r: Reader) -> None:
    """Past one search condition. Raises 4145 for a value."""
    if _condition(r) != "condition":
        _not_boolean(r)


def skip_subquery(r: Reader) -> None:
    """Past ``(query)``, in any number of brackets."""
    if not r.at_op("("):
        r.fail()
    if _bracketed(r, conditions=False) != "query":
        r.fail(r.tokens[r.index - 1])


def _not_boolean(r: Reader) -> NoReturn:
    token = r.token if r.token.kind != "end" else r.tokens[max(r.index - 1, 0)]
    raise sql_error(4145, token.text, line=token.line)


def _condition(r: Reader) -> Kind:
    kind = _negation(r)
    while r.at_word("AND", "OR"):
        if kind != "condition":
            _not_boolean(r)
        r.index += 1
        kind = _negation(r)
        if kind != "condition":
            _not_boolean(r)
    return kind


def _negation(r: Reader) -> Kind:
    if not r.at_word("NOT"):
        return _predicate(r)
    while r.take_word("NOT"):
        pass
    if _predicate(r) != "condition":
        _not_boolean(r)
    return "condition"


def _predicate(r: Reader) -> Kind:
    if r.take_word("EXISTS"):
        skip_subquery(r)
        return "condition"
    if r.at_word(*_FULL_TEXT):
        raise unsupported(r.token.value, line=r.token.line)
    if r.at_word("UPDATE") and r.peek().is_op("("):
        raise unsupported("UPDATE() in a trigger", line=r.token.line)
    kind = _sum(r, conditions=True)
    return "condition" if kind != "condition" and _skip_comparison(r) else kind


def _skip_comparison(r: Reader) -> bool:
    """Past an operator that makes a condition of the value before it, and what belongs to it; false without one."""
    if r.at_op(*_COMPARISONS):
        _skip_operator(r)
        if r.take_word("ALL", "ANY", "SOME"):
            skip_subquery(r)
        else:
            skip_scalar(r)
        return True
    if r.take_word("IS"):
        r.take_word("NOT")
        if r.take_word("DISTINCT"):
            r.expect_word("FROM")
            skip_scalar(r)
        else:
            r.expect_word("NULL")
        return True
    if r.at_word("NOT") and r.peek().is_word("IN", "LIKE", "BETWEEN"):
        r.index += 1
    if r.take_word("LIKE"):
        skip_scalar(r)
        if r.take_word("ESCAPE"):
            skip_scalar(r)
    elif r.take_word("BETWEEN"):
        skip_scalar(r)
        r.expect_word("AND")
        skip_scalar(r)
    elif r.take_word("IN"):
        _skip_members(r)
    else:
        return False
    return True


def _skip_operator(r: Reader) -> None:
    """Past a comparison operator, whose characters may stand apart: ``< =``."""
    token = r.next()
    if token.is_op("<", ">", "!"):
        followers = {"<": ("=", ">"), ">": ("=",), "!": ("=", "<", ">")}[token.value]
        if not r.take_op(*followers) and token.value == "!":
            r.fail(token)


def _skip_members(r: Reader) -> None:
    """Past the list or the query behind IN."""
    r.expect_op("(")
    if r.at_word("SELECT"):
        r.skip_subquery_body()
    else:
        kind = _sum(r, conditions=False)
        if kind == "query" and not r.at_op(","):
            r.skip_query_rest()
        while r.take_op(","):
            skip_scalar(r)
    r.expect_op(")")


# Values ---------------------------------------------------------------------------------------------------------------


def _sum(r: Reader, *, conditions: bool) -> Kind:
    """Operands with arithmetic between them; with ``conditions`` a condition in brackets may stand here instead."""
    kind = _operand(r, conditions=conditions)
    while r.at_op(*_ARITHMETIC):
        if kind == "condition":
            r.fail()
        r.index += 1
        _operand(r, conditions=False)
        kind = "scalar"
    return kind


def _operand(r: Reader, *, conditions: bool) -> Kind:
    signed = False
    while r.take_op("+", "-", "~"):
        signed = True
    kind = _primary(r, conditions=conditions and not signed)
    if kind == "condition":
        return kind
    return "scalar" if _skip_suffixes(r) or signed else kind


def _skip_suffixes(r: Reader) -> bool:
    start = r.index
    collated = False
    while True:
        if r.at_word("COLLATE") and not collated:
            r.index += 1
            if r.token.kind == "quoted":
                r.fail()
            r.identifier()
            collated = True
        elif r.at_words("AT", "TIME", "ZONE"):
            r.index += 3
            _primary(r, conditions=False)
        elif r.at_op(".") and r.tokens[r.index - 1].is_op(")"):
            _skip_method(r)
        else:
            return r.index > start


def _skip_method(r: Reader) -> None:
    """``value('path', 'type')`` behind a query in brackets."""
    r.index += 1
    if not r.at_word("VALUE") or r.token.text != "value":
        raise unsupported("a method of a type", line=r.token.line)
    r.index += 1
    r.expect_op("(")
    for ending in (",", ")"):
        if r.token.kind != "string":
            raise unsupported("a method of a type", line=r.token.line)
        r.index += 1
        r.expect_op(ending)


def _primary(r: Reader, *, conditions: bool) -> Kind:
    token = r.token
    if token.is_op("("):
        return _bracketed(r, conditions=conditions)
    if token.kind in ("string", "number", "binary"):
        r.index += 1
        if token.kind == "number" and r.at_op("."):
            raise unsupported("a number before a dot", line=token.line)
    elif token.kind == "variable":
        r.index += 1
        if r.at_op(".", "::"):
            raise unsupported("a method of a type", line=token.line)
    elif token.is_op("$"):
        _skip_dollar(r)
    elif token.is_op("{"):
        raise unsupported("ODBC escape in braces", line=token.line)
    elif token.is_word("CASE"):
        _skip_case(r)
    elif token.is_word(*CALLS) and r.peek().is_op("("):
        r.index += 1
        CALLS[token.value](r)
    elif token.is_word(*NILADIC):
        r.index += 1
    elif token.is_word("NEXT") and r.peek().is_word("VALUE"):
        _skip_next_value(r)
    else:
        _skip_reference(r)
    return "scalar"


def _bracketed(r: Reader, *, conditions: bool) -> Kind:
    r.expect_op("(")
    if r.at_word("SELECT"):
        r.skip_subquery_body()
        kind: Kind = "query"
    else:
        nested = r.at_op("(")
        kind = _condition(r) if conditions else _sum(r, conditions=False)
        if nested and kind == "query":
            r.skip_query_rest()
    r.expect_op(")")
    return kind


def _skip_dollar(r: Reader) -> None:
    """Past money, whose sign may stand behind the dollar, or a pseudo-column."""
    dollar = r.next()
    signed = r.at_op("-", "+") and r.token.start == dollar.end and r.peek().start == r.token.end
    if signed and r.peek().kind == "number":
        r.index += 2
    elif r.token.start != dollar.end or r.token.kind not in ("number", "word"):
        raise unsupported("a dollar alone", line=dollar.line)
    elif r.token.kind == "number":
        r.index += 1
    else:
        if r.token.value not in _PSEUDO_COLUMNS:
            raise unsupported(f"${r.token.text}", line=dollar.line)
        r.index += 1


def _skip_case(r: Reader) -> None:
    r.next()
    searched = r.at_word("WHEN")
    if not searched:
        skip_scalar(r)
    r.expect_word("WHEN")
    while True:
        if searched:
            skip_condition(r)
        else:
            skip_scalar(r)
        r.expect_word("THEN")
        skip_scalar(r)
        if not r.take_word("WHEN"):
            break
    if r.take_word("ELSE"):
        skip_scalar(r)
    r.expect_word("END")


def _skip_next_value(r: Reader) -> None:
    r.index += 2
    r.expect_word("FOR")
    r.name()
    skip_over(r)


def _skip_reference(r: Reader) -> None:
    """Past a column, or a function with its arguments."""
    if r.take_word("IDENTITYCOL", "ROWGUIDCOL"):
        return
    n_parts = 0
    while r.at_op("."):  # .t.a is t.a
        r.index += 1
    while True:
        if n_parts and r.at_op("$"):
            _skip_dollar(r)
            return
        if n_parts and r.take_word("IDENTITYCOL", "ROWGUIDCOL"):
            return
        r.identifier()
        n_parts += 1
        if not r.take_op("."):
            break
        while r.take_op("."):
            pass
    if r.at_op("::"):
        raise unsupported("a static method", line=r.token.line)
    if r.at_op("(") and not r.peek().is_word("SELECT"):  # a query in brackets is the next statement
        skip_call(r, own=n_parts == 1)
