"""Parts of definitions: options of indexes, the filter of one, and constants. Source: "CREATE INDEX" of sql-docs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.messages import sql_error

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.reader import Reader

_SWITCHES = frozenset(
    """
    ALLOW_PAGE_LOCKS ALLOW_ROW_LOCKS DROP_EXISTING IGNORE_DUP_KEY ONLINE OPTIMIZE_FOR_SEQUENTIAL_KEY PAD_INDEX RESUMABLE
    SORT_IN_TEMPDB STATISTICS_INCREMENTAL STATISTICS_NORECOMPUTE XML_COMPRESSION
    """.split()
)
_REORGANIZING = ("LOB_COMPACTION", "COMPRESS_ALL_ROW_GROUPS")
_NUMBERS = frozenset("BUCKET_COUNT COMPRESSION_DELAY FILLFACTOR MAXDOP MAX_DURATION".split())
_WORKING = frozenset("DROP_EXISTING MAXDOP MAX_DURATION MOVE ONLINE RESUMABLE SORT_IN_TEMPDB".split())
"""Options of how an index is made or dropped, not of what it is."""
WITHOUT = {
    "CREATE INDEX": frozenset({"BUCKET_COUNT", "MOVE"}),
    "CREATE TABLE": _WORKING,
    "ALTER TABLE": frozenset({"DROP_EXISTING", "MOVE"}),
    "ALTER INDEX REBUILD": frozenset({"DROP_EXISTING", "MOVE"}),
    "ALTER INDEX REORGANIZE": _SWITCHES | _NUMBERS | {"DATA_COMPRESSION", "MOVE"},
    "ALTER INDEX SET": _WORKING | {"BUCKET_COUNT", "DATA_COMPRESSION", "FILLFACTOR", "PAD_INDEX", "XML_COMPRESSION"},
    "DROP": (_SWITCHES | _NUMBERS | {"DATA_COMPRESSION"}) - {"MAXDOP", "ONLINE"},
}
"""By statement, the options that it has not."""
_COMPARISONS = ("=", "<", ">", "<>", "<=", ">=", "!=", "!<", "!>")
_CONVERSIONS = ("CAST", "CONVERT")


def skip_index_options(r: Reader, statement: str = "CREATE INDEX") -> None:
    """Past the brackets behind WITH: switches, numbers, compression, and what ONLINE and compression may add. Raises
    155 for an option that the statement has not."""
    r.expect_op("(")
    while True:
        option = r.next()
        if option.is_word(*WITHOUT[statement]):
            raise sql_error(155, option.value, f"{statement} option", line=option.line)
        if option.is_word("MOVE"):
            r.expect_word("TO")
            r.identifier()
        elif option.is_word(*_SWITCHES) or (statement.endswith("REORGANIZE") and option.is_word(*_REORGANIZING)):
            r.expect_op("=")
            r.expect_word("ON", "OFF")
        elif option.is_word(*_NUMBERS):
            r.expect_op("=")
            r.integer()
            r.take_word("MINUTES")
        elif option.is_word("DATA_COMPRESSION"):
            r.expect_op("=")
            r.expect_word("NONE", "ROW", "PAGE", "COLUMNSTORE", "COLUMNSTORE_ARCHIVE")
        else:
            r.fail(option)
        if r.at_op("("):
            r.skip_parentheses()
        if r.take_words("ON", "PARTITIONS"):
            r.skip_parentheses()
        if not r.take_op(","):
            break
    r.expect_op(")")


def skip_filter(r: Reader, index: str, table: str) -> None:
    """Past the filter of an index: comparisons of a column with a constant, IN and IS NULL, with AND. Raises 10735."""
    while True:
        if r.take_op("("):
            skip_filter(r, index, table)
            r.expect_op(")")
        else:
            _skip_comparison(r, index, table)
        if not r.take_word("AND"):
            return


def _skip_comparison(r: Reader, index: str, table: str) -> None:
    line = r.token.line
    if r.at_name() and not r.at_word(*_CONVERSIONS):
        r.identifier()
    else:
        start = r.index
        r.skip_scalar()  # a constant, where a column has to stand
        if r.index == start or not r.at_op(*_COMPARISONS):
            r.fail()
        raise sql_error(10735, "index", index, table, line=line)
    if r.take_word("IS"):
        r.take_word("NOT")
        r.expect_word("NULL")
        return
    if r.take_word("IN"):
        r.expect_op("(")
        _skip_constant(r, index, table)
        while r.take_op(","):
            _skip_constant(r, index, table)
        r.expect_op(")")
        return
    if not r.at_op(*_COMPARISONS):
        if r.at_op("(", ".", "+", "-", "*", "/", "%"):
            raise sql_error(10735, "index", index, table, line=line)
        r.fail()
    r.index += 1
    _skip_constant(r, index, table)


def _skip_constant(r: Reader, index: str, table: str) -> None:
    start = r.index
    if r.at_op("(") and r.peek().is_word("SELECT"):
        r.fail(r.peek())
    r.skip_scalar()
    converted = any(token.is_word(*_CONVERSIONS) for token in r.tokens[start : r.index])
    for place in range(start, r.index):
        token, signs = r.tokens[place], place > start and not r.tokens[place - 1].is_op("(", ",")
        named = token.kind in ("word", "quoted") and not converted and not token.is_word("NULL")
        if token.kind == "variable" or named or (token.is_op("+", "-", "*", "/", "%", "&", "|", "^") and signs):
            raise sql_error(10735, "index", index, table, line=r.tokens[start].line)
