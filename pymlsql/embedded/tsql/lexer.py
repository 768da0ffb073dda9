"""T-SQL text to tokens. Source: "Transact-SQL syntax conventions", "Database identifiers", "Constants" of sql-docs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from pymlsql.embedded.tsql.messages import sql_error

Kind = Literal["word", "quoted", "variable", "string", "number", "binary", "operator", "end"]

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<word>(?![Nn]')(?:[^\W\d]|\#)[\w@$\#]*)
  | (?P<binary>0[xX][0-9A-Fa-f]*)
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d*)?)
  | (?P<variable>@@?[\w@$\#]+)
  | (?P<space>--[^\r\n]*|\Z)
  | (?P<comment>/\*)
  | (?P<operator>[+\-*/%&|^]=|<>|<=|>=|!=|!<|!>|::|[-+*/%=<>(),;.&|^~:$?{}!])
  | (?P<string>[Nn]?'(?:[^']|'')*')
  | (?P<openstring>[Nn]?'(?:[^']|'')*\Z)
  | (?P<bracket>\[(?:[^\]]|\]\])*\])
  | (?P<doublequote>"(?:[^"]|"")*")
  | (?P<openquote>(?:\[(?:[^\]]|\]\])*|"(?:[^"]|"")*)\Z)
    )""",
    re.VERBOSE,
)
"""A token or comment, with the white space before it. The commonest come first."""
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Token(NamedTuple):
    """A token: ``text`` as written, ``value`` without quotes (words upper-cased), its span and line."""

    kind: Kind
    text: str
    value: str
    start: int
    end: int
    line: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.value in words

    def is_op(self, *operators: str) -> bool:
        return self.kind == "operator" and self.value in operators


def _skip_comment(text: str, start: int, line: int) -> int:
    """The end of the (nestable) block comment that begins at ``start``."""
    depth, position = 0, start
    while True:
        edge = _COMMENT_EDGE.search(text, position)
        if edge is None:
            raise sql_error(113, line=line)
        depth += 1 if edge.group() == "/*" else -1
        position = edge.end()
        if depth == 0:
            return position


def _value(kind: str, text: str) -> tuple[Kind, str]:
    if kind == "string":
        return "string", text[text.index("'") + 1 : -1].replace("''", "'")
    if kind == "bracket":
        return "quoted", text[1:-1].replace("]]", "]")
    if kind == "doublequote":
        return "quoted", text[1:-1].replace('""', '"')
    return kind, text  # type: ignore[return-value]


@lru_cache(maxsize=2048)
def tokenize(text: str) -> tuple[Token, ...]:
    """All tokens of ``text``, ended by one of kind ``end``. Raises 102, 105 or 113."""
    tokens: list[Token] = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            rest = text[position:].lstrip()
            raise sql_error(102, rest[0], line=text.count("\n", 0, len(text) - len(rest)) + 1)
        kind = match.lastgroup or ""
        start, end = match.span(kind)
        if start != position:
            line += text.count("\n", position, start)
        found = match[kind]
        position = end
        if kind == "word":
            tokens.append(Token("word", found, found.upper(), start, end, line))
        elif kind == "operator" or kind == "number" or kind == "binary":
            tokens.append(Token(kind, found, found, start, end, line))  # type: ignore[arg-type]
        elif kind == "variable":
            tokens.append(Token("variable", found, found.lower(), start, end, line))
        elif kind == "comment":
            position = _skip_comment(text, start, line)
            line += text.count("\n", start, position)
        elif kind in ("openstring", "openquote"):
            raise sql_error(105, found.lstrip("Nn")[1:129], line=line)
        elif kind != "space":
            token_kind, value = _value(kind, found)
            tokens.append(Token(token_kind, found, value, start, end, line))
            line += found.count("\n")
    tokens.append(Token("end", "", "", len(text), len(text), line))
    return tuple(tokens)
