"""T-SQL queries and expressions to sqlglot trees.

sqlglot's own T-SQL dialect rewrites functions while it parses, and loses what T-SQL means by them; here every
function stays a name with arguments, which the function tables of this package translate by T-SQL's rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import TokenType

from pymlsql.embedded.tsql.datatypes import make_type
from pymlsql.embedded.tsql.hinttexts import bulk_rowset, rewritten_hints
from pymlsql.embedded.tsql.jsongrammar import parse_json_array, parse_json_object, parse_open_json
from pymlsql.embedded.tsql.lexer import Token, tokenize
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.parsed import parse_parsed
from pymlsql.embedded.tsql.types import MAX, SqlType
from pymlsql.embedded.tsql.words import FOREIGN_ROWSETS, RESERVED, SCORE_INSTEAD

if not str(sqlglot.parser.__file__).endswith(".py"):
    raise ImportError("the dialect cannot extend sqlglot's compiled parser: pip uninstall sqlglotc", name="sqlglotc")

_KEPT_PARSERS = ("CAST", "TRY_CAST", "CONVERT", "TRY_CONVERT")


class _Tokenizer(TSQL.Tokenizer):
    KEYWORDS = {k: v for k, v in TSQL.Tokenizer.KEYWORDS.items() if k not in ("REAL", "NTEXT", "TIMESTAMP")}


class _Parser(TSQL.Parser):  # type: ignore[valid-type,misc]
    FUNCTIONS: dict[str, Any] = {}
    FUNCTION_PARSERS: dict[str, Any] = {
        **{name: TSQL.Parser.FUNCTION_PARSERS[name] for name in _KEPT_PARSERS},
        "OPENJSON": parse_open_json, "JSON_OBJECT": parse_json_object, "JSON_ARRAY": parse_json_array,
    }  # fmt: skip
    NO_PAREN_FUNCTIONS: dict[Any, Any] = {}
    # "Operator precedence" of sql-docs: & | ^ stand on one level with + and -, and all group from the left.
    BITWISE: dict[Any, Any] = {}
    TERM = {**TSQL.Parser.TERM, **TSQL.Parser.BITWISE}

    def _parse_sign(self) -> exp.Expr:
        """A minus sign stands on that level too, below * / %: 6 / -2 * 3 is 6 / -(2 * 3)."""
        return self.expression(exp.Neg(this=self._parse_factor()))  # type: ignore[no-any-return]

    def _parse_trimmed(self) -> exp.Expr:
        """TRIM ( [ LEADING | TRAILING | BOTH ] [ characters FROM ] string ), always with ``position`` or FROM."""
        position = self._prev.text.upper() if self._match_texts(("LEADING", "TRAILING", "BOTH")) else None
        this = self._parse_assignment()
        if not self._match(TokenType.FROM):
            if position:
                return self.expression(exp.Trim(this=this, position=position))  # type: ignore[no-any-return]
            return self.expression(exp.Anonymous(this="TRIM", expressions=[this]))  # type: ignore[no-any-return]
        text = self._parse_assignment()
        return self.expression(exp.Trim(this=text, position=position, expression=this))  # type: ignore[no-any-return]

    def _parse_text(self) -> exp.Expr:
        return parse_parsed(self, False)

    def _try_parse_text(self) -> exp.Expr:
        return parse_parsed(self, True)

    FUNCTION_PARSERS = {**FUNCTION_PARSERS, "TRIM": _parse_trimmed, "PARSE": _parse_text, "TRY_PARSE": _try_parse_text}
    UNARY_PARSERS = {**TSQL.Parser.UNARY_PARSERS, TokenType.DASH: _parse_sign}

    def _parse_column_ops(self, this: exp.Expr | None) -> exp.Expr | None:
        """A method behind a query in brackets; sqlglot would turn the columns of the query into other nodes."""
        if isinstance(this, exp.Subquery) and self._match(TokenType.DOT):
            return self.expression(exp.Dot(this=this, expression=self._parse_field(anonymous_func=True)))  # type: ignore[no-any-return]
        return super()._parse_column_ops(this)  # type: ignore[no-any-return]

    def _parse_limit(self, *args: Any, **options: Any) -> Any:
        """FETCH takes any expression, not a number alone."""
        if not self._match(TokenType.FETCH):
            return super()._parse_limit(*args, **options)
        self._match_set((TokenType.FIRST, TokenType.NEXT))
        direction, count = self._prev.text.upper(), self._parse_term()
        return self.expression(exp.Fetch(direction=direction, count=count, limit_options=self._parse_limit_options()))


class _Dialect(TSQL):
    Tokenizer = _Tokenizer
    Parser = _Parser


_DIALECT = _Dialect()

_TYPE_NAMES = {
    "BIT": "bit", "UTINYINT": "tinyint", "SMALLINT": "smallint", "INT": "int", "BIGINT": "bigint",
    "DECIMAL": "decimal", "MONEY": "money", "SMALLMONEY": "smallmoney", "FLOAT": "float", "DOUBLE": "float",
    "DATE": "date", "TIME": "time", "DATETIME": "datetime", "SMALLDATETIME": "smalldatetime",
    "DATETIME2": "datetime2", "TIMESTAMPTZ": "datetimeoffset", "CHAR": "char", "VARCHAR": "varchar", "NCHAR": "nchar",
    "NVARCHAR": "nvarchar", "BINARY": "binary", "VARBINARY": "varbinary", "UUID": "uniqueidentifier", "XML": "xml",
    "VARIANT": "sql_variant", "ROWVERSION": "timestamp", "TEXT": "text", "IMAGE": "image", "JSON": "json",
}  # fmt: skip

_NOT_TSQL = frozenset(
    """
    LIMIT QUALIFY ILIKE RLIKE REGEXP GLOB SIMILAR DIV ASOF LATERAL FILTER SEMI ANTI USING UNNEST EXPLODE
    """.split()
)
"""Words sqlglot takes for syntax and SQL Server takes for names: as a name they need brackets here."""


_SPELLINGS = {"!<": ">=", "!>": "<="}

_TELLING_WORDS = frozenset({"OPTION", "WITH", "OPENROWSET", "PREDICT", "NULLS", "AS", *FOREIGN_ROWSETS, *_NOT_TSQL})
_TELLING_OPERATORS = frozenset({"{", "}", "?", ":", "::", "$", *_SPELLINGS})


def _is_telling(token: Token) -> bool:
    """Whether :func:`_spelled` has to look at a token: it leaves all others as they are."""
    if token.kind == "word":
        return token.value in _TELLING_WORDS
    if token.kind == "operator":
        return token.value in _TELLING_OPERATORS
    return token.kind == "number" or token.kind == "binary"


def _spelled(text: str, line: int) -> str:
    """``text`` with what sqlglot does not read in other words; raises for what it would read otherwise."""
    pieces: list[str] = []
    position = 0
    tokens = tokenize(text)
    for index, token in enumerate(tokens):
        if not _is_telling(token) or token.start < position:
            continue
        hints = rewritten_hints(tokens, index, line) if token.is_word("OPTION", "WITH") else None
        if hints is not None:
            pieces += [text[position : token.start], hints[0]]
            position = tokens[hints[1] - 1].end
            continue
        if token.is_op("{"):
            raise unsupported("ODBC escape in braces", line=line + token.line - 1)
        if token.is_op("::"):
            raise unsupported("a static method", line=line + token.line - 1)
        rowset = bulk_rowset(tokens, index)
        if rowset is not None:
            pieces += [text[position : token.start], rowset[0]]
            position = tokens[rowset[1]].end
            continue
        if token.kind == "word" and token.value in FOREIGN_ROWSETS:
            raise unsupported(token.value, line=line + token.line - 1)
        if token.is_word("PREDICT") and tokens[index + 1].is_op("(") and tokens[index + 2].is_word("MODEL"):
            raise unsupported("PREDICT", line=line + token.line - 1, instead=SCORE_INSTEAD)
        if token.is_word("NULLS") and tokens[index + 1].is_word("FIRST", "LAST"):
            raise sql_error(102, token.text, line=line + token.line - 1)
        if token.is_word("AS") and _is_reserved_alias(tokens[index + 1], tokens[index + 2 : index + 3]):
            raise sql_error(156, tokens[index + 1].text, line=line + tokens[index + 1].line - 1)
        if token.is_op("?", "}") or (token.is_op(":") and "JSON_OBJECT" not in text.upper()):
            raise unsupported(f"{token.text} in a query", line=line + token.line - 1)
        if token.kind == "word" and token.value in _NOT_TSQL and not _names_culture(tokens, index):
            raise unsupported(f"unquoted name {token.text}", line=line + token.line - 1)
        written, end = _SPELLINGS.get(token.value) if token.kind == "operator" else None, token.end
        if token.kind == "binary" and len(token.text) == 2:
            written = "CAST('' AS varbinary(1))"
        elif token.kind in ("number", "binary") and tokens[index + 1].kind == "word" and tokens[index + 1].start == end:
            written = f"{token.text} "  # 1a is 1 AS a
        elif token.is_op("$"):
            sign = tokens[index + 1].text if tokens[index + 1].is_op("-", "+") else ""
            number = tokens[index + 1 + bool(sign)]
            if number.kind != "number":
                raise unsupported(f"${number.text.lower()}", line=line + token.line - 1)
            written, end = f"CAST({sign}{number.text} AS money)", number.end
        if written is not None:
            pieces += [text[position : token.start], written]
            position = end
    return "".join([*pieces, text[position:]])


def _names_culture(tokens: Sequence[Token], index: int) -> bool:
    """Whether the word is USING in PARSE or TRY_PARSE."""
    depth = 0
    for at in range(index - 1, 0, -1) if tokens[index].is_word("USING") else ():
        depth += tokens[at].is_op(")") - tokens[at].is_op("(")
        if depth < 0:
            return tokens[at - 1].is_word("PARSE", "TRY_PARSE")
    return False


def _is_reserved_alias(token: Token, after: Sequence[Token]) -> bool:
    """Whether a keyword stands where AS wants a name or a type: sqlglot would take it for a name."""
    if token.kind != "word" or token.value not in RESERVED or token.is_word("NATIONAL", "OF"):
        return False
    return not (token.is_word("DOUBLE") and after and after[0].is_word("PRECISION"))


def _parse(text: str, line: int) -> exp.Expr:
    """The one tree of ``text``, which ``grammar`` knows to be T-SQL: what sqlglot has no place for is refused."""
    try:
        trees = sqlglot.parse(_spelled(text, line), dialect=_DIALECT)
    except ParseError as error:
        detail = error.errors[0] if error.errors else {}
        near = str(detail.get("highlight") or "").strip() or text.split()[-1]
        raise unsupported(f"query with {near[:128]}", line=line + int(detail.get("line") or 1) - 1) from None
    except TokenError:
        raise unsupported(f"query with {text.split()[0][:128]}", line=line) from None
    except RecursionError:
        raise sql_error(191, line=line) from None
    if len(trees) != 1 or trees[0] is None:
        raise sql_error(102, text.split()[0][:128] if text.split() else "", line=line)
    return _with_marks(trees[0]) if "#" in text else trees[0]


def _with_marks(tree: exp.Expr) -> exp.Expr:
    """The tree with # in the names of temporary tables that qualify columns: sqlglot takes it for a mark of its own."""
    for column in tree.find_all(exp.Column):
        qualifier = column.args.get("table")
        if qualifier is not None and qualifier.args.get("temporary"):
            column.set("table", exp.to_identifier("#" + qualifier.name, quoted=True))
    return tree


