"""FROM: tables, functions, derived tables, joins, APPLY and PIVOT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.grammar.hints import at_table_hint, skip_bare_hints, skip_table_hints
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.words import FOREIGN_ROWSETS, SCORE_INSTEAD

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.reader import Reader

_JOIN_HINTS = ("LOOP", "HASH", "MERGE", "REMOTE")


def skip_sources(r: Reader) -> None:
    """Past the list behind FROM."""
    skip_joined(r)
    while r.take_op(","):
        skip_joined(r)


def skip_joined(r: Reader) -> None:
    """Past a source and its joins; each JOIN has its ON, behind the joins of its right side."""
    skip_source(r)
    _skip_joins(r)


def _skip_joins(r: Reader) -> None:
    while True:
        if r.take_words("CROSS", "JOIN") or r.take_words("CROSS", "APPLY") or r.take_words("OUTER", "APPLY"):
            skip_source(r)
        elif _take_join(r):
            skip_joined(r)
            r.expect_word("ON")
            r.skip_condition()
        else:
            return


def _take_join(r: Reader) -> bool:
    if r.take_word("JOIN"):
        return True
    if r.take_word("INNER"):
        pass
    elif r.take_word("LEFT", "RIGHT", "FULL"):
        r.take_word("OUTER")
    else:
        return False
    r.take_word(*_JOIN_HINTS)
    r.expect_word("JOIN")
    return True


def skip_source(r: Reader) -> None:
    """Past one table, function, derived table or join in brackets, and its PIVOT."""
    token = r.token
    if token.is_op("("):
        _skip_bracketed(r)
    elif token.kind == "variable":
        r.index += 1
        if r.at_op("."):
            raise unsupported("a method of a type", line=token.line)
        _skip_table_suffixes(r)
    elif token.is_op("{"):
        raise unsupported("ODBC escape in braces", line=token.line)
    elif token.is_op("::"):
        raise unsupported("a static method", line=token.line)
    elif token.is_word(*FOREIGN_ROWSETS):
        _skip_rowset(r)
    else:
        _skip_named(r)
    while r.at_word("PIVOT", "UNPIVOT"):
        _skip_pivot(r)


def _skip_bracketed(r: Reader) -> None:
    """``(query) AS t``, ``(VALUES ...) AS t (a)``, or a join in brackets, which has no name."""
    opening = r.index
    r.expect_op("(")
    if r.at_word("VALUES"):
        skip_values(r)
        r.expect_op(")")
        skip_table_alias(r, wanted=True)
    elif _at_query(r):
        r.skip_subquery_body()
        r.expect_op(")")
        skip_table_alias(r, wanted=True)
    elif r.at_word("INSERT", "UPDATE", "DELETE", "MERGE"):
        raise unsupported(f"{r.token.value} in FROM", line=r.token.line)
    else:
        # Brackets hold a join, or brackets that do.
        nested = r.at_op("(")
        skip_source(r)
        alone = r.index
        _skip_joins(r)
        if r.index == alone and not (nested and r.tokens[alone - 1].is_op(")")) and not _ends_in_pivot(r, opening):
            r.fail()
        r.expect_op(")")


def _at_query(r: Reader) -> bool:
    """Whether a query begins here, in any number of brackets: the last of them closes before the next word of a join.

    ``((SELECT 1 AS a) AS t JOIN u ON ...)`` is a join, ``((SELECT 1 AS a) UNION SELECT 2)`` a query.
    """
    ahead = 0
    while r.peek(ahead).is_op("("):
        ahead += 1
    if not r.peek(ahead).is_word("SELECT"):
        return False
    if ahead == 0:
        return True
    depth = 0
    for index in range(r.index, len(r.tokens)):
        depth += r.tokens[index].is_op("(") - r.tokens[index].is_op(")")
        if depth == 0:
            after = r.tokens[index + 1] if index + 1 < len(r.tokens) else r.tokens[-1]
            return after.is_op(")") or after.is_word("UNION", "EXCEPT", "INTERSECT", "ORDER", "FOR")
    return False


def _ends_in_pivot(r: Reader, opening: int) -> bool:
    depth = 0
    for token in r.tokens[opening + 1 : r.index]:
        depth += token.is_op("(") - token.is_op(")")
        if depth == 0 and token.is_word("PIVOT", "UNPIVOT"):
            return True
    return False


def skip_values(r: Reader) -> None:
    """Past VALUES (a, b), (c, d)."""
    r.expect_word("VALUES")
    while True:
        r.expect_op("(")
        while True:
            if not r.take_word("DEFAULT"):
                r.skip_scalar()
            if not r.take_op(","):
                break
        r.expect_op(")")
        if not r.take_op(","):
            return


def skip_table_alias(r: Reader, *, wanted: bool = False, columns: bool = True) -> bool:
    """Past [AS] name [(columns)], if it is there; whether it was."""
    if r.take_word("AS") or wanted or r.at_name():
        r.identifier()
    else:
        return False
    if columns and r.at_op("("):
        _skip_columns(r)
    return True


def _skip_columns(r: Reader) -> None:
    r.expect_op("(")
    r.identifier()
    while r.take_op(","):
        r.identifier()
    r.expect_op(")")


def _skip_named(r: Reader) -> None:
    first = r.token
    name = r.name()
    if r.at_op("::"):
        raise unsupported("a static method", line=r.token.line)
    if not r.at_op("(") or at_table_hint(r):
        _skip_table_suffixes(r)
        return
    if first.is_word("PREDICT", "CHANGETABLE") and len(name.parts) == 1:
        raise unsupported(first.value, line=first.line, instead=SCORE_INSTEAD if first.is_word("PREDICT") else "")
    _skip_arguments(r)
    if first.is_word("OPENJSON") and len(name.parts) == 1 and r.at_word("WITH"):
        _skip_schema(r)
    skip_table_alias(r)


def _skip_arguments(r: Reader) -> None:
    r.expect_op("(")
    if not r.at_op(")"):
        while True:
            if not r.take_word("DEFAULT"):
                r.skip_scalar()
            if not r.take_op(","):
                break
    r.expect_op(")")
    if r.at_op("."):
        raise unsupported("a method of a type", line=r.token.line)


def _skip_schema(r: Reader) -> None:
    """Past WITH (name type ['path'] [AS JSON], ...)."""
    r.next()
    r.expect_op("(")
    while True:
        r.identifier()
        r.skip_type()
        if r.token.kind == "string":
            r.index += 1
        if r.take_word("AS"):
            r.expect_word("JSON")
        if not r.take_op(","):
            break
    r.expect_op(")")


def _skip_rowset(r: Reader) -> None:
    """Past OPENROWSET(BULK 'file', option [= value], ...) [WITH (columns)] and its name; the others are refused."""
    token = r.next()
    if not token.is_word("OPENROWSET") or not (r.at_op("(") and r.peek().is_word("BULK")):
        raise unsupported(token.value, line=token.line)
    r.index += 2
    r.skip_scalar()
    while r.take_op(","):
        if r.at_word("ORDER"):
            raise unsupported("OPENROWSET with ORDER", line=r.token.line)
        r.identifier()
        if r.take_op("="):
            r.skip_scalar()
    r.expect_op(")")
    if r.at_word("WITH") and r.peek().is_op("("):
        raise unsupported("OPENROWSET with WITH", line=r.token.line)
    skip_table_alias(r)


def _skip_table_suffixes(r: Reader) -> None:
    """Past what may follow a table's name: FOR SYSTEM_TIME, an alias, TABLESAMPLE and hints."""
    if r.at_words("FOR", "SYSTEM_TIME"):
        _skip_system_time(r)
    _skip_sample(r)
    skip_table_alias(r, columns=False)
    _skip_sample(r)
    if r.at_op("("):  # older code has hints without WITH
        skip_bare_hints(r)
    if r.at_word("WITH") and r.peek().is_op("("):
        r.index += 1
        skip_table_hints(r)


