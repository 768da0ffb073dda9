"""Scalar expressions and conditions of T-SQL, one function a node class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from pymlsql.embedded.tsql.calls import at_zone, cast, converted, trim
from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.forclause import xml_value
from pymlsql.embedded.tsql.literals import hexadecimal, literal, national
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nextvalues import compile_next_value
from pymlsql.embedded.tsql.operators import (
    arithmetic,
    as_type,
    comparable,
    compare,
    comparison_key,
    finite,
    negate,
    unify,
)
from pymlsql.embedded.tsql.parsed import ParsedText, compile_parsed
from pymlsql.embedded.tsql.passing import compare_passed, passed_atom
from pymlsql.embedded.tsql.predicates import compile_distinct_from, compile_escape, compile_like
from pymlsql.embedded.tsql.typed import Typed, raise_sql
from pymlsql.embedded.tsql.types import BIT, NULL, SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler

_NILADIC = {"CURRENT_TIMESTAMP": "GETDATE", "CURRENT_USER": "USER_NAME", "SESSION_USER": "USER_NAME",
            "USER": "USER_NAME", "SYSTEM_USER": "SUSER_SNAME"}  # fmt: skip
_CASE_LIMIT = 10


def compile_value(compiler: Compiler, node: exp.Expr) -> Typed:
    """A scalar. Raises 40510 for a node class that has no function, 4145-like 102 for a condition."""
    handler = _VALUES.get(type(node))
    if handler is None:
        if type(node) in _CONDITIONS:
            raise sql_error(102, "=" if isinstance(node, exp.EQ) else node.key.upper(), line=compiler.line)
        raise unsupported(node.key.upper(), line=compiler.line)
    scope = compiler.scopes[-1] if compiler.scopes else None
    if scope is None or scope.groups is None or scope.in_aggregate:
        return handler(compiler, node)
    mark = len(scope.ungrouped)
    value = handler(compiler, node)
    found = scope.groups.of(value)
    if found is None:
        return value
    # It is grouped by, and so the columns in it are.
    del scope.ungrouped[mark:]
    return found


def compile_condition(compiler: Compiler, node: exp.Expr) -> str:
    """A condition. A scalar where a condition is wanted is 4145."""
    handler = _CONDITIONS.get(type(node))
    if handler is None:
        if type(node) in _VALUES:
            raise sql_error(4145, node.sql()[:40], line=compiler.line)
        raise unsupported(node.key.upper(), line=compiler.line)
    return handler(compiler, node)


def assign(value: Typed, target: SqlType, line: int = 0) -> Typed:
    """``value`` as stored in a variable or parameter of ``target``: converted implicitly, strings cut silently."""
    if target.is_string and value.type.is_string and value.type == target:
        return value
    return convert(value, target, implicit=True, line=line)


# Atoms ------------------------------------------------------------------------------------------------------------


def _null(compiler: Compiler, node: exp.Expr) -> Typed:
    return Typed("NULL", NULL)


def _parameter(compiler: Compiler, node: exp.Expr) -> Typed:
    if isinstance(node.this, exp.Parameter):
        from pymlsql.embedded.tsql.functions import global_variable

        return global_variable(compiler, "@@" + node.this.name.upper())
    return compiler.variable("@" + node.name.lower())


def column_parts(node: exp.Expr) -> tuple[str, tuple[str, ...]] | None:
    """A column's name and its qualifiers; None for * and for functions that look like columns."""
    identifier = node.this
    qualifiers = tuple(node.args[part].name for part in ("catalog", "db", "table") if node.args.get(part) is not None)
    niladic = not qualifiers and not identifier.args.get("quoted") and identifier.name.upper() in _NILADIC
    return None if niladic or isinstance(identifier, exp.Star) else (identifier.name, qualifiers)


def _column(compiler: Compiler, node: exp.Expr) -> Typed:
    parts = column_parts(node)
    if parts is not None:
        return compiler.scope.resolve(*parts, compiler.line)
    if isinstance(node.this, exp.Star):
        raise sql_error(102, "*", line=compiler.line)
    from pymlsql.embedded.tsql.functions import call

    return call(compiler, _NILADIC[node.this.name.upper()], [])


