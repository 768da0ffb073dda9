"""SELECT, INSERT, UPDATE, DELETE and TRUNCATE: the parts the engine needs apart, queries as slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.change_nodes import Top
from pymlsql.embedded.tsql.grammar.hints import skip_query_hints, skip_table_hints
from pymlsql.embedded.tsql.grammar.queries import COMPOUND, skip_common_tables, skip_top
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name, Output, Text
from pymlsql.embedded.tsql.reader import Reader
from pymlsql.embedded.tsql.words import FOREIGN_ROWSETS

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser


def parse_select(parser: Parser) -> nodes.Statement:
    """A query, or the statement behind a WITH."""
    line = parser.token.line
    if parser.at_word("WITH"):
        from pymlsql.embedded.tsql.merging import parse_merge

        common = common_tables(parser)
        if parser.at_word("INSERT"):
            return parse_insert(parser, common)
        if parser.at_word("UPDATE"):
            return parse_update(parser, common)
        if parser.at_word("DELETE"):
            return parse_delete(parser, common)
        if parser.at_word("MERGE"):
            return parse_merge(parser, common)
        if not (parser.at_word("SELECT") or parser.at_op("(")):
            parser.fail()
        return _select(parser, line, f"{common.sql} ")
    return _select(parser, line, "")


def _select(parser: Parser, line: int, prefix: str) -> nodes.Select:
    start = parser.index
    parser.skip_query()
    end, parser.index = parser.index, start
    assignments = _assignments(parser, line, prefix, end)
    parser.index = end
    if assignments is not None:
        return assignments
    into, text = _take_into(parser, start)
    return nodes.Select(line, Text(prefix + text, line), into=into)


def _take_into(parser: Parser, start: int) -> tuple[Name | None, str]:
    """The table of SELECT ... INTO, and the query's text without it."""
    end, depth = parser.index, 0
    for index in range(start, end):
        token = parser.tokens[index]
        depth += token.is_op("(") - token.is_op(")")
        if token.is_word("INTO") and depth == 0:
            parser.index = index + 1
            name = parser.name()
            after = parser.index
            parser.index = end
            tail = parser.slice(after, end).sql if after < end else ""
            return name, f"{parser.slice(start, index).sql} {tail}"
    return None, parser.slice(start, end).sql


def _assignments(parser: Parser, line: int, prefix: str, end: int) -> nodes.Select | None:
    """SELECT @x = expression, ... FROM ... up to ``end``; None when it is not one."""
    if not parser.take_word("SELECT"):
        return None
    head_start = parser.index
    parser.take_word("ALL", "DISTINCT")
    if parser.at_word("TOP"):
        skip_top(parser)
    head = parser.slice(head_start, parser.index).sql if parser.index > head_start else ""
    if not (parser.token.kind == "variable" and parser.peek().is_op(*COMPOUND)):
        return None
    targets: list[tuple[str, str]] = []
    expressions: list[Text] = []
    while True:
        if not (parser.token.kind == "variable" and parser.peek().is_op(*COMPOUND)):
            raise sql_error(141, line=line)
        targets.append((parser.next().value, parser.next().text))
        expressions.append(parser.expression())
        if not parser.take_op(","):
            break
    _refuse_set_operators(parser, end, line)
    tail = parser.slice(parser.index, end).sql if end > parser.index else ""
    text = f"{prefix}SELECT {head} {', '.join(expression.sql for expression in expressions)} {tail}"
    return nodes.Select(line, Text(text, line), tuple(targets), values=tuple(expressions),
                        is_plain=not (prefix or head or tail))  # fmt: skip


def _refuse_set_operators(parser: Parser, end: int, line: int) -> None:
    """Raises 10734 for UNION, INTERSECT and EXCEPT behind assignments."""
    depth = 0
    for token in parser.tokens[parser.index : end]:
        depth += token.is_op("(") - token.is_op(")")
        if depth == 0 and token.is_word("UNION", "INTERSECT", "EXCEPT"):
            raise sql_error(10734, line=line)


def common_tables(parser: Parser) -> Text:
    """WITH name [(columns)] AS (query), ..."""
    start = parser.index
    skip_common_tables(parser)
    return parser.slice(start, parser.index)


