"""T-SQL text to tokens. Source: "Transact-SQL syntax conventions", "Database identifiers", "Constants" of sql-docs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pymlsql.embedded.tsql.messages import sql_error

Kind = Literal["word", "quoted", "variable", "string", "number", "binary", "operator", "end"]

_TOKEN = re.compile(
    r"""
    (?P<space>[\s\u00a0]+|--[^\r\n]*)
  | (?P<comment>/\*)
  | (?P<string>[Nn]?'(?:[^']|'')*')
  | (?P<openstring>[Nn]?'(?:[^']|'')*\Z)
  | (?P<bracket>\[(?:[^\]]|\]\])*\])
  | (?P<doublequote>"(?:[^"]|"")*")
  | (?P<openquote>(?:\[(?:[^\]]|\]\])*|"(?:[^"]|"")*)\Z)
  | (?P<binary>0[xX][0-9A-Fa-f]*)
  | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d*)?)
  | (?P<variable>@@?[\w@$\#]+)
  | (?P<word>(?:[^\W\d]|\#)[\w@$\#]*)
  | (?P<operator>[+\-*/%&|^]=|<>|<=|>=|!=|!<|!>|::|[-+*/%=<>(),;.&|^~:$?{}!])
    """,
    re.VERBOSE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Token:
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
    if kind == "word":
        return "word", text.upper()
    if kind == "variable":
        return "variable", text.lower()
    return kind, text  # type: ignore[return-value]


@lru_cache(maxsize=2048)
def tokenize(text: str) -> tuple[Token, ...]:
    """All tokens of ``text``, ended by one of kind ``end``. Raises 102, 105 or 113."""
    tokens: list[Token] = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise sql_error(102, text[position], line=line)
        kind, found = match.lastgroup or "", match.group()
        end = match.end()
        if kind == "comment":
            end = _skip_comment(text, position, line)
            found = text[position:end]
        elif kind in ("openstring", "openquote"):
            raise sql_error(105, found.lstrip("Nn")[1:129], line=line)
        elif kind != "space":
            token_kind, value = _value(kind, found)
            tokens.append(Token(token_kind, found, value, position, end, line))
        line += found.count("\n")
        position = end
    tokens.append(Token("end", "", "", len(text), len(text), line))
    return tuple(tokens)