@lru_cache(maxsize=4096)
def parse_query(text: str, line: int = 1) -> exp.Expr:
    """The tree of a query. Callers do not change it. Raises SqlError 102, 156 or 40510."""
    tree = _parse(text, line)
    if not isinstance(tree, exp.Query):
        raise unsupported(text.split()[0].upper(), line=line)
    return tree


@lru_cache(maxsize=4096)
def parse_scalar(text: str, line: int = 1) -> exp.Expr:
    """The tree of one expression or condition."""
    tree = _parse(f"SELECT 1 WHERE {text}", line)
    where = tree.args.get("where")
    if not isinstance(tree, exp.Select) or where is None or tree.args.get("group") or tree.args.get("order"):
        raise sql_error(102, text.split()[0][:128], line=line)
    expression: exp.Expr = where.this
    return expression


def parse_constraint(text: str, line: int = 1) -> exp.Expr:
    """The tree of a DEFAULT, a CHECK or an index's filter: it reads no table. Raises SqlError 1046."""
    tree = parse_scalar(text, line)
    if tree.find(exp.Query, exp.Exists) is not None:
        raise sql_error(1046, line=line)
    return tree


def read_type(node: exp.Expr, *, line: int = 0, default_length: int = 30) -> SqlType:
    """The T-SQL type of a CAST or CONVERT; lengths default to 30 there, not to 1."""
    name = node.this.name if isinstance(node.this, exp.DType) else ""
    if name == "USERDEFINED" or name == "":
        name = str(node.args.get("kind") or node.name)
    else:
        name = _TYPE_NAMES.get(name, name.lower())
    sizes = []
    for parameter in node.expressions:
        size = parameter.this
        sizes.append(MAX if size.name.upper() == "MAX" else int(size.name))
    if name.lower().startswith(("dbo.", "sys.")):
        name = name[4:]
    return make_type(name, tuple(sizes), line=line, default_length=default_length, converting=True)
