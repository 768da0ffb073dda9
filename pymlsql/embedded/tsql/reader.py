"""A cursor over tokens that knows where a T-SQL expression, a query, a name and a type end."""

from __future__ import annotations

from typing import NoReturn

from pymlsql.embedded.tsql.datatypes import make_type
from pymlsql.embedded.tsql.lexer import Token, tokenize
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name, Text
from pymlsql.embedded.tsql.types import MAX, SqlType
from pymlsql.embedded.tsql.words import RESERVED, STARTERS

_OPERAND_FUNCTIONS = frozenset({"CONVERT", "COALESCE", "NULLIF", "LEFT", "RIGHT", "TRY_CONVERT", "UPDATE", "EXISTS"})
_NILADIC = frozenset({"NULL", "CURRENT_TIMESTAMP", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "USER", "DEFAULT"})

class Reader:
    """The tokens of one text, and a position among them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.index + ahead, len(self.tokens) - 1)]

    def next(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.index += 1
        return token

    def fail(self, token: Token | None = None) -> NoReturn:
        """Msg 102 or 156 at ``token`` (the current one)."""
        token = token or self.token
        if token.kind == "word" and token.value in RESERVED:
            raise sql_error(156, token.text, line=token.line)
        raise sql_error(102, token.text or self.tokens[max(self.index - 1, 0)].text, line=token.line)

    def at_word(self, *words: str) -> bool:
        return self.token.is_word(*words)

    def at_words(self, *words: str) -> bool:
        return all(self.peek(i).is_word(word) for i, word in enumerate(words))

    def at_op(self, *operators: str) -> bool:
        return self.token.is_op(*operators)

    def take_word(self, *words: str) -> bool:
        if self.at_word(*words):
            self.index += 1
            return True
        return False

    def take_words(self, *words: str) -> bool:
        if self.at_words(*words):
            self.index += len(words)
            return True
        return False

    def take_op(self, *operators: str) -> bool:
        if self.at_op(*operators):
            self.index += 1
            return True
        return False

    def expect_word(self, *words: str) -> Token:
        if not self.at_word(*words):
            self.fail()
        return self.next()

    def expect_op(self, operator: str) -> Token:
        if not self.at_op(operator):
            self.fail()
        return self.next()

    def identifier(self) -> str:
        """A name's part: quoted, or a word that is not reserved."""
        token = self.token
        if token.kind == "quoted":
            if not token.value:
                raise sql_error(1038, line=token.line)
        elif token.kind != "word" or token.value in RESERVED:
            self.fail()
        text = token.value if token.kind == "quoted" else token.text
        if len(text) > 128:
            raise SqlError(103, f"The identifier that starts with '{text[:128]}' is too long. Maximum length is 128.",
                           severity=15, line=token.line)  # fmt: skip
        self.index += 1
        return text

    def name(self) -> Name:
        """A name of up to four parts; parts between dots may be omitted (``db..t``)."""
        parts = [self.identifier()]
        while self.at_op("."):
            self.index += 1
            parts.append("" if self.at_op(".") else self.identifier())
        if len(parts) > 4:
            self.fail()
        if len(parts) == 4:
            raise unsupported("linked server", line=self.token.line)
        return Name(tuple(parts))

    def integer(self) -> int:
        negative = self.take_op("-")
        if self.token.kind != "number" or not self.token.text.isdigit():
            self.fail()
        value = int(self.next().text)
        return -value if negative else value

    def data_type(self, *, default_length: int = 1) -> SqlType:
        """A system type with its sizes."""
        line = self.token.line
        token = self.next()
        if token.kind == "word" and token.value == "NATIONAL":
            token = self.next()
            name = "nvarchar" if self.take_word("VARYING") else "nchar"
        elif token.kind in ("word", "quoted") and (token.kind == "quoted" or token.value not in RESERVED):
            name = token.value if token.kind == "quoted" else token.text
        else:
            self.index -= 1
            self.fail()
        if self.at_op(".") and name.lower() in ("sys", "dbo"):
            self.index += 1
            name = self.identifier()
        if name.upper() == "DOUBLE":
            self.take_word("PRECISION")
        if name.upper() in ("CHAR", "CHARACTER", "NCHAR", "BINARY") and self.take_word("VARYING"):
            name = {"CHAR": "varchar", "CHARACTER": "varchar", "NCHAR": "nvarchar", "BINARY": "varbinary"}[name.upper()]
        sizes: list[int] = []
        if self.take_op("("):
            sizes.append(MAX if self.take_word("MAX") else self.integer())
            while self.take_op(","):
                sizes.append(self.integer())
            self.expect_op(")")
        return make_type(name, tuple(sizes), line=line, default_length=default_length)

    # Slices ---------------------------------------------------------------------------------------------------

    def slice(self, start: int, end: int) -> Text:
        """The text of tokens [start, end)."""
        if end <= start:
            self.fail()
        return Text(self.text[self.tokens[start].start : self.tokens[end - 1].end], self.tokens[start].line)

    def skip_parentheses(self) -> None:
        """Past a balanced pair; the cursor is at the opening one."""
        opening, depth = self.token, 0
        while True:
            token = self.token
            if token.kind == "end" or token.is_op(";"):
                self.fail(token if token.kind != "end" else opening)
            depth += token.is_op("(") - token.is_op(")")
            self.index += 1
            if depth == 0:
                return

    def expression(self) -> Text:
        """The longest expression (or condition) from here."""
        start = self.index
        self._skip_expression()
        return self.slice(start, self.index)

    def _skip_expression(self) -> None:
        self._skip_operand()
        while self._skip_operator():
            self._skip_operand()

    def _skip_operand(self) -> None:
        while self.at_op("+", "-", "~") or self.at_word("NOT"):
            self.index += 1
        token = self.token
        if token.is_op("("):
            self.skip_parentheses()
        elif token.kind in ("string", "number", "binary", "variable") or token.is_word(*_NILADIC):
            self.index += 1
        elif token.is_word("CASE"):
            self._skip_case()
        elif token.is_op("$") and self.peek().kind == "number":
            self.index += 2
        elif token.is_word(*_OPERAND_FUNCTIONS):
            self.index += 1
            if not self.at_op("("):
                self.fail()
            self.skip_parentheses()
        elif token.is_word("NEXT") and self.peek().is_word("VALUE"):
            self.index += 3
            self.name()
        else:
            self._skip_reference()
        self._skip_suffixes()

    def _skip_reference(self) -> None:
        self.name_or_star()
        if self.at_op("("):
            self.skip_parentheses()

    def name_or_star(self) -> None:
        self.identifier()
        while self.take_op("."):
            if self.take_op("*"):
                return
            if not self.at_op("."):
                self.identifier()

    def _skip_suffixes(self) -> None:
        while True:
            if self.take_word("COLLATE"):
                self.identifier()
            elif self.at_words("AT", "TIME", "ZONE"):
                self.index += 3
                self._skip_operand()
            elif self.at_word("OVER") and self.peek().is_op("("):
                self.index += 1
                self.skip_parentheses()
            elif self.at_words("WITHIN", "GROUP"):
                self.index += 2
                self.skip_parentheses()
            else:
                return

    def _skip_case(self) -> None:
        depth = 0
        while True:
            token = self.token
            if token.kind == "end" or token.is_op(";"):
                self.fail()
            self.index += 1
            depth += token.is_word("CASE") - token.is_word("END")
            if depth == 0:
                return

    def _skip_operator(self) -> bool:
        """Past a binary operator; false when there is none. IS NULL is taken whole and the search goes on."""
        while self.at_word("IS"):
            self.index += 1
            self.take_word("NOT")
            self.expect_word("NULL")
        if self.take_op("+", "-", "*", "/", "%", "&", "|", "^", "=", "<", ">", "<>", "<=", ">=", "!=", "!<", "!>"):
            self.take_word("ALL", "ANY", "SOME")
            return True
        if self.at_word("NOT") and self.peek().is_word("IN", "LIKE", "BETWEEN"):
            self.index += 1
        return self.take_word("AND", "OR", "LIKE", "IN", "BETWEEN", "ESCAPE")

    def query(self) -> Text:
        """A query: up to the semicolon, closing bracket or keyword that begins the next statement."""
        start = self.index
        self.skip_query()
        return self.slice(start, self.index)

    def skip_query(self, *, begun: bool = False) -> None:
        """Past a query that begins here with SELECT, WITH, VALUES or a parenthesis, or has ``begun`` before."""
        continued = not begun
        while True:
            token = self.token
            if token.kind == "end" or token.is_op(";", ")"):
                return
            if token.is_op("("):
                self.skip_parentheses()
                continued = False
                continue
            if token.is_word("CASE"):
                self._skip_case()
                continue
            if token.kind == "word" and token.value in STARTERS and not (token.value == "SELECT" and continued):
                return
            continued = token.is_word("UNION", "ALL", "EXCEPT", "INTERSECT") or (
                continued and not token.is_word("SELECT")
            )
            self.index += 1

    def clause(self, *ends: str) -> Text:
        """A slice up to a word of ``ends`` outside parentheses, or the statement's end."""
        start = self.index
        while not self.at_word(*ends):
            token = self.token
            if token.kind == "end" or token.is_op(";", ")") or (token.kind == "word" and token.value in STARTERS):
                break
            if token.is_op("("):
                self.skip_parentheses()
            elif token.is_word("CASE"):
                self._skip_case()
            else:
                self.index += 1
        return self.slice(start, self.index)
