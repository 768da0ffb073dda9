"""FOR JSON and FOR XML PATH('') to DuckDB SQL: the rows of a query as one text.

Source: "FOR JSON", "Format Nested JSON Output with PATH Mode", "Format JSON Output Automatically with AUTO Mode" of
sql-docs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from pymlsql.embedded.tsql.conversion import convert
from pymlsql.embedded.tsql.dialect import parse_scalar, read_type
from pymlsql.embedded.tsql.functions.json import CHUNKS, MERGE, json_sql
from pymlsql.embedded.tsql.jsonwriting import encode_string
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.operators import as_type
from pymlsql.embedded.tsql.ordering import NUMBER
from pymlsql.embedded.tsql.typed import Typed, bound, quote_text, raise_sql
from pymlsql.embedded.tsql.types import MAX, SqlType, nvarchar

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
    return _result(compiler, text, found, top, RESULT_NAME, json=options.wrapped)


def _result(compiler: Compiler, text: str, found: Query, top: bool, name: str, *, json: bool) -> Query:
    """One value; to the client it goes in rows of so many characters as SQL Server sends."""
    from pymlsql.embedded.tsql.queries import Query

    source = f"FROM ({found.sql}) AS {compiler.alias()}"
    if not top:
        return Query(f"SELECT {text} AS c0 {source}", (Typed("c0", nvarchar(MAX), json=json),), True)
    alias = compiler.alias()
    sql, counting = (
        f"SELECT unnest({CHUNKS}(c0)) AS c0{more} FROM (SELECT {text} AS c0{count} {source}) AS {alias}"
        for more, count in (("", ""), (", c1", ", count(*) AS c1"))
    )
    return Query(sql, (Typed("c0", nvarchar(MAX), name=name),), counting=counting)


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
    """PATH('') over columns without names, or with those that stand for text: the values one behind the other, with
    & < > and carriage returns as entities; with TYPE only where :func:`xml_value` takes the text out of it. Columns
    of the name data() have spaces between them. Everything else is refused."""
    names = {column.name for column in found.columns}
    if not is_concatenation(clause) or not (names <= _TEXT_NAMES or names == {"data()"}):
        raise unsupported("FOR XML except PATH('') of columns without names", line=compiler.line)
    taken = bool(clause.args.get("taken"))
    if _is_typed(clause) and not taken:
        raise unsupported("FOR XML PATH with TYPE whose text value() does not take", line=compiler.line)
    texts = [_xml_text(compiler, column, taken) for column in found.columns]
    if "data()" in names:
        row, gap = f"nullif(concat_ws(' ', {', '.join(texts)}), '')", "' '"
    else:
        row, gap = " || ".join(f"coalesce({text}, '')" for text in texts), "''"
    joined = f"string_agg({row}, {gap} ORDER BY {NUMBER})"
    return _result(compiler, joined, found, top, XML_NAME, json=False)


def _xml_text(compiler: Compiler, column: Typed, taken: bool) -> str:
    """One value as text. Those that SQL Server writes or checks in ways of their own are refused as they come."""
    if column.type.name == "bit":
        return f"CAST(CAST({column.sql} AS INTEGER) AS VARCHAR)"
    if column.type.is_integer or column.type.name == "decimal":
        return f"CAST({column.sql} AS VARCHAR)"
    if not column.type.is_string:
        raise unsupported(f"FOR XML of {column.type}", line=compiler.line)
    value = as_type(column, nvarchar(MAX), compiler.line).sql
    pattern = _NOT_XML if taken else f"{_NOT_XML}|{_BLANK}"
    if column.name == "data()":
        pattern = f"{pattern}|^$"
    refused = raise_sql(40510, quote_text("FOR XML of only white space, or of characters that XML does not know"))
    value = bound(value, lambda v: f"CASE WHEN regexp_matches({v}, '{pattern}') THEN {refused} ELSE {v} END")
    if not taken:
        for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#x0D;")):
            value = f"replace({value}, {quote_text(character)}, {quote_text(entity)})"
    return value


_TEXT_NAMES = {"", "text()", "node()", "*"}
_NOT_XML = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]"
_BLANK = r"^[ \t\r\n]+$"
_WHOLE = (".", "(.)[1]")
_TEXT = ("text()[1]", "(text())[1]", "./text()[1]", "(./text())[1]")


def xml_value(compiler: Compiler, node: exp.Expr) -> Typed:
    """``(SELECT ... FOR XML PATH(''), TYPE).value(path, type)``: the text, where the path is that of all the text."""
    query, method = node.this, node.expression
    clause = query.this.args.get("for_") if isinstance(query, exp.Subquery) else None
    arguments = method.expressions if isinstance(method, exp.Anonymous) else []
    written = [argument.name for argument in arguments if isinstance(argument, exp.Literal | exp.National)]
    path, kind = written if len(written) == len(arguments) == 2 else ("", "")
    type_ = _string_type(kind, compiler.line)
    if clause is None or not is_concatenation(clause) or not _is_typed(clause) or method.name != "value" \
            or path.replace(" ", "") not in (*_WHOLE, *_TEXT) or type_ is None:  # fmt: skip
        raise unsupported("a method of a type", line=compiler.line)
    clause.set("taken", True)
    value = compiler.value(query)
    if path.replace(" ", "") in _TEXT:
        value = replace(value, sql=f"nullif({value.sql}, '')", nullable=True)
    return convert(value, type_, line=compiler.line)


def _string_type(written: str, line: int) -> SqlType | None:
    """The type of strings that value() names; without a length it is not read."""
    if not written.strip().endswith(")"):
        return None
    node = parse_scalar(f"CAST(NULL AS {written})")
    type_ = read_type(node.args["to"], line=line) if isinstance(node, exp.Cast) else None
    return type_ if type_ is not None and type_.is_string else None


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
