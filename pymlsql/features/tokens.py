"""The tokens of a T-SQL expression: read from its text, and printed anew of what was read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymlsql import quoting
from pymlsql.errors import TemplateError

MAX_DEPTH = 40
"""Of brackets."""


class ExpressionError(ValueError):
    """What is wrong with an expression, as a sentence without its full stop."""


_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<comment>--|/\*|\*/)
    |(?P<text>[Nn]?'(?:[^']|'')*')
    |(?P<quoted>\[(?:[^\]]|\]\])+\]|"(?:[^"]|"")+")
    |(?P<number>0[xX][0-9A-Fa-f]*|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<variable>@+[\w@$#]*)
    |(?P<word>[^\W\d][\w$#@]*|\#+\w*)
    |(?P<operator><=|>=|<>|!=|!<|!>|[-+*/%&|^~=<>(),.])""",
    re.VERBOSE,
)


@dataclass(slots=True)
class Token:
    """`kind` is what it is, as far as is known; `printed` what stands in its place in the text that is made."""

    kind: str
    text: str
    printed: str


def read_tokens(text: str) -> list[Token]:
    """All tokens but blanks. Raises ExpressionError for comments, and for what is not closed or has no meaning."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ExpressionError(_unreadable(text[at:]))
        kind = match.lastgroup or ""
        if kind == "comment":
            raise ExpressionError(
                "an expression has no comments: they could swallow what stands behind; write them in the project file"
            )
        if kind != "blank":
            found.append(Token(kind, match[0], _literal(match[0]) if kind == "text" else match[0]))
        at = match.end()
    _check_brackets(found)
    return found


def _unreadable(rest: str) -> str:
    if rest[:1] == "'" or rest[:2].lower() == "n'":
        return "a text is not closed: its ' is missing"
    if rest[0] in '["':
        return f"a name is not closed: its {']' if rest[0] == '[' else rest[0]} is missing"
    if rest[0] == ";":
        return "one expression is wanted, no statement: it holds a semicolon"
    return f"{rest[0]!r} has no meaning in an expression"


def _check_brackets(tokens: list[Token]) -> None:
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.printed, 0)
        if depth < 0:
            raise ExpressionError("a ) closes what no ( opened")
        if depth > MAX_DEPTH:
            raise ExpressionError(f"brackets lie more than {MAX_DEPTH} deep")
    if depth:
        raise ExpressionError("a ( is not closed")


def _literal(text: str) -> str:
    """A text literal, always as nvarchar: none of its characters can be lost to a code page."""
    try:
        return quoting.string(text[text.index("'") + 1 : -1].replace("''", "'"))
    except TemplateError as error:
        raise ExpressionError(str(error).rstrip(".")) from None


def print_tokens(tokens: list[Token]) -> str:
    """The tokens with blanks where a reader wants them."""
    made = ""
    before = ""
    for token in tokens:
        text = token.printed
        glued = not made or before == "(" or text in (")", ",") or (text == "(" and token.kind == "call")
        glued = glued or (before == "sign" and token.kind != "sign")  # two signs in a row would begin a comment
        made += text if glued else f" {text}"
        before = "sign" if token.kind == "sign" else text
    return made