def _skip_sample(r: Reader) -> None:
    if r.take_word("TABLESAMPLE"):
        r.take_word("SYSTEM")
        r.expect_op("(")
        r.skip_scalar()
        r.take_word("PERCENT", "ROWS")
        r.expect_op(")")
        if r.take_word("REPEATABLE"):
            r.expect_op("(")
            r.skip_scalar()
            r.expect_op(")")


def _skip_system_time(r: Reader) -> None:
    r.index += 2
    if r.take_word("ALL"):
        return
    if r.take_words("AS", "OF"):
        r.skip_scalar()
    elif r.take_words("CONTAINED", "IN"):
        r.expect_op("(")
        r.skip_scalar()
        r.expect_op(",")
        r.skip_scalar()
        r.expect_op(")")
    else:
        between = r.expect_word("FROM", "BETWEEN").value == "BETWEEN"
        r.skip_scalar()
        r.expect_word("AND" if between else "TO")
        r.skip_scalar()


def _skip_pivot(r: Reader) -> None:
    """Past PIVOT (aggregate(a) FOR b IN ([x], [y])) AS p, or UNPIVOT (a FOR b IN (x, y)) AS u."""
    pivot = r.next().value == "PIVOT"
    r.expect_op("(")
    if pivot:
        r.name()
        if not r.at_op("("):
            r.fail()
        r.expect_op("(")
        r.skip_scalars()
        r.expect_op(")")
    else:
        r.identifier()
    r.expect_word("FOR")
    r.name()
    r.expect_word("IN")
    r.expect_op("(")
    while True:
        r.name()
        if not r.take_op(","):
            break
    r.expect_op(")")
    r.expect_op(")")
    skip_table_alias(r, wanted=True, columns=False)
