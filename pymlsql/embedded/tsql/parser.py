"""Batches of T-SQL to statement trees, by recursive descent; queries and expressions stay slices of text.

A statement needs no semicolon before the next one (except where SQL Server wants it: before WITH and THROW).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.bulk import parse_bulk_insert
from pymlsql.embedded.tsql.call_statements import parse_call, parse_execute
from pymlsql.embedded.tsql.cursor_statements import CURSOR_STATEMENTS, parse_declare_cursor
from pymlsql.embedded.tsql.data_statements import parse_delete, parse_insert, parse_select, parse_truncate, parse_update
from pymlsql.embedded.tsql.definitions import parse_alter, parse_create, parse_drop
from pymlsql.embedded.tsql.flow_statements import (
    parse_print,
    parse_raiserror,
    parse_throw,
    parse_use,
    parse_waitfor,
)
from pymlsql.embedded.tsql.lexer import Token
from pymlsql.embedded.tsql.merging import parse_merge
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Batch, Name, Statement
from pymlsql.embedded.tsql.reader import Reader
from pymlsql.embedded.tsql.security_statements import SECURITY_STATEMENTS
from pymlsql.embedded.tsql.set_statements import parse_set
from pymlsql.embedded.tsql.signing_statements import SIGNING_STATEMENTS
from pymlsql.embedded.tsql.table_definitions import parse_unnamed_definition
from pymlsql.embedded.tsql.words import RESERVED


class Parser(Reader):
    """One batch. The only public call is :func:`parse_batch`."""

    def batch(self) -> Batch:
        statements = self.statements_until("")
        return Batch(tuple(statements))

    def statements_until(self, *ends: str) -> list[Statement]:
        """Statements up to one of the words ``ends`` (not taken); "" is the end of the batch."""
        statements: list[Statement] = []
        while True:
            ended = not statements
            while self.take_op(";"):
                ended = True
            if self.token.kind == "end":
                if "" not in ends:
                    self.fail()
                return statements
            if self.at_word(*ends):
                return statements
            if not ended:
                self._check_ended()
            statements.append(self.statement(first=not statements and "" in ends and self._is_first()))

    def _check_ended(self) -> None:
        """Before WITH and THROW the statement before ends with a semicolon. Raises 319, 102."""
        if self.at_word("WITH"):
            raise sql_error(319, line=self.token.line)
        if self.at_word("THROW"):
            self.fail()

    def _is_first(self) -> bool:
        return all(token.is_op(";") for token in self.tokens[: self.index])

    def statement(self, *, first: bool = False) -> Statement:
        token = self.token
        if token.kind != "word":
            if token.is_op("(") and (self.peek().is_word("SELECT", "WITH") or self.peek().is_op("(")):
                return parse_select(self)
            if first and (token.kind in ("quoted", "variable") or token.is_op(".")):
                return parse_call(self, token.line)
            self.fail()
        if self.peek().is_op(":") and token.value not in RESERVED:
            raise unsupported("label", line=token.line)
        handler = _STATEMENTS.get(token.value)
        if handler is not None:
            return handler(self)
        if first and self.at_name() and not self.peek().is_op(":"):
            # Without EXEC a procedure may be called by the first statement of a batch.
            return parse_call(self, token.line)
        if self.peek().is_op(":") and self.at_name():
            raise unsupported("a label", line=token.line)
        self.fail()

    def begins(self, token: Token) -> bool:
        """Whether a statement begins with this word."""
        return token.kind == "word" and token.value in _STATEMENTS

    # Flow -----------------------------------------------------------------------------------------------------

    def begin(self) -> Statement:
        line = self.next().line
        if self.take_word("TRAN", "TRANSACTION"):
            name = self._transaction_name()
            if self.at_words("WITH", "MARK"):
                raise unsupported("WITH MARK", line=line)
            return nodes.Transaction(line, "begin", name)
        if self.at_word("DISTRIBUTED"):
            raise unsupported("BEGIN DISTRIBUTED TRANSACTION", line=line)
        if self.take_word("TRY"):
            return self._try(line)
        body = self.statements_until("END")
        if not body:
            self.fail()
        self.next()
        return nodes.Block(line, tuple(body))

    def _try(self, line: int) -> Statement:
        body = self.statements_until("END")
        if not body:
            self.fail()
        self.next()
        self.expect_word("TRY")
        self.expect_word("BEGIN")
        self.expect_word("CATCH")
        catch = self.statements_until("END")
        self.next()
        self.expect_word("CATCH")
        return nodes.TryCatch(line, tuple(body), tuple(catch))

    def if_(self) -> Statement:
        line = self.next().line
        condition = self.condition()
        then = self.statement()
        self._semicolon_before("ELSE")
        otherwise = self.statement() if self.take_word("ELSE") else None
        return nodes.If(line, condition, then, otherwise)

    def _semicolon_before(self, word: str) -> None:
        ahead = 0
        while self.peek(ahead).is_op(";"):
            ahead += 1
        if self.peek(ahead).is_word(word):
            self.index += ahead

    def while_(self) -> Statement:
        line = self.next().line
        return nodes.While(line, self.condition(), self.statement())

    def break_(self) -> Statement:
        return nodes.Break(self.next().line)

    def continue_(self) -> Statement:
        return nodes.Continue(self.next().line)

    def return_(self) -> Statement:
        line = self.next().line
        has_value = self.at_scalar() and self.token.value not in _STATEMENTS
        return nodes.Return(line, self.expression() if has_value else None)

    def declare(self) -> Statement:
        line = self.next().line
        if self.token.kind in ("word", "quoted"):
            return parse_declare_cursor(self, line)
        first = self._variable()
        if first.table is not None:
            return nodes.Declare(line, (first,))
        variables = [first]
        while self.take_op(","):
            variables.append(self._variable())
            if variables[-1].table is not None:
                raise sql_error(156, "TABLE", line=line)
        return nodes.Declare(line, tuple(variables))

    def _variable(self) -> nodes.Variable:
        if self.token.kind != "variable":
            self.fail()
        if self.token.value.startswith("@@"):
            raise unsupported("a variable whose name begins with @@", line=self.token.line)
        name = self.next().value
        self.take_word("AS")
        if self.take_word("TABLE"):
            self.expect_op("(")
            definition = parse_unnamed_definition(self)
            self.expect_op(")")
            return nodes.Variable(name, None, table=definition)
        if self.at_word("CURSOR"):
            raise unsupported("DECLARE CURSOR", line=self.token.line)
        data_type = self.data_type(users=True)
        if self.at_word("NULL", "NOT"):
            raise unsupported("a variable that is NOT NULL", line=self.token.line)
        value = self.expression() if self.take_op("=") else None
        return nodes.Variable(name, data_type, value)

    # Transactions ---------------------------------------------------------------------------------------------

    def _transaction_name(self) -> str:
        if self.token.kind == "variable":
            return self.next().value
        if self.token.kind == "quoted" or (
            self.token.kind == "word" and _STATEMENTS.get(self.token.value) is None and not self.at_word("END", "ELSE")
        ):
            return self.identifier()
        return ""

    def commit(self) -> Statement:
        token = self.next()
        name = ""
        if self.take_word("TRAN", "TRANSACTION"):
            name = self._transaction_name()
        else:
            self.take_word("WORK")
        if token.is_word("COMMIT") and self.at_word("WITH") and self.peek(2).is_word("DELAYED_DURABILITY"):
            raise unsupported("DELAYED_DURABILITY", line=token.line)
        return nodes.Transaction(token.line, token.value.lower(), name)

    def save(self) -> Statement:
        line = self.next().line
        self.expect_word("TRAN", "TRANSACTION")
        name = self._transaction_name()
        if not name:
            self.fail()
        return nodes.Transaction(line, "save", name)

    def reconfigure(self) -> Statement:
        line = self.next().line
        if self.take_word("WITH"):
            self.expect_word("OVERRIDE")
        return nodes.Execute(line, Name(("sys", "sp_reconfigure")))

    def refuse(self) -> Statement:
        words = [self.token.text]
        if self.peek().kind == "word":
            words.append(self.peek().text)
        raise unsupported(" ".join(words).upper(), line=self.token.line)


_STATEMENTS: dict[str, Callable[[Parser], Statement]] = {
    "SELECT": parse_select, "WITH": parse_select, "INSERT": parse_insert, "UPDATE": parse_update,
    "DELETE": parse_delete, "TRUNCATE": parse_truncate, "BEGIN": Parser.begin, "IF": Parser.if_,
    "WHILE": Parser.while_, "BREAK": Parser.break_, "CONTINUE": Parser.continue_, "RETURN": Parser.return_,
    "DECLARE": Parser.declare, "SET": parse_set, "PRINT": parse_print, "THROW": parse_throw,
    "RAISERROR": parse_raiserror, "WAITFOR": parse_waitfor, "USE": parse_use, "COMMIT": Parser.commit,
    "ROLLBACK": Parser.commit, "SAVE": Parser.save, "EXEC": parse_execute, "EXECUTE": parse_execute,
    "CREATE": parse_create, "ALTER": parse_alter, "DROP": parse_drop, "RECONFIGURE": Parser.reconfigure,
    "MERGE": parse_merge, "BULK": parse_bulk_insert, **SECURITY_STATEMENTS, **SIGNING_STATEMENTS,
    **CURSOR_STATEMENTS,
    **dict.fromkeys(("GOTO", "KILL",
                     "CHECKPOINT", "DBCC", "BACKUP", "RESTORE", "DISABLE", "ENABLE"),
                    Parser.refuse),
}  # fmt: skip


@lru_cache(maxsize=1024)
def parse_batch(text: str) -> Batch:
    """The tree of one batch. Raises SqlError (102, 105, 111, 156 ... with the line, or 40510)."""
    parser = Parser(text)
    batch = parser.batch()
    for index, statement in enumerate(batch.statements):
        if isinstance(statement, nodes.CreateModule) and index > 0:
            raise sql_error(111, f"CREATE {statement.kind}", line=statement.line)
        if isinstance(statement, nodes.CreateSchema) and index > 0:
            raise sql_error(111, "CREATE SCHEMA", line=statement.line)
    return batch


def parse_expression(text: str, line: int = 1) -> nodes.Text:
    """``text`` as one whole expression. Raises SqlError 102 when there is more or less."""
    reader = Reader(text)
    expression = reader.expression()
    if reader.token.kind != "end":
        reader.fail()
    return nodes.Text(expression.sql, line)


__all__ = ["Parser", "SqlError", "parse_batch", "parse_expression"]