def parse_top(parser: Parser) -> Top | None:
    """TOP (expression) [PERCENT] of a change, if it is there."""
    if not parser.take_word("TOP"):
        return None
    if not parser.at_op("("):
        parser.fail()
    start = parser.index
    parser.next()
    parser.skip_scalar()
    parser.expect_op(")")
    count = parser.slice(start, parser.index)
    return Top(count, parser.take_word("PERCENT"))


_BULK_HINTS = ("IGNORE_CONSTRAINTS", "KEEPDEFAULTS", "KEEPIDENTITY")
"""Hints that change what goes in, where the rows come from OPENROWSET(BULK ...)."""


def parse_target(parser: Parser) -> Name:
    """A table, or a table variable, with the hints that change nothing here. Raises 321, 1065; refuses the others."""
    if parser.at_word(*FOREIGN_ROWSETS):
        raise unsupported(parser.token.value, line=parser.token.line)
    name = Name((parser.next().value,)) if parser.token.kind == "variable" else parser.name()
    if parser.at_word("WITH") and parser.peek().is_op("("):
        start = parser.next()
        skip_table_hints(parser, target=True)
        for token in parser.tokens[: parser.index]:
            if token.start > start.start and token.is_word(*_BULK_HINTS):
                raise unsupported(f"a change WITH ({token.value})", line=token.line)
    return name


def column_list(parser: Reader) -> tuple[str, ...]:
    """``(a, b)``; a part before a dot is dropped, as SQL Server does."""
    parser.expect_op("(")
    columns = [parser.name().object]
    while parser.take_op(","):
        columns.append(parser.name().object)
    parser.expect_op(")")
    return tuple(columns)


def parse_output(parser: Parser) -> Output | None:
    """OUTPUT ..., or OUTPUT ... INTO ..., which another OUTPUT may follow."""
    if not parser.take_word("OUTPUT"):
        return None
    columns = parser.items()
    if not parser.take_word("INTO"):
        return Output(columns)
    into = parse_target(parser)
    into_columns = column_list(parser) if parser.at_op("(") and not parser.peek().is_word("SELECT", "WITH") else ()
    return Output(columns, into, into_columns, parse_output(parser))


def parse_insert(parser: Parser, common: Text | None = None) -> nodes.Statement:
    """INSERT of rows, a query, defaults or what a procedure returns."""
    line = parser.next().line
    if parser.at_word("BULK"):
        raise unsupported("INSERT BULK", line=line)
    top = parse_top(parser)
    if parser.at_word("OVER"):
        raise unsupported("INSERT OVER", line=line)
    parser.take_word("INTO")
    target = parse_target(parser)
    columns = _inserted_columns(parser)
    output = parse_output(parser)
    if parser.at_words("DEFAULT", "VALUES"):
        parser.index += 2
        return nodes.Insert(line, target, columns, defaults=True, output=output, common=common)
    if parser.at_word("EXEC", "EXECUTE"):
        from pymlsql.embedded.tsql.call_statements import parse_call

        # No WITH RESULT SETS: the shape is the table's.
        execute = parse_call(parser, parser.next().line)
        if parser.at_word("WITH"):
            parser.fail()
        if top is not None:
            raise unsupported("INSERT TOP ... EXECUTE", line=line)
        return nodes.Insert(line, target, columns, execute=execute, output=output)
    if parser.take_word("VALUES"):
        rows = _rows(parser)
        if parser.take_word("OPTION"):
            skip_query_hints(parser)
        return nodes.Insert(line, target, columns, rows=rows, output=output, common=common, top=top)
    if not (parser.at_word("SELECT", "WITH") or parser.at_op("(")):
        parser.fail()
    return nodes.Insert(line, target, columns, query=parser.insert_query(), output=output, common=common, top=top)


def _inserted_columns(parser: Parser) -> tuple[str, ...]:
    """The list behind the table; none where a query in brackets stands there."""
    if not parser.at_op("(") or parser.peek().is_word("SELECT", "WITH") or parser.peek().is_op("("):
        return ()
    if parser.peek().is_op(")", "$") or parser.peek().kind in ("variable", "number"):
        raise unsupported("INSERT with such a list of columns", line=parser.token.line)
    return column_list(parser)


