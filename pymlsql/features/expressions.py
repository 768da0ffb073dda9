"""T-SQL expressions in a declaration: read token by token, so that only what is known of a row and safe gets through.

What a declaration may say is one scalar expression over columns of the view's own row, made of literals, operators,
CASE, IIF, CAST and the functions of FUNCTIONS, which give the same for the same arguments at any time. So there is
nothing to be refused by name: what is not listed is no part of the language. Comments are refused, since one could
swallow the text behind it, and the text that is printed is made anew of the tokens that were read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pymlsql import quoting
from pymlsql.errors import TemplateError
from pymlsql.features.functions import (
    AGGREGATES,
    CHANGING,
    DATEPARTS,
    FUNCTIONS,
    RANKING,
    SESSION_DATEPARTS,
    STATEMENTS,
)
from pymlsql.features.tokens import MAX_DEPTH, ExpressionError, Token, print_tokens, read_tokens

MAX_LENGTH = 4000

ROW = "f"
"""The alias under which the row's columns stand in the generated text."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The expression as it is printed, and the columns of the row that it reads, in their declared spelling."""

    text: str
    columns: tuple[str, ...]


_COMPARISONS = ("=", "<", ">", "<=", ">=", "<>", "!=", "!<", "!>")
_BINARY = ("+", "-", "*", "/", "%", "&", "|", "^")
_UNARY = ("+", "-", "~")