def _paren(compiler: Compiler, node: exp.Expr) -> Typed:
    value = compiler.value(node.this)
    return Typed(f"({value.sql})", value.type, value.nullable, value.binary, value.constant, json=value.json,
                 cast=value.cast)  # fmt: skip


def _collate(compiler: Compiler, node: exp.Expr) -> Typed:
    value = compiler.value(node.this)
    name = node.expression.name
    if not value.type.is_string:
        raise sql_error(447, value.type.name, line=compiler.line)
    if name.upper().endswith(("_BIN", "_BIN2")):
        return Typed(value.sql, value.type, value.nullable, True, value.constant, value.name)
    if name.upper() in ("DATABASE_DEFAULT", "CATALOG_DEFAULT", "SQL_LATIN1_GENERAL_CP1_CI_AS"):
        return Typed(value.sql, value.type, value.nullable, False, value.constant, value.name)
    raise unsupported(f"COLLATE {name}", line=compiler.line)


# Operators --------------------------------------------------------------------------------------------------------

_ARITHMETIC: dict[type[Any], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.BitwiseAnd: "&",
    exp.BitwiseOr: "|", exp.BitwiseXor: "^"}  # fmt: skip
_COMPARISONS: dict[type[Any], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}


def _arithmetic(compiler: Compiler, node: exp.Expr) -> Typed:
    left, right = compiler.value(node.this), compiler.value(node.expression)
    value = arithmetic(_ARITHMETIC[type(node)], left, right, compiler.line)
    return value if not value.type.is_approximate or _goes_on(node) else finite(value)


def _goes_on(node: exp.Expr) -> bool:
    """Whether a sum or product of floats is part of another, which an overflow in it would make overflow, too."""
    parent = node.parent
    while isinstance(parent, exp.Paren | exp.Neg):
        parent = parent.parent
    return isinstance(parent, exp.Add | exp.Sub | exp.Mul) and not isinstance(node, exp.Div)


def _negate(compiler: Compiler, node: exp.Expr) -> Typed:
    return negate(compiler.value(node.this), compiler.line)


def _bitwise_not(compiler: Compiler, node: exp.Expr) -> Typed:
    value = compiler.value(node.this)
    if value.type == BIT:
        return Typed(f"(NOT {value.sql})", BIT, value.nullable)
    if not value.type.is_integer:
        raise sql_error(8117, value.type.name, "bit NOT", line=compiler.line)
    return Typed(f"(~{value.sql})", value.type, value.nullable)


def _comparison(compiler: Compiler, node: exp.Expr) -> str:
    operator = _COMPARISONS[type(node)]
    right = node.expression
    if isinstance(right, exp.Any | exp.All):
        return _quantified(compiler, node, operator)
    return compare_passed(compiler, operator, node.this, right) or compare(
        operator, compiler.value(node.this), compiler.value(right), compiler.line)  # fmt: skip


def _quantified(compiler: Compiler, node: exp.Expr, operator: str) -> str:
    """ALL is true and ANY false over no rows; a NULL among the rows can make either unknown."""
    every = isinstance(node.expression, exp.All)
    inner = node.expression.this
    left = compiler.value(node.this)
    query = compiler.nested_query(inner.this if isinstance(inner, exp.Subquery) else inner)
    if len(query.columns) != 1:
        raise sql_error(116, line=compiler.line)
    alias = compiler.alias()
    column = Typed(f"{alias}.c0", query.columns[0].type, True, query.columns[0].binary)
    a, b = comparable(left, column, compiler.line)
    test = f"({comparison_key(a)} {operator} {comparison_key(b)})"
    decided, otherwise = (f"bool_or(NOT {test})", "true") if every else (f"bool_or({test})", "false")
    # bool_or leaves out NULLs: with one among the rows, what is not decided is unknown.
    return f"(SELECT CASE WHEN {decided} THEN {'false' if every else 'true'} WHEN bool_or({test} IS NULL) THEN NULL " \
           f"ELSE {otherwise} END FROM ({query.sql}) AS {alias})"  # fmt: skip


