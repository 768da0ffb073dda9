"""Hints: behind a table in WITH, and behind a statement in OPTION. Source: "Hints (Transact-SQL)" of sql-docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.messages import sql_error, unsupported

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.reader import Reader

TABLE_HINTS = frozenset(
    """
    FASTFIRSTROW FORCESCAN FORCESEEK HOLDLOCK IGNORE_CONSTRAINTS IGNORE_TRIGGERS INDEX KEEPDEFAULTS KEEPIDENTITY
    NOEXPAND NOLOCK NOWAIT PAGLOCK READCOMMITTED READCOMMITTEDLOCK READPAST READUNCOMMITTED REPEATABLEREAD ROWLOCK
    SERIALIZABLE SNAPSHOT SPATIAL_WINDOW_MAX_CELLS TABLOCK TABLOCKX UPDLOCK XLOCK
    """.split()
)
_QUERY_HINTS = {
    hint: tuple(hint.split())
    for hint in (
        "HASH GROUP", "ORDER GROUP", "CONCAT UNION", "HASH UNION", "MERGE UNION", "LOOP JOIN", "MERGE JOIN",
        "HASH JOIN", "EXPAND VIEWS", "FORCE ORDER", "FORCE EXTERNALPUSHDOWN", "DISABLE EXTERNALPUSHDOWN",
        "FORCE SCALEOUTEXECUTION", "DISABLE SCALEOUTEXECUTION", "IGNORE_NONCLUSTERED_COLUMNSTORE_INDEX",
        "KEEP PLAN", "KEEPFIXED PLAN", "NO_PERFORMANCE_SPOOL", "PARAMETERIZATION SIMPLE", "PARAMETERIZATION FORCED",
        "RECOMPILE", "ROBUST PLAN", "DISABLE_OPTIMIZED_PLAN_FORCING",
    )
}  # fmt: skip
_NUMBER_HINTS = ("FAST", "MAXDOP", "MAXRECURSION", "QUERYTRACEON")
_PERCENT_HINTS = ("MAX_GRANT_PERCENT", "MIN_GRANT_PERCENT")


def at_table_hint(r: Reader) -> bool:
    """Whether ``(hint ...)`` without WITH stands here, as older code has it."""
    return r.at_op("(") and r.peek().is_word(*TABLE_HINTS)


def skip_table_hints(r: Reader, *, target: bool = False) -> None:
    """Past ``(hint, ...)``; the commas may be left out. Raises 321, and 1065 at the ``target`` of a change."""
    r.expect_op("(")
    while True:
        if target and r.at_word("NOLOCK", "READUNCOMMITTED"):
            raise sql_error(1065, line=r.token.line)
        _skip_table_hint(r)
        if not r.take_op(",") and r.take_op(")"):
            return


def skip_bare_hints(r: Reader) -> None:
    """Past ``(hint)`` without WITH, which older code has. Those that have arguments want WITH."""
    if r.peek().is_word("INDEX", "FORCESEEK", "SPATIAL_WINDOW_MAX_CELLS"):
        raise unsupported(f"hint {r.peek().value} without WITH", line=r.token.line)
    skip_table_hints(r)


def _skip_table_hint(r: Reader) -> None:
    token = r.token
    if token.kind == "number":
        raise unsupported("an index hint without INDEX", line=token.line)
    if token.kind != "word":
        r.fail()
    if token.value not in TABLE_HINTS:
        raise sql_error(321, token.text, line=token.line)
    r.index += 1
    if token.value == "INDEX":
        if r.take_op("="):
            _skip_index(r)
        else:
            _skip_indexes(r)
    elif token.value == "FORCESEEK" and r.take_op("("):
        _skip_index(r)
        _skip_indexes(r)
        r.expect_op(")")
    elif token.value == "SPATIAL_WINDOW_MAX_CELLS":
        r.expect_op("=")
        r.integer()


def _skip_indexes(r: Reader) -> None:
    r.expect_op("(")
    _skip_index(r)
    while r.take_op(","):
        _skip_index(r)
    r.expect_op(")")


def _skip_index(r: Reader) -> None:
    if r.token.kind == "number":
        r.index += 1
    else:
        r.identifier()


def skip_query_hints(r: Reader) -> None:
    """Past the brackets behind OPTION."""
    r.expect_op("(")
    _skip_query_hint(r)
    while r.take_op(","):
        _skip_query_hint(r)
    r.expect_op(")")


def _skip_query_hint(r: Reader) -> None:
    if r.take_word(*_NUMBER_HINTS):
        r.integer()
    elif r.take_word(*_PERCENT_HINTS):
        r.expect_op("=")
        if r.next().kind != "number":
            r.fail(r.tokens[r.index - 1])
    elif r.at_words("OPTIMIZE", "FOR"):
        r.index += 2
        _skip_optimize(r)
    elif r.at_words("USE", "HINT"):
        r.index += 2
        r.expect_op("(")
        _skip_string(r)
        while r.take_op(","):
            _skip_string(r)
        r.expect_op(")")
    elif r.take_words("USE", "PLAN"):
        _skip_string(r)
    elif r.take_words("TABLE", "HINT"):
        r.expect_op("(")
        r.name()
        while r.take_op(","):
            _skip_table_hint(r)
        r.expect_op(")")
    elif not any(r.take_words(*words) for words in _QUERY_HINTS.values()):
        r.fail()


def _skip_optimize(r: Reader) -> None:
    if r.take_word("UNKNOWN"):
        return
    r.expect_op("(")
    while True:
        if r.next().kind != "variable":
            r.fail(r.tokens[r.index - 1])
        if not r.take_word("UNKNOWN"):
            r.expect_op("=")
            r.skip_scalar()
        if not r.take_op(","):
            break
    r.expect_op(")")


def _skip_string(r: Reader) -> None:
    if r.token.kind != "string":
        r.fail()
    r.index += 1