def parse(text: str, columns: Iterable[str], *, hidden: Mapping[str, str] | None = None) -> Parsed:
    """Read an expression over these columns; `hidden` are names that it must not read, with the reason.

    Raises ExpressionError for anything that is not one scalar expression over them.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression has at most {MAX_LENGTH} characters")
    parser = _Parser(read_tokens(text), {name.lower(): name for name in columns}, hidden or {})
    parser.whole()
    return Parsed(print_tokens(parser.tokens), tuple(dict.fromkeys(parser.read.values())))


class _Parser:
    """Recursive descent over the tokens; it marks what each is, for printing, and notes the columns."""

    def __init__(self, tokens: list[Token], columns: Mapping[str, str], hidden: Mapping[str, str]) -> None:
        self.tokens = tokens
        self.columns = columns
        self.hidden = {name.lower(): reason for name, reason in hidden.items()}
        self.at = 0
        self.depth = 0
        self.read: dict[int, str] = {}
        self.values: set[int] = set()
        self.furthest: tuple[int, ExpressionError] = (0, ExpressionError(""))

    def whole(self) -> None:
        """One value and nothing behind it; of several ways to read it, the furthest says what is wrong."""
        try:
            self.scalar()
            if self.at < len(self.tokens):
                raise ExpressionError(f"the expression ends before {self.shown()}")
        except ExpressionError as error:
            raise (self.furthest[1] if self.furthest[0] > self.at else error) from None

    # --- tokens ------------------------------------------------------------------------------------------------------

    def shown(self) -> str:
        """The next token, for a message."""
        return self.tokens[self.at].text[:60] if self.at < len(self.tokens) else "its end"

    def sees(self, *words: str) -> bool:
        """Whether the next token is one of these operators or words."""
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        return token.kind in ("operator", "word", "call", "sign") and token.text.upper() in words

    def takes(self, *words: str) -> bool:
        """The same, and go on behind it if so; a word is printed in capitals."""
        if not self.sees(*words):
            return False
        token = self.tokens[self.at]
        token.printed = token.text.upper()
        self.at += 1
        return True

    def wants(self, word: str) -> None:
        """Take it, or raise ExpressionError."""
        if not self.takes(word):
            raise ExpressionError(f"{word} is wanted, not {self.shown()}")

    # --- grammar -----------------------------------------------------------------------------------------------------

    def scalar(self) -> None:
        """One value."""
        self.depth += 1
        if self.depth > 3 * MAX_DEPTH:
            raise ExpressionError("the expression is nested too deeply")
        while True:
            while self.sees(*_UNARY):
                self.tokens[self.at].kind = "sign"
                self.at += 1
            self._primary()
            if not self.takes(*_BINARY):
                break
        self.depth -= 1

    def _primary(self) -> None:
        if self.at >= len(self.tokens):
            raise ExpressionError("the expression ends where a value is wanted")
        token = self.tokens[self.at]
        if token.kind in ("number", "text"):
            self.at += 1
        elif self.takes("("):
            self._refuse_statement()
            self.scalar()
            self.wants(")")
        elif token.kind == "quoted":
            self._column(quoting.parse_name(token.text)[0])
        elif token.kind == "variable":
            raise ExpressionError(f"{token.text} is a variable: an expression reads columns of its row only")
        elif token.kind == "word":
            self._word(token)
        else:
            raise ExpressionError(f"a value is wanted, not {token.text}")

    def _word(self, token: Token) -> None:
        word = token.text.upper()
        if self.takes("NULL"):
            return
        if self.takes("CASE"):
            self._case()
        elif self.at + 1 < len(self.tokens) and self.tokens[self.at + 1].text == "(":
            self._call(token, word)
        else:
            if token.text.lower() not in self.columns:
                self._refuse_statement()
                _refuse_changing(word)
            self._column(token.text)

    def _refuse_statement(self) -> None:
        if self.sees(*STATEMENTS):
            raise ExpressionError(f"{self.shown().upper()} begins a statement or subquery: one expression is wanted")

    def _column(self, name: str) -> None:
        number = self.at
        self.at += 1
        if self.sees("."):
            raise ExpressionError(f"{name}.: columns are named without table or schema, and functions are T-SQL's own")
        if name.lower() in self.hidden and name.lower() not in self.columns:
            raise ExpressionError(f"{name} {self.hidden[name.lower()]}")
        if name.lower() not in self.columns:
            from pymlsql.wording import suggest

            raise ExpressionError(f"the row has no column {name}{suggest(name, self.columns.values())}")
        declared = self.columns[name.lower()]
        self.read[number] = declared
        self.tokens[number].printed = f"{ROW}.{quoting.ident(declared)}"

    def _case(self) -> None:
        is_searched = self.sees("WHEN")
        if not is_searched:
            self.scalar()
        while self.takes("WHEN"):
            if is_searched:
                self._condition()
            else:
                self.scalar()
            self.wants("THEN")
            self.scalar()
        if self.takes("ELSE"):
            self.scalar()
        self.wants("END")

    def _call(self, token: Token, word: str) -> None:
        if word in ("CAST", "TRY_CAST", "CONVERT", "TRY_CONVERT", "IIF") or word in FUNCTIONS:
            token.printed = word
        self.at += 1
        self.tokens[self.at].kind = "call"
        if word in ("CAST", "TRY_CAST"):
            self.wants("(")
            self.scalar()
            self.wants("AS")
            self._type()
        elif word in ("CONVERT", "TRY_CONVERT"):
            self.wants("(")
            self._type()
            self.wants(",")
            self.scalar()
            if self.takes(","):
                self.scalar()
        elif word == "IIF":
            self.wants("(")
            self._condition()
            for _ in range(2):
                self.wants(",")
                self.scalar()
        else:
            self._arguments(token.text, word)
        self.wants(")")
        if self.sees("OVER", "WITHIN"):
            raise ExpressionError("a window function looks at other rows: declare windows or lags instead")

    def _arguments(self, name: str, word: str) -> None:
        if word in AGGREGATES or word in RANKING:
            raise ExpressionError(f"{name} looks at other rows: declare windows, counts or lags instead")
        _refuse_changing(word)
        if word not in FUNCTIONS:
            raise ExpressionError(
                f"{name} is none of the functions that an expression knows; docs/features.md lists them"
            )
        low, high = FUNCTIONS[word]
        self.wants("(")
        n_given = 0
        if word in DATEPARTS:
            self._datepart(name)
            n_given = 1
        while not self.sees(")"):
            if n_given:
                self.wants(",")
            self._refuse_statement()
            self.scalar()
            n_given += 1
        if n_given < low or (high is not None and n_given > high):
            wanted = f"{low}" if low == high else f"{low} or more" if high is None else f"{low} to {high}"
            raise ExpressionError(f"{name} takes {wanted} arguments, not {n_given}")

    def _datepart(self, name: str) -> None:
        if self.at >= len(self.tokens) or self.tokens[self.at].kind != "word":
            raise ExpressionError(f"{name} begins with a part of a date, as in {name}(day, ...)")
        part = self.tokens[self.at].text.lower()
        if part in SESSION_DATEPARTS and name.upper() == "DATEPART":
            raise ExpressionError(f"{name}({part}, ...) depends on each session's DATEFIRST: use another part")
        if part not in DATEPARTS[name.upper()]:
            raise ExpressionError(f"{part} is no part of a date that {name} takes here")
        self.at += 1

    def _type(self) -> None:
        """A type's name and lengths; the tokens up to the ) or , behind it."""
        start = self.at
        self.at += 1
        if self.takes("("):
            while not self.takes(")"):
                if self.at >= len(self.tokens):
                    raise ExpressionError("a type is not closed: its ) is missing")
                self.at += 1
        given = "".join(token.text for token in self.tokens[start : self.at])
        try:
            printed = quoting.sqltype(given)
        except TemplateError as error:
            raise ExpressionError(str(error).rstrip(".")) from None
        self.tokens[start : self.at] = [Token("type", printed, printed)]
        self.at = start + 1

    # --- conditions --------------------------------------------------------------------------------------------------

    def _condition(self) -> None:
        self.depth += 1
        if self.depth > 3 * MAX_DEPTH:
            raise ExpressionError("the expression is nested too deeply")
        while True:
            while self.takes("NOT"):
                pass
            self._predicate()
            if not self.takes("AND", "OR"):
                break
        self.depth -= 1

    def _predicate(self) -> None:
        if self.sees("EXISTS"):
            raise ExpressionError("EXISTS begins a subquery: one expression over the row is wanted")
        if self.sees("(") and self._bracketed():
            return
        self.scalar()
        if self.takes("IS"):
            self.takes("NOT")
            self.wants("NULL")
        elif self.takes(*_COMPARISONS):
            self.scalar()
        else:
            self.takes("NOT")
            self._ranged()

    def _ranged(self) -> None:
        if self.takes("BETWEEN"):
            self.scalar()
            self.wants("AND")
            self.scalar()
        elif self.takes("LIKE"):
            self.scalar()
            if self.takes("ESCAPE"):
                self.scalar()
        else:
            self.wants("IN")
            self.wants("(")
            self._refuse_statement()
            self.scalar()
            while self.takes(","):
                self.scalar()
            self.wants(")")

    def _bracketed(self) -> bool:
        """Take a condition in brackets, if that is what follows: a value in brackets begins as one does."""
        start, depth = self.at, self.depth
        if start in self.values:
            return False
        try:
            self.wants("(")
            self._condition()
            self.wants(")")
        except ExpressionError as error:
            self.furthest = max(self.furthest, (self.at, error), key=lambda failure: failure[0])
            self.values.add(start)
            self.at, self.depth = start, depth
            return False
        return True


def _refuse_changing(word: str) -> None:
    if word in CHANGING:
        raise ExpressionError(f"{word} is not the same tomorrow or for everybody: a feature hangs on its row alone")