def _and(compiler: Compiler, node: exp.Expr) -> str:
    return f"({compiler.condition(node.this)} AND {compiler.condition(node.expression)})"


def _or(compiler: Compiler, node: exp.Expr) -> str:
    return f"({compiler.condition(node.this)} OR {compiler.condition(node.expression)})"


def _not(compiler: Compiler, node: exp.Expr) -> str:
    return f"(NOT {compiler.condition(node.this)})"


def _condition_paren(compiler: Compiler, node: exp.Expr) -> str:
    return f"({compiler.condition(node.this)})"


def _is(compiler: Compiler, node: exp.Expr) -> str:
    if not isinstance(node.expression, exp.Null):
        raise unsupported("IS without NULL", line=compiler.line)
    # A reference is as little NULL as what it refers to.
    value = passed_atom(compiler, node.this) or compiler.value(node.this)
    return f"({value.sql} IS NULL)"


def _between(compiler: Compiler, node: exp.Expr) -> str:
    value, low, high = (compiler.value(node.args[part]) for part in ("this", "low", "high"))
    return f"({compare('>=', value, low, compiler.line)} AND {compare('<=', value, high, compiler.line)})"


def _in(compiler: Compiler, node: exp.Expr) -> str:
    query = node.args.get("query")
    value = compiler.value(node.this)
    if query is None:
        options = [compiler.value(option) for option in node.expressions]
        if not options:
            raise sql_error(102, ")", line=compiler.line)
        return "(" + " OR ".join(compare("=", value, option, compiler.line) for option in options) + ")"
    inner = compiler.nested_query(query.this if isinstance(query, exp.Subquery) else query)
    if len(inner.columns) != 1:
        raise sql_error(116, line=compiler.line)
    alias = compiler.alias()
    column = Typed(f"{alias}.c0", inner.columns[0].type, True, inner.columns[0].binary)
    left, right = comparable(value, column, compiler.line)
    return f"({comparison_key(left)} IN (SELECT {comparison_key(right)} FROM ({inner.sql}) AS {alias}))"


def _exists(compiler: Compiler, node: exp.Expr) -> str:
    query = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    return f"EXISTS ({compiler.nested_query(query, references=True).sql})"


# CASE, CAST, functions, subqueries --------------------------------------------------------------------------------


def _case(compiler: Compiler, node: exp.Expr) -> Typed:
    _check_case_depth(compiler, node)
    operand = compiler.value(node.this) if node.this is not None else None
    conditions, results = [], []
    for branch in node.args["ifs"]:
        if operand is None:
            conditions.append(compiler.condition(branch.this))
        else:
            conditions.append(compare("=", operand, compiler.value(branch.this), compiler.line))
        results.append(compiler.value(branch.args["true"]))
    default = node.args.get("default")
    return choose(conditions, results, compiler.value(default) if default is not None else None, compiler.line)


def _check_case_depth(compiler: Compiler, node: exp.Expr) -> None:
    depth, parent = 1, node.parent
    while parent is not None:
        depth += isinstance(parent, exp.Case)
        parent = parent.parent
    if depth > _CASE_LIMIT:
        raise sql_error(125, line=compiler.line)


def choose(conditions: list[str], results: list[Typed], default: Typed | None, line: int) -> Typed:
    """CASE over compiled parts; the result has the highest type of all branches. Raises 8133 when all are NULL."""
    branches = [*results, default] if default is not None else results
    target = unify(branch.type for branch in branches)
    if target.name == "null":
        raise sql_error(8133, line=line)
    written = [as_type(result, target, line).sql for result in results]
    text = " ".join(f"WHEN {c} THEN {r}" for c, r in zip(conditions, written, strict=True))
    otherwise = f" ELSE {as_type(default, target, line).sql}" if default is not None else ""
    nullable = default is None or any(branch.nullable for branch in branches)
    binary, json = any(branch.binary for branch in branches), any(branch.json for branch in branches)
    return Typed(f"CASE {text}{otherwise} END", target, nullable, binary, json=json)


