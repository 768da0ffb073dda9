"""What our dialect parses by itself: the functions with a syntax of their own."""

from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType


def parse_open_json(parser: Any) -> exp.Expr:
    """OPENJSON (text [, path]) [WITH (name type [COLLATE name] [path] [AS JSON], ...)]."""
    text = parser._parse_bitwise()
    path = parser._parse_bitwise() if parser._match(TokenType.COMMA) else None
    columns = None
    if parser._match_pair(TokenType.R_PAREN, TokenType.WITH):
        parser._match_l_paren()
        columns = parser._parse_csv(lambda: _open_json_column(parser))
        if not columns:
            parser.raise_error("Expecting columns")
    return parser.expression(exp.OpenJSON(this=text, path=path, expressions=columns))  # type: ignore[no-any-return]


def _open_json_column(parser: Any) -> exp.Expr:
    name = parser._parse_id_var(any_token=False)
    kind = parser._parse_types()
    if name is None or kind is None:
        parser.raise_error("Expecting a name and a type")
    if parser._match(TokenType.COLLATE):
        kind.set("collate", parser._parse_id_var())
    path = None
    if parser._match_set((TokenType.STRING, TokenType.NATIONAL_STRING)):
        path = exp.Literal.string(parser._prev.text)
    as_json = parser._match_pair(TokenType.ALIAS, TokenType.JSON)
    return parser.expression(  # type: ignore[no-any-return]
        exp.OpenJSONColumnDef(this=name, kind=kind, path=path, as_json=as_json))  # fmt: skip


def parse_json_object(parser: Any) -> exp.Expr:
    """JSON_OBJECT ([key : value, ...] [NULL ON NULL | ABSENT ON NULL])."""
    pairs = []
    while not _at_null_clause(parser) and not parser._match(TokenType.R_PAREN, advance=False):
        key = parser._parse_bitwise()
        if key is None or not parser._match(TokenType.COLON):
            parser.raise_error("Expecting :")
        pairs.append(parser.expression(exp.JSONKeyValue(this=key, expression=_value(parser))))
        if not parser._match(TokenType.COMMA):
            break
    return parser.expression(  # type: ignore[no-any-return]
        exp.JSONObject(expressions=pairs, null_handling=_null_clause(parser)))  # fmt: skip


def parse_json_array(parser: Any) -> exp.Expr:
    """JSON_ARRAY ([value, ...] [NULL ON NULL | ABSENT ON NULL])."""
    values = []
    while not _at_null_clause(parser) and not parser._match(TokenType.R_PAREN, advance=False):
        values.append(_value(parser))
        if not parser._match(TokenType.COMMA):
            break
    return parser.expression(  # type: ignore[no-any-return]
        exp.JSONArray(expressions=values, null_handling=_null_clause(parser)))  # fmt: skip


def _value(parser: Any) -> Any:
    value = parser._parse_bitwise()
    if value is None:
        parser.raise_error("Expecting a value")
    return value


def _at_null_clause(parser: Any) -> bool:
    words = [token.text.upper() for token in parser._tokens[parser._index : parser._index + 3]]
    return words in (["NULL", "ON", "NULL"], ["ABSENT", "ON", "NULL"])


def _null_clause(parser: Any) -> str | None:
    if not _at_null_clause(parser):
        return None
    word = str(parser._curr.text).upper()
    parser._advance(3)
    return word