def _rows(parser: Parser) -> tuple[tuple[Text | None, ...], ...]:
    rows = [_row(parser)]
    while parser.take_op(","):
        rows.append(_row(parser))
    if len(rows) > 1000:
        raise sql_error(10738, line=parser.token.line)
    return tuple(rows)


def _row(parser: Parser) -> tuple[Text | None, ...]:
    parser.expect_op("(")
    values = [parse_value(parser)]
    while parser.take_op(","):
        values.append(parse_value(parser))
    parser.expect_op(")")
    return tuple(values)


def parse_value(parser: Parser) -> Text | None:
    """An expression, or None for DEFAULT."""
    return None if parser.take_word("DEFAULT") else parser.expression()


def parse_update(parser: Parser, common: Text | None = None) -> nodes.Statement:
    """UPDATE, with FROM, OUTPUT and .WRITE."""
    line = parser.next().line
    if parser.at_word("STATISTICS"):
        raise unsupported("UPDATE STATISTICS", line=line)
    top = parse_top(parser)
    target = parse_target(parser)
    parser.expect_word("SET")
    assignments = [parse_assignment(parser)]
    while parser.take_op(","):
        assignments.append(parse_assignment(parser))
    output = parse_output(parser)
    source, where = _source_and_where(parser)
    return nodes.Update(line, target, tuple(assignments), source, where, output, common, top)


def parse_assignment(parser: Parser) -> nodes.Assignment:
    """One item of SET in an UPDATE."""
    variable = ""
    if parser.token.kind == "variable":
        variable = parser.next().value
        operator = parser.next().text
        if operator not in COMPOUND:
            parser.fail()
        if operator != "=" or not _at_assigned_column(parser):
            return nodes.Assignment("", operator, parser.expression(), variable)
    name = parser.name()
    if parser.at_op("(") and (len(name.parts) == 1 or name.object.upper() != "WRITE"):
        raise unsupported("a method of a type", line=parser.token.line)
    if parser.take_op("("):
        value = parse_value(parser)
        if parser.at_op(")"):
            raise unsupported(".WRITE with one argument", line=parser.token.line)
        parser.expect_op(",")
        offset = parser.expression()
        parser.expect_op(",")
        length = parser.expression()
        parser.expect_op(")")
        return nodes.Assignment(name.parts[-2], "=", value, variable, (offset, length))
    if not parser.at_op(*COMPOUND):
        parser.fail()
    operator = parser.next().text
    return nodes.Assignment(name.object, operator, parse_value(parser), variable)


def _at_assigned_column(parser: Parser) -> bool:
    """Whether ``column = value`` stands here, and no value that begins with a column."""
    ahead = 0
    while parser.peek(ahead).kind in ("word", "quoted") and parser.peek(ahead + 1).is_op("."):
        ahead += 2
    return parser.peek(ahead).kind in ("word", "quoted") and parser.peek(ahead + 1).is_op(*COMPOUND)


def _source_and_where(parser: Parser) -> tuple[Text | None, Text | None]:
    source = parser.sources() if parser.take_word("FROM") else None
    where = None
    if parser.take_word("WHERE"):
        if parser.at_words("CURRENT", "OF"):
            raise unsupported("WHERE CURRENT OF", line=parser.token.line)
        where = parser.condition()
    if parser.take_word("OPTION"):
        skip_query_hints(parser)
    return source, where


def parse_delete(parser: Parser, common: Text | None = None) -> nodes.Statement:
    """DELETE, with FROM and OUTPUT."""
    line = parser.next().line
    top = parse_top(parser)
    parser.take_word("FROM")
    target = parse_target(parser)
    if parser.at_op("("):
        raise unsupported("DELETE from a function", line=line)
    output = parse_output(parser)
    source, where = _source_and_where(parser)
    return nodes.Delete(line, target, source, where, output, common, top)


def parse_truncate(parser: Parser) -> nodes.Statement:
    """TRUNCATE TABLE; partitions are refused."""
    line = parser.next().line
    parser.expect_word("TABLE")
    target = parser.name()
    if parser.at_word("WITH"):
        raise unsupported("TRUNCATE TABLE ... WITH (PARTITIONS)", line=line)
    return nodes.Truncate(line, target)
