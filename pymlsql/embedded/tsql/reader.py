"""A cursor over tokens that knows where a T-SQL expression, a query, a name and a type end; ``grammar`` tells it."""

from __future__ import annotations

from typing import NoReturn

from pymlsql.embedded.tsql.datatypes import is_system_type, make_type
from pymlsql.embedded.tsql.grammar import definitions, expressions, queries, sources
from pymlsql.embedded.tsql.lexer import Token, tokenize
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name, Text
from pymlsql.embedded.tsql.types import MAX, SqlType, user_type
from pymlsql.embedded.tsql.words import NILADIC, RESERVED

_VALUES = frozenset({"CASE", "COALESCE", "CONVERT", "TRY_CONVERT", "NULLIF", "LEFT", "RIGHT", *NILADIC})
"""Reserved keywords with which a value may begin."""

class Reader:
    """The tokens of one text, and a position among them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.index = 0
        self.defining = "CREATE TABLE"
        """Where the definition of a table's constraint stands: there, or in ALTER TABLE."""

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.index + ahead, len(self.tokens) - 1)]

    def next(self) -> Token:
        token = self.tokens[self.index]
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
        token = self.tokens[self.index]
        return token.kind == "word" and token.value in words

    def at_words(self, *words: str) -> bool:
        return all(self.peek(i).is_word(word) for i, word in enumerate(words))

    def at_op(self, *operators: str) -> bool:
        token = self.tokens[self.index]
        return token.kind == "operator" and token.value in operators

    def take_word(self, *words: str) -> bool:
        token = self.tokens[self.index]
        if token.kind == "word" and token.value in words:
            self.index += 1
            return True
        return False

    def take_words(self, *words: str) -> bool:
        if self.at_words(*words):
            self.index += len(words)
            return True
        return False

    def take_op(self, *operators: str) -> bool:
        token = self.tokens[self.index]
        if token.kind == "operator" and token.value in operators:
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

    def expect_end(self) -> None:
        """Nothing but semicolons follows."""
        while self.take_op(";"):
            pass
        if self.token.kind != "end":
            self.fail()

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
        """A name of up to four parts; parts before and between dots may be omitted (``db..t``, ``.t``)."""
        while self.at_op("."):
            self.index += 1
        parts = [self.identifier()]
        while self.at_op("."):
            self.index += 1
            parts.append("" if self.at_op(".") else self.identifier())
        if len(parts) > 4:
            self.fail()
        if len(parts) == 4:
            raise unsupported("linked server", line=self.token.line)
        return Name(tuple(parts))

    def own_name(self, statement: str) -> Name:
        """A name without a database, as ``statement`` wants it. Raises 166."""
        line = self.token.line
        prefixed = self.at_op(".") and self.peek().is_op(".")
        name = self.name()
        if prefixed or len(name.parts) > 2:
            raise sql_error(166, statement, line=line)
        return name

    def at_name(self) -> bool:
        """Whether a name stands here, such as an alias without AS."""
        token = self.token
        return token.kind == "quoted" or (token.kind == "word" and token.value not in RESERVED)

    def at_scalar(self) -> bool:
        """Whether a value begins here."""
        token = self.token
        return (token.kind in ("number", "string", "variable", "binary") or token.is_op("(", "-", "+", "~", "$", "{")
                or self.at_name() or token.is_word(*_VALUES))  # fmt: skip

    def integer(self) -> int:
        negative = self.take_op("-")
        if self.token.kind != "number" or not self.token.text.isdigit():
            self.fail()
        value = int(self.next().text)
        return -value if negative else value

    def data_type(self, *, default_length: int = 1, users: bool = False) -> SqlType:
        """A system type with its sizes, or with ``users`` a type that somebody has created."""
        line = self.token.line
        token = self.next()
        if token.kind == "word" and token.value == "NATIONAL":
            token = self.next()
            name = "nvarchar" if self.take_word("VARYING") else "nchar"
        elif token.is_word("DOUBLE"):
            self.expect_word("PRECISION")
            name = "float"
        elif token.kind in ("word", "quoted") and (token.kind == "quoted" or token.value not in RESERVED):
            name = token.value if token.kind == "quoted" else token.text
        else:
            self.index -= 1
            self.fail()
        if self.at_op(".") and (users or name.lower() in ("sys", "dbo")):
            self.index += 1
            schema, name = name, self.identifier()
            if users and (schema.lower() != "sys" or not is_system_type(name)):
                return self._users_type(schema, name)
        elif users and not is_system_type(name):
            return self._users_type("", name)
        if name.upper() in ("CHAR", "CHARACTER", "NCHAR", "BINARY") and self.take_word("VARYING"):
            name = {"CHAR": "varchar", "CHARACTER": "varchar", "NCHAR": "nvarchar", "BINARY": "varbinary"}[name.upper()]
        return make_type(name, self._type_sizes(), line=line, default_length=default_length)

    def _type_sizes(self) -> tuple[int, ...]:
        return () if self.peek().is_word("SELECT") else self._sizes()

    def _users_type(self, schema: str, name: str) -> SqlType:
        return user_type(schema, name, sized=bool(self._type_sizes()))

    # Slices ---------------------------------------------------------------------------------------------------

    def slice(self, start: int, end: int) -> Text:
        """The text of tokens [start, end)."""
        if end <= start:
            self.fail()
        return Text(self.text[self.tokens[start].start : self.tokens[end - 1].end], self.tokens[start].line)

    def expression(self) -> Text:
        """The longest value from here."""
        start = self.index
        self.skip_scalar()
        return self.slice(start, self.index)

    def condition(self) -> Text:
        """The longest search condition from here."""
        start = self.index
        self.skip_condition()
        return self.slice(start, self.index)

    def constant(self, *kinds: str, signed: bool = False) -> Text:
        """A variable, or a literal of one of the ``kinds`` of tokens; ``signed``: a minus may stand before a number."""
        start = self.index
        if signed and self.at_op("-") and self.peek().kind == "number":
            self.index += 1
        if self.token.kind != "variable" and self.token.kind not in kinds:
            self.fail()
        self.index += 1
        return self.slice(start, self.index)

    def filter(self, index: str, table: str) -> Text:
        """The WHERE of an index. Raises 10735."""
        start = self.index
        definitions.skip_filter(self, index, table)
        return self.slice(start, self.index)

    def query(self) -> Text:
        """A query that stands where a statement does, with its OPTION."""
        start = self.index
        self.skip_query()
        return self.slice(start, self.index)

    def insert_query(self) -> Text:
        """The query of an INSERT."""
        start = self.index
        queries.skip_inserted(self)
        return self.slice(start, self.index)

    def subquery(self) -> Text:
        """A query inside of something else: it has no OPTION and goes INTO nothing."""
        start = self.index
        self.skip_subquery_body()
        return self.slice(start, self.index)

    def items(self) -> Text:
        """A select list, such as the columns of OUTPUT."""
        start = self.index
        queries.skip_items(self)
        return self.slice(start, self.index)

    def sources(self) -> Text:
        """What stands behind FROM."""
        start = self.index
        self.skip_sources()
        return self.slice(start, self.index)

    def joined(self) -> Text:
        """One table, function or derived table with its name, and its joins."""
        start = self.index
        sources.skip_joined(self)
        return self.slice(start, self.index)

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

    def skip_type(self) -> None:
        """Past the type of a conversion; whether there is such a type is asked where it is used."""
        name = self.token
        if self.take_word("NATIONAL"):
            if not self.at_word("CHAR", "CHARACTER", "TEXT"):
                self.fail()
        elif self.take_word("DOUBLE"):
            self.expect_word("PRECISION")
            self._sizes()
            return
        plain = self.name()
        self.take_word("VARYING")
        sizes = self._sizes()
        if sizes and len(plain.parts) == 1 and is_system_type(plain.object):
            make_type(plain.object, sizes, line=name.line, default_length=30, converting=True)

    def _sizes(self) -> tuple[int, ...]:
        if not self.take_op("("):
            return ()
        sizes = [MAX if self.take_word("MAX") else self.integer()]
        while sizes != [MAX] and self.take_op(","):
            sizes.append(self.integer())
        self.expect_op(")")
        return tuple(sizes)

    def skip_scalars(self) -> None:
        """Past values with commas between them."""
        self.skip_scalar()
        while self.take_op(","):
            self.skip_scalar()

    def skip_scalar(self) -> None:
        expressions.skip_scalar(self)

    def skip_condition(self) -> None:
        expressions.skip_condition(self)

    def skip_query(self) -> None:
        queries.skip_statement(self)

    def skip_subquery_body(self) -> None:
        queries.skip_body(self)

    def skip_query_rest(self) -> None:
        queries.skip_rest(self)

    def skip_order_by(self) -> None:
        queries.skip_order_by(self)

    def skip_sources(self) -> None:
        sources.skip_sources(self)