def _subquery(compiler: Compiler, node: exp.Expr) -> Typed:
    return scalar_subquery(compiler, node)


def scalar_subquery(compiler: Compiler, node: exp.Expr, *, references: bool = False) -> Typed:
    """A query's one value. Raises 116, and 512 when it runs."""
    inner = node.this if isinstance(node, exp.Subquery) else node
    query = compiler.nested_query(inner, references=references)
    if len(query.columns) != 1:
        raise sql_error(116, line=compiler.line)
    column = query.columns[0]
    # DuckDB would take any row of several; SQL Server raises 512.
    alias = compiler.alias()
    result = Typed("", column.type, True, column.binary, by_reference=column.by_reference, json=column.json)
    if query.single:
        return replace(result, sql=f"({query.sql})")
    one = f"CASE WHEN count(*) > 1 THEN {raise_sql(512)} ELSE first({alias}.c0) END"
    return replace(result, sql=f"(SELECT {one} FROM ({query.sql}) AS {alias})")


def _function(compiler: Compiler, node: exp.Expr) -> Typed:
    from pymlsql.embedded.tsql.functions import call

    return call(compiler, node.name.upper(), list(node.expressions))


def _dot(compiler: Compiler, node: exp.Expr) -> Typed:
    """A function of a schema, or a method of a query in brackets."""
    from pymlsql.embedded.tsql.usercalls import call_scalar

    return (xml_value if isinstance(node.this, exp.Subquery | exp.Paren) else call_scalar)(compiler, node)


def _window(compiler: Compiler, node: exp.Expr) -> Typed:
    from pymlsql.embedded.tsql.functions.windows import compile_window

    return compile_window(compiler, node)


def _json_object(compiler: Compiler, node: exp.Expr) -> Typed:
    from pymlsql.embedded.tsql.functions.json import compile_json_array, compile_json_object

    return (compile_json_object if isinstance(node, exp.JSONObject) else compile_json_array)(compiler, node)


def _within_group(compiler: Compiler, node: exp.Expr) -> Typed:
    from pymlsql.embedded.tsql.functions.aggregates import compile_within_group

    return compile_within_group(compiler, node)


_VALUES: dict[type[Any], Callable[[Compiler, Any], Typed]] = {
    exp.Literal: literal, exp.National: national, exp.HexString: hexadecimal, exp.Null: _null,
    exp.Parameter: _parameter, exp.Column: _column, exp.Paren: _paren, exp.Collate: _collate,
    **dict.fromkeys(_ARITHMETIC, _arithmetic),
    exp.Neg: _negate, exp.BitwiseNot: _bitwise_not, exp.Case: _case, exp.Cast: cast, exp.TryCast: cast,
    exp.Convert: converted, exp.Subquery: _subquery, exp.Select: _subquery, exp.Anonymous: _function, exp.Dot: _dot,
    exp.AtTimeZone: at_zone, exp.Trim: trim, exp.Window: _window, exp.WithinGroup: _within_group,
    exp.NextValueFor: compile_next_value, exp.JSONObject: _json_object, exp.JSONArray: _json_object,
    ParsedText: compile_parsed,
}  # fmt: skip

_CONDITIONS: dict[type[Any], Callable[[Compiler, Any], str]] = {
    **dict.fromkeys(_COMPARISONS, _comparison), exp.And: _and, exp.Or: _or, exp.Not: _not,
    exp.Paren: _condition_paren, exp.Is: _is, exp.Between: _between, exp.In: _in, exp.Exists: _exists,
    exp.Like: compile_like, exp.Escape: compile_escape,
    exp.NullSafeEQ: compile_distinct_from, exp.NullSafeNEQ: compile_distinct_from,
}  # fmt: skip
