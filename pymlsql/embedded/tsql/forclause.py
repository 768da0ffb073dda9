"""FOR JSON and FOR XML PATH('') to DuckDB SQL: the rows of a query as one text.

Source: "FOR JSON", "Format Nested JSON Output with PATH Mode", "Format JSON Output Automatically with AUTO Mode" of
sql-docs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.functions.json import CHUNKS, MERGE, json_sql
from pymlsql.embedded.tsql.jsonwriting import encode_string
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import as_type
from pymlsql.embedded.tsql.ordering import NUMBER
from pymlsql.embedded.tsql.typed import Typed, quote_text
from pymlsql.embedded.tsql.types import MAX, nvarchar

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.compiler import Compiler
    from pymlsql.embedded.tsql.queries import Query

RESULT_NAME = "JSON_F52E2B61-18A1-11d1-B105-00805F49916B"
XML_NAME = "XML_F52E2B61-18A1-11d1-B105-00805F49916B"


@dataclass(frozen=True, slots=True)
class _Options:
    auto: bool
    root: str | None
    nulls: bool
    wrapped: bool


def compile_for(compiler: Compiler, node: exp.Expr, top: bool, query: Callable[[], Query]) -> Query:
    """What FOR makes of ``query``, whose rows are numbered. Raises 13600 to 13620."""
    clause = node.args["for_"]
    kind = str(clause.args.get("kind"))
    if kind == "XML":
        return _xml(compiler, clause, top, query())
    if kind != "JSON":
        raise unsupported(f"FOR {kind}", line=compiler.line)
    options = _options(compiler, clause)
    if options.auto and node.args.get("from_") is None:
        raise sql_error(13600, line=compiler.line)
    found = query()
    if any(not column.name for column in found.columns):
        raise sql_error(13605, line=compiler.line)
    if options.auto:
        rows = _auto(compiler, options, found)
    else:
        whole = _properties(compiler, _tree(compiler, found.columns), options)
        rows = f"string_agg('{{' || {whole} || '}}', ',' ORDER BY {NUMBER})"
    text = f"'[' || {rows} || ']'" if options.wrapped else rows
    if options.root is not None:
        text = f"{quote_text('{' + encode_string(options.root) + ':')} || {text} || '}}'"
    return _result(compiler, f"SELECT {text} AS c0 FROM ({found.sql}) AS {compiler.alias()}", top, RESULT_NAME,
                   json=options.wrapped)  # fmt: skip


def _result(compiler: Compiler, sql: str, top: bool, name: str, *, json: bool) -> Query:
    """One value; to the client it goes in rows of so many characters as SQL Server sends."""
    from pymlsql.embedded.tsql.queries import Query

    if top:
        sql = f"SELECT unnest({CHUNKS}(c0)) AS c0 FROM ({sql}) AS {compiler.alias()}"
    column = Typed("c0", nvarchar(MAX), name=name if top else "", json=json and not top)
    return Query(sql, (column,), not top)


def _options(compiler: Compiler, clause: exp.Expr) -> _Options:
    words: dict[str, str | None] = {}
    for option in clause.expressions:
        written = option.this
        if isinstance(written, exp.XMLKeyValueOption):
            word = written.this.name.upper()
            value = written.expression.unnest().name if written.expression is not None else None
        else:
            word, value = written.name.upper(), None
        if word in words or (value is not None and word != "ROOT"):
            raise sql_error(102, "JSON", line=compiler.line)
        words[word] = value
    mode, *others = words or {"": None}
    allowed = ("ROOT", "INCLUDE_NULL_VALUES", "WITHOUT_ARRAY_WRAPPER")
    if mode not in ("PATH", "AUTO") or any(word not in allowed for word in others):
        raise sql_error(102, "JSON", line=compiler.line)
    if "ROOT" in words and "WITHOUT_ARRAY_WRAPPER" in words:
        raise sql_error(13620, line=compiler.line)
    if mode == "AUTO" and "ROOT" in words and words["ROOT"] is None:
        raise unsupported("FOR JSON AUTO with ROOT without a name", line=compiler.line)
    root = (words["ROOT"] if words["ROOT"] is not None else "root") if "ROOT" in words else None
    return _Options(mode == "AUTO", root, "INCLUDE_NULL_VALUES" in words, "WITHOUT_ARRAY_WRAPPER" not in words)


# PATH -------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Node:
    """An object of the result: its properties in order, each a value or an object."""

    items: dict[str, Typed | _Node] = field(default_factory=dict)


def _tree(compiler: Compiler, columns: tuple[Typed, ...]) -> _Node:
    """Columns by the dots in their names. Raises 13601 for a name that is taken, or whose object has ended; 13603."""
    root = _Node()
    for column in columns:
        *objects, name = column.name.split(".")
        if "" in (*objects, name):
            raise sql_error(13603, column.name, line=compiler.line)
        at = root
        for part in objects:
            last = next(reversed(at.items), None)
            if part not in at.items:
                at.items[part] = _Node()
            inner = at.items[part]
            if not isinstance(inner, _Node) or (last != part and part in at.items and inner.items):
                raise sql_error(13601, column.name, line=compiler.line)
            at = inner
        if name in at.items:
            raise sql_error(13601, column.name, line=compiler.line)
        at.items[name] = column
    return root


def _properties(compiler: Compiler, node: _Node, options: _Options) -> str:
    """The properties of one object, with commas; NULLs are left out."""
    pieces = []
    for name, item in node.items.items():
        key = encode_string(name) + ":"
        if isinstance(item, _Node):
            inner = _properties(compiler, item, options)
            pieces.append(f"{quote_text(key + '{')} || nullif({inner}, '') || '}}'")
        else:
            pieces.append(_property(compiler, key, item, options))
    return f"concat_ws(',', {', '.join(pieces)})"


def _property(compiler: Compiler, key: str, column: Typed, options: _Options) -> str:
    value = f"({json_sql(compiler, column)})"
    shown = f"coalesce({value}, 'null')" if options.nulls else value
    return f"{quote_text(key)} || {shown}"


# AUTO -------------------------------------------------------------------------------------------------------------


def _auto(compiler: Compiler, options: _Options, found: Query) -> str:
    """An object a table, in the order in which the select list names them; the inner ones are arrays."""
    levels: dict[str, dict[str, Typed]] = {}
    for owner, column in zip(found.owners, found.columns, strict=True):
        level = levels.setdefault(owner or "", {})
        if column.name in level:
            raise sql_error(13601, column.name, line=compiler.line)
        level[column.name] = column
    if len(levels) > 1 and "" in levels:
        raise unsupported("FOR JSON AUTO of several tables and an expression", line=compiler.line)
    texts = []
    for level in levels.values():
        pieces = [_property(compiler, encode_string(name) + ":", column, options) for name, column in level.items()]
        texts.append(f"concat_ws(',', {', '.join(pieces)})")
    if len(texts) == 1:
        return f"string_agg('{{' || {texts[0]} || '}}', ',' ORDER BY {NUMBER})"
    names = ", ".join(quote_text(name) for name in list(levels)[1:])
    return f"{MERGE}(list([{', '.join(texts)}] ORDER BY {NUMBER}), [{names}])"


# FOR XML ----------------------------------------------------------------------------------------------------------


def _xml(compiler: Compiler, clause: exp.Expr, top: bool, found: Query) -> Query:
    """PATH('') over columns without names: the values one behind the other, with & < > and carriage returns as
    entities. Everything else is refused."""
    if not is_concatenation(clause) or any(column.name for column in found.columns):
        raise unsupported("FOR XML except PATH('') of columns without names", line=compiler.line)
    texts = []
    for column in found.columns:
        value = as_type(column, nvarchar(MAX), compiler.line) if column.type.is_string else None
        if value is None and not column.type.is_integer and column.type.name != "decimal":
            raise unsupported(f"FOR XML of {column.type}", line=compiler.line)
        text = value.sql if value is not None else f"CAST({column.sql} AS VARCHAR)"
        if column.type.name == "bit":
            text = f"CAST(CAST({column.sql} AS INTEGER) AS VARCHAR)"
        texts.append(f"coalesce({text}, '')")
    joined = f"string_agg({' || '.join(texts)}, '' ORDER BY {NUMBER})"
    text = joined
    if not _is_typed(clause):
        for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#x0D;")):
            text = f"replace({text}, {quote_text(character)}, {quote_text(entity)})"
    elif top:
        raise unsupported("FOR XML PATH with TYPE to the client", line=compiler.line)
    return _result(compiler, f"SELECT {text} AS c0 FROM ({found.sql}) AS {compiler.alias()}", top, XML_NAME,
                   json=False)  # fmt: skip


def is_concatenation(clause: exp.Expr) -> bool:
    """Whether FOR XML has PATH('') and at most TYPE."""
    first, *others = clause.expressions
    path = first.this
    if not isinstance(path, exp.XMLKeyValueOption) or path.this.name.upper() != "PATH" or path.expression is None:
        return False
    return path.expression.unnest().name == "" and all(other.this.name.upper() == "TYPE" for other in others)


def _is_typed(clause: exp.Expr) -> bool:
    return len(clause.expressions) > 1


def refuse_for(node: exp.Expr, statement: str, line: int) -> None:
    """FOR JSON and FOR XML stand only on a query that goes to the client, or within another. Raises 13602, 6819."""
    clause = node.args.get("for_")
    if clause is None:
        return
    if str(clause.args.get("kind")) == "JSON" and statement != "ASSIGNMENT":
        raise sql_error(13602, statement, line=line)
    raise sql_error(6819, statement, line=line)
