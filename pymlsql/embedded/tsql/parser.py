"""Batches of T-SQL to statement trees, by recursive descent; queries and expressions stay slices of text.

A statement needs no semicolon before the next one (except where SQL Server wants it: before WITH and THROW).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.bulk import parse_bulk_insert
from pymlsql.embedded.tsql.data_statements import parse_delete, parse_insert, parse_select, parse_truncate, parse_update
from pymlsql.embedded.tsql.definitions import parse_alter, parse_create, parse_drop
from pymlsql.embedded.tsql.merging import parse_merge
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Batch, Name, Statement
from pymlsql.embedded.tsql.reader import Reader
from pymlsql.embedded.tsql.security_statements import SECURITY_STATEMENTS
from pymlsql.embedded.tsql.signing_statements import SIGNING_STATEMENTS, parse_execute_as, parse_principal
from pymlsql.embedded.tsql.table_definitions import parse_table_definition
from pymlsql.embedded.tsql.words import SET_OPTIONS


class Parser(Reader):
    """One batch. The only public call is :func:`parse_batch`."""

    def batch(self) -> Batch:
        statements = self.statements_until("")
        return Batch(tuple(statements))

    def statements_until(self, *ends: str) -> list[Statement]:
        """Statements up to one of the words ``ends`` (not taken); "" is the end of the batch."""
        statements: list[Statement] = []
        while True:
            while self.take_op(";"):
                pass
            if self.token.kind == "end":
                if "" not in ends:
                    self.fail()
                return statements
            if self.at_word(*ends):
                return statements
            statements.append(self.statement(first=self.index == 0))

    def statement(self, *, first: bool = False) -> Statement:
        token = self.token
        if token.kind != "word":
            if token.is_op("(") and (self.peek().is_word("SELECT", "WITH") or self.peek().is_op("(")):
                return parse_select(self)
            if token.kind == "quoted" and first:
                return self._execute(token.line)
            self.fail()
        handler = _STATEMENTS.get(token.value)
        if handler is not None:
            return handler(self)
        if first and token.value not in ("END", "ELSE"):
            # Without EXEC a procedure may be called by the first statement of a batch.
            return self._execute(token.line)
        self.fail()

    # Flow -----------------------------------------------------------------------------------------------------

    def begin(self) -> Statement:
        line = self.next().line
        if self.take_word("TRAN", "TRANSACTION"):
            return nodes.Transaction(line, "begin", self._transaction_name())
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
        self.next()
        self.expect_word("TRY")
        self.take_op(";")
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
        if self.at_op(";") and self.peek().is_word(word):
            self.index += 1

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
            raise unsupported("DECLARE CURSOR", line=line)
        variables = [self._variable()]
        while self.take_op(","):
            variables.append(self._variable())
        return nodes.Declare(line, tuple(variables))

    def _variable(self) -> nodes.Variable:
        if self.token.kind != "variable" or self.token.value.startswith("@@"):
            self.fail()
        name = self.next().value
        self.take_word("AS")
        if self.take_word("TABLE"):
            self.expect_op("(")
            definition = parse_table_definition(self)
            self.expect_op(")")
            return nodes.Variable(name, None, table=definition)
        if self.at_word("CURSOR"):
            raise unsupported("DECLARE CURSOR", line=self.token.line)
        data_type = self.data_type()
        value = self.expression() if self.take_op("=") else None
        return nodes.Variable(name, data_type, value)

    def set_(self) -> Statement:
        line = self.next().line
        if self.token.kind == "variable":
            name = self.next().value
            if not self.at_op("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="):
                self.fail()
            return nodes.SetVariable(line, name, self.next().text, self.expression())
        if self.take_word("CONTEXT_INFO"):
            return nodes.SetContextInfo(line, self.expression())
        options = [self.expect_word(*SET_OPTIONS).value] if self.at_word(*SET_OPTIONS) else self._unknown_option()
        if options == ["TRANSACTION"]:
            self.expect_word("ISOLATION")
            self.expect_word("LEVEL")
            words = [self.next().value]
            while self.at_word("READ", "UNCOMMITTED", "COMMITTED"):
                words.append(self.next().value)
            return nodes.SetOption(line, ("TRANSACTION ISOLATION LEVEL",), " ".join(words))
        while self.take_op(","):
            options.append(self.expect_word(*SET_OPTIONS).value)
        target = self.name() if options == ["IDENTITY_INSERT"] else None
        sign = "-" if self.take_op("-") else ""
        if self.token.kind not in ("word", "number", "variable", "string"):
            self.fail()
        return nodes.SetOption(line, tuple(options), sign + self.next().value, target)

    def _unknown_option(self) -> list[str]:
        if self.at_word("STATISTICS", "SHOWPLAN_ALL", "SHOWPLAN_TEXT", "SHOWPLAN_XML", "OFFSETS"):
            raise unsupported(f"SET {self.token.value}", line=self.token.line)
        self.fail()

    def print_(self) -> Statement:
        return nodes.Print(self.next().line, self.expression())

    def throw(self) -> Statement:
        line = self.next().line
        if self.token.kind not in ("number", "variable"):
            return nodes.Throw(line)
        arguments = [self.expression()]
        for _ in range(2):
            self.expect_op(",")
            arguments.append(self.expression())
        return nodes.Throw(line, tuple(arguments))

    def raiserror(self) -> Statement:
        line = self.next().line
        self.expect_op("(")
        arguments = [self.expression()]
        while self.take_op(","):
            arguments.append(self.expression())
        self.expect_op(")")
        options: list[str] = []
        if self.take_word("WITH"):
            options.append(self.expect_word("LOG", "NOWAIT", "SETERROR").value)
            while self.take_op(","):
                options.append(self.expect_word("LOG", "NOWAIT", "SETERROR").value)
        if len(arguments) < 3:
            self.fail()
        return nodes.RaiseError(line, tuple(arguments), tuple(options))

    def waitfor(self) -> Statement:
        line = self.next().line
        if not self.take_word("DELAY"):
            raise unsupported(f"WAITFOR {self.token.text}", line=line)
        return nodes.WaitFor(line, self.expression())

    def use(self) -> Statement:
        line = self.next().line
        return nodes.Use(line, self.identifier())

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
        self.take_word("TRAN", "TRANSACTION", "WORK")
        return nodes.Transaction(token.line, token.value.lower(), self._transaction_name())

    def save(self) -> Statement:
        line = self.next().line
        self.expect_word("TRAN", "TRANSACTION")
        return nodes.Transaction(line, "save", self._transaction_name())

    # Execution ------------------------------------------------------------------------------------------------

    def execute(self) -> Statement:
        line = self.next().line
        if self.take_word("AS"):
            return parse_execute_as(self, line)
        return self._execute(line)

    def _execute(self, line: int) -> nodes.Execute:
        if self.at_op("("):
            return self._execute_string(line)
        return_variable = procedure_variable = ""
        if self.token.kind == "variable" and self.peek().is_op("="):
            return_variable = self.next().value
            self.next()
        procedure: Name | None = None
        if self.token.kind == "variable":
            procedure_variable = self.next().value
        else:
            procedure = self.name()
        arguments: list[nodes.Argument] = []
        if self._at_argument():
            arguments.append(self._argument(arguments))
            while self.take_op(","):
                arguments.append(self._argument(arguments))
        return nodes.Execute(line, procedure, procedure_variable, None, tuple(arguments), return_variable,
                             self._result_sets())  # fmt: skip

    def _execute_string(self, line: int) -> nodes.Execute:
        self.next()
        text = self.expression()
        if self.at_op(","):
            raise unsupported("EXECUTE of a string with arguments", line=line)
        self.expect_op(")")
        if self.at_word("AT"):
            raise unsupported("EXECUTE (...) AT", line=line)
        principal = parse_principal(self) if self.take_word("AS") else None
        return nodes.Execute(line, batch=text, result_sets=self._result_sets(), principal=principal)

    def _at_argument(self) -> bool:
        token = self.token
        if token.kind in ("variable", "string", "number", "binary", "quoted") or token.is_op("-", "$"):
            return True
        return token.is_word("DEFAULT", "NULL") or (token.kind == "word" and _STATEMENTS.get(token.value) is None
                                                     and not token.is_word("END", "ELSE", "WITH", "AT"))  # fmt: skip

    def _argument(self, before: list[nodes.Argument]) -> nodes.Argument:
        name = ""
        if self.token.kind == "variable" and self.peek().is_op("="):
            name = self.next().value
            self.next()
        elif before and before[-1].name:
            raise sql_error(119, len(before) + 1, line=self.token.line)
        token = self.token
        if token.kind == "variable":
            self.next()
            output = self.take_word("OUTPUT", "OUT")
            value = nodes.Text(token.text, token.line)
            return nodes.Argument(name, value, token.value if not token.value.startswith("@@") else "", output)
        if self.take_word("DEFAULT"):
            return nodes.Argument(name, None)
        start = self.index
        if self.take_op("-"):
            if self.token.kind != "number":
                self.fail()
            self.next()
        elif token.kind in ("string", "number", "binary") or token.is_word("NULL"):
            self.next()
        elif token.kind == "word" or token.kind == "quoted":
            # A bare word is a string constant here: EXEC sp_configure advanced.
            text = self.identifier().replace("'", "''")
            return nodes.Argument(name, nodes.Text(f"N'{text}'", token.line))
        else:
            self.fail()
        return nodes.Argument(name, self.slice(start, self.index))

    def _result_sets(self) -> tuple[tuple[nodes.ResultColumn, ...], ...] | None:
        if not self.take_word("WITH"):
            return None
        if self.take_word("RECOMPILE"):
            return None
        self.expect_word("RESULT")
        self.expect_word("SETS")
        if self.take_word("NONE"):
            return ()
        if self.take_word("UNDEFINED"):
            return None
        self.expect_op("(")
        shapes = [self._result_shape()]
        while self.take_op(","):
            shapes.append(self._result_shape())
        self.expect_op(")")
        return tuple(shapes)

    def _result_shape(self) -> tuple[nodes.ResultColumn, ...]:
        if self.at_word("AS"):
            raise unsupported("WITH RESULT SETS (AS ...)", line=self.token.line)
        self.expect_op("(")
        columns = [self._result_column()]
        while self.take_op(","):
            columns.append(self._result_column())
        self.expect_op(")")
        return tuple(columns)

    def _result_column(self) -> nodes.ResultColumn:
        name, data_type = self.identifier(), self.data_type()
        if self.take_word("COLLATE"):
            self.identifier()
        if self.take_word("NOT"):
            self.expect_word("NULL")
            return nodes.ResultColumn(name, data_type, nullable=False)
        self.take_word("NULL")
        return nodes.ResultColumn(name, data_type)

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
    "DECLARE": Parser.declare, "SET": Parser.set_, "PRINT": Parser.print_, "THROW": Parser.throw,
    "RAISERROR": Parser.raiserror, "WAITFOR": Parser.waitfor, "USE": Parser.use, "COMMIT": Parser.commit,
    "ROLLBACK": Parser.commit, "SAVE": Parser.save, "EXEC": Parser.execute, "EXECUTE": Parser.execute,
    "CREATE": parse_create, "ALTER": parse_alter, "DROP": parse_drop, "RECONFIGURE": Parser.reconfigure,
    "MERGE": parse_merge, "BULK": parse_bulk_insert, **SECURITY_STATEMENTS, **SIGNING_STATEMENTS,
    **dict.fromkeys(("OPEN", "CLOSE", "FETCH", "DEALLOCATE", "GOTO", "KILL",
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
