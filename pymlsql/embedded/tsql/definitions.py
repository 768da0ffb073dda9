"""CREATE, ALTER and DROP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql import nodes
from pymlsql.embedded.tsql.alterations import parse_alter_index, parse_alter_table
from pymlsql.embedded.tsql.data_statements import column_list, common_tables
from pymlsql.embedded.tsql.database_statements import (
    parse_alter_database,
    parse_create_database,
    parse_drop_database,
)
from pymlsql.embedded.tsql.extensibility import parse_external
from pymlsql.embedded.tsql.governance import GOVERNANCE
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import IndexDefinition, Name, Text
from pymlsql.embedded.tsql.security_statements import SECURITY_ALTER, SECURITY_CREATE, SECURITY_DROP
from pymlsql.embedded.tsql.sequence_statements import parse_sequence
from pymlsql.embedded.tsql.signing_statements import (
    SIGNING_ALTER,
    SIGNING_CREATE,
    SIGNING_DROP,
    parse_execute_as_clause,
)
from pymlsql.embedded.tsql.table_definitions import (
    at_option,
    parse_key_columns,
    parse_table_definition,
    skip_storage_options,
)
from pymlsql.embedded.tsql.temporal_definitions import parse_table_options
from pymlsql.embedded.tsql.type_statements import TYPE_CREATE, TYPE_DROP

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.parser import Parser

_MODULES = {"VIEW": "VIEW", "PROCEDURE": "PROCEDURE", "PROC": "PROCEDURE", "FUNCTION": "FUNCTION"}


# Tables ---------------------------------------------------------------------------------------------------------------


def _create_table(parser: Parser, line: int) -> nodes.Statement:
    name = parser.name()
    parser.expect_op("(")
    definition = parse_table_definition(parser)
    parser.expect_op(")")
    versioning = parse_table_options(parser)
    skip_storage_options(parser, "CREATE TABLE")
    if parser.take_word("TEXTIMAGE_ON"):
        parser.identifier()
    versioning = parse_table_options(parser) or versioning
    return nodes.CreateTable(line, name, definition, versioning)


# Indexes ----------------------------------------------------------------------------------------------------------


def _create_index(parser: Parser, line: int) -> nodes.Statement:
    unique = parser.take_word("UNIQUE")
    clustered = parser.at_word("CLUSTERED")
    parser.take_word("CLUSTERED", "NONCLUSTERED")
    if unique and parser.at_word("COLUMNSTORE"):
        parser.fail()
    columnstore = parser.take_word("COLUMNSTORE")
    parser.expect_word("INDEX")
    name = parser.identifier()
    parser.expect_word("ON")
    table = parser.name()
    if columnstore and clustered and parser.at_op("("):
        raise sql_error(35335, line=line)
    columns = parse_key_columns(parser) if parser.at_op("(") else ()
    if not columns and not (columnstore and clustered):
        parser.fail()
    included = column_list(parser) if parser.take_word("INCLUDE") else ()
    where = parser.filter(name, str(table)) if parser.take_word("WHERE") else None
    replacing = at_option(parser, "DROP_EXISTING")
    skip_storage_options(parser)
    index = IndexDefinition(name, columns, unique, clustered, included, where, columnstore)
    return nodes.CreateIndex(line, table, index, replacing)


# Modules ----------------------------------------------------------------------------------------------------------


def _module(parser: Parser, line: int, action: str, start: int) -> nodes.Statement:
    kind = _MODULES[parser.next().value]
    name = parser.own_name(f"CREATE {kind}" if action != "alter" else f"ALTER {kind}")
    if kind == "VIEW":
        return _view(parser, line, action, name, start)
    if kind == "PROCEDURE":
        return _procedure(parser, line, action, name, start)
    from pymlsql.embedded.tsql.function_statements import parse_function

    return parse_function(parser, line, action, name)


def _view(parser: Parser, line: int, action: str, name: Name, start: int) -> nodes.CreateModule:
    columns = column_list(parser) if parser.at_op("(") else ()
    options = module_options(parser)
    if "RECOMPILE" in options:
        parser.fail()
    parser.expect_word("AS")
    query_start = parser.index
    if not (parser.at_word("SELECT", "WITH") or parser.at_op("(")):
        parser.fail()
    if parser.at_word("WITH"):
        common_tables(parser)
    parser.skip_subquery_body()
    query = parser.slice(query_start, parser.index)
    if parser.at_words("WITH", "CHECK", "OPTION"):
        raise unsupported("WITH CHECK OPTION", line=parser.token.line)
    parser.expect_end()
    return nodes.CreateModule(
        line, "VIEW", action, name, parser.text, columns=columns, query=query, options=options
    )


def module_options(parser: Parser, *, procedure: bool = False) -> tuple[str, ...]:
    """WITH SCHEMABINDING, EXECUTE AS ... of a module; the latter only procedures have."""
    if not parser.take_word("WITH"):
        return ()
    options: list[str] = []
    while True:
        word = parser.next()
        if word.is_word("RETURNS", "CALLED", "INLINE") and not procedure:
            raise unsupported(f"WITH {word.value}", line=word.line)
        if procedure and word.is_word("EXECUTE", "EXEC"):
            parser.expect_word("AS")
            options.append(f"EXECUTE AS {parse_execute_as_clause(parser)}")
        elif word.is_word("ENCRYPTION", "NATIVE_COMPILATION", "VIEW_METADATA"):
            raise unsupported(f"WITH {word.value}", line=word.line)
        elif word.is_word("SCHEMABINDING", "RECOMPILE"):
            options.append(word.value)
        else:
            parser.fail(word)
        if not parser.take_op(","):
            return tuple(options)


def parse_parameters(parser: Parser) -> tuple[nodes.ModuleParameter, ...]:
    """Parameters of a module, or of sp_executesql: up to what is none."""
    parameters: list[nodes.ModuleParameter] = []
    while parser.token.kind == "variable":
        name = parser.next().value
        parser.take_word("AS")
        if parser.at_word("CURSOR"):
            raise unsupported("parameter CURSOR", line=parser.token.line)
        data_type = parser.data_type(users=True)
        if parser.at_word("NULL", "NOT"):
            raise unsupported("a parameter that is NOT NULL", line=parser.token.line)
        default = _default(parser) if parser.take_op("=") else None
        output = parser.take_word("OUTPUT", "OUT")
        readonly = not output and parser.take_word("READONLY")
        if parser.at_word("VARYING"):
            raise unsupported("parameter VARYING", line=parser.token.line)
        parameters.append(nodes.ModuleParameter(name, data_type, default, output, readonly))
        if not parser.take_op(","):
            break
        if parser.token.kind != "variable":
            parser.fail()
    return tuple(parameters)


def _default(parser: Parser) -> Text:
    """The constant behind ``=``; a bare word is one, a string."""
    token = parser.token
    if parser.at_name():
        return Text("N'" + parser.identifier().replace("'", "''") + "'", token.line)
    if token.is_word("NULL"):
        start = parser.index
        parser.next()
        return parser.slice(start, parser.index)
    if parser.at_op("-", "+", "$"):
        start = parser.index
        parser.take_op("-", "+")
        parser.take_op("$")
        if parser.token.kind != "number":
            parser.fail()
        parser.next()
        return parser.slice(start, parser.index)
    return parser.constant("string", "number", "binary")


def _procedure(parser: Parser, line: int, action: str, name: Name, start: int) -> nodes.CreateModule:
    if parser.at_op(";"):
        raise unsupported("a procedure's number", line=line)
    bracketed = parser.take_op("(")
    parameters = parse_parameters(parser)
    if bracketed:
        if not parameters:
            parser.fail()
        parser.expect_op(")")
    options = module_options(parser, procedure=True)
    if parser.at_words("FOR", "REPLICATION"):
        raise unsupported("FOR REPLICATION", line=line)
    parser.expect_word("AS")
    body = parser.statements_until("")
    _refuse_modules(body)
    return nodes.CreateModule(
        line, "PROCEDURE", action, name, parser.text, parameters, body=tuple(body), options=options
    )


def _refuse_modules(body: list[nodes.Statement]) -> None:
    for statement in body:
        if isinstance(statement, nodes.CreateModule | nodes.CreateSchema):
            raise sql_error(156, getattr(statement, "kind", "SCHEMA"), line=statement.line)


# Dispatch ---------------------------------------------------------------------------------------------------------


_CREATE = {**SECURITY_CREATE, **SIGNING_CREATE, **TYPE_CREATE}
_ALTER = {**SECURITY_ALTER, **SIGNING_ALTER}
_DROP = {**SECURITY_DROP, **SIGNING_DROP, **TYPE_DROP}


def parse_create(parser: Parser) -> nodes.Statement:
    """CREATE of a table, index, schema or module; other kinds are refused by name."""
    start, line = parser.index, parser.next().line
    action = "create_or_alter" if parser.take_words("OR", "ALTER") else "create"
    if parser.at_word(*_MODULES):
        return _module(parser, line, action, start)
    if action == "create_or_alter":
        if parser.at_word("TRIGGER"):
            raise unsupported("CREATE TRIGGER", line=line)
        parser.fail()
    if parser.take_word("TABLE"):
        return _create_table(parser, line)
    if parser.at_word("UNIQUE", "CLUSTERED", "NONCLUSTERED", "INDEX", "COLUMNSTORE"):
        return _create_index(parser, line)
    if parser.take_word("SCHEMA"):
        # Without a name the schema has its owner's.
        name = "" if parser.at_word("AUTHORIZATION") else parser.identifier()
        owner = parser.identifier() if parser.take_word("AUTHORIZATION") else ""
        return nodes.CreateSchema(line, name or owner, owner)
    if parser.take_word("SEQUENCE"):
        return parse_sequence(parser, line, "CREATE")
    if parser.take_word("DATABASE"):
        return parse_create_database(parser, line)
    if parser.at_word("EXTERNAL"):
        return parse_external(parser, line, "CREATE")
    if parser.at_word(*GOVERNANCE):
        return GOVERNANCE[parser.token.value](parser, line, "CREATE")
    if parser.at_word(*_CREATE):
        return _CREATE[parser.next().value](parser, line)
    if parser.token.kind == "word":
        raise unsupported(f"CREATE {parser.token.value}", line=line)
    parser.fail()


def _transfer(parser: Parser, line: int) -> nodes.Statement:
    schema = parser.identifier()
    parser.expect_word("TRANSFER")
    if parser.peek().is_op("::"):
        kind = parser.expect_word("OBJECT", "TYPE", "XML").value
        if kind != "OBJECT":
            raise unsupported(f"ALTER SCHEMA ... TRANSFER {kind}", line=line)
        parser.next()
    return nodes.TransferObject(line, schema, parser.own_name("ALTER SCHEMA"))


def parse_alter(parser: Parser) -> nodes.Statement:
    """ALTER of a table or module; other kinds are refused by name."""
    start, line = parser.index, parser.next().line
    if parser.at_word(*_MODULES):
        return _module(parser, line, "alter", start)
    if parser.take_word("TABLE"):
        return parse_alter_table(parser, line)
    if parser.take_word("INDEX"):
        return parse_alter_index(parser, line)
    if parser.take_word("SEQUENCE"):
        return parse_sequence(parser, line, "ALTER")
    if parser.take_word("SCHEMA"):
        return _transfer(parser, line)
    if parser.take_word("DATABASE"):
        return parse_alter_database(parser, line)
    if parser.at_word("EXTERNAL"):
        return parse_external(parser, line, "ALTER")
    if parser.at_word(*GOVERNANCE):
        return GOVERNANCE[parser.token.value](parser, line, "ALTER")
    if parser.at_word(*_ALTER):
        return _ALTER[parser.next().value](parser, line)
    if parser.token.kind == "word":
        raise unsupported(f"ALTER {parser.token.value}", line=line)
    parser.fail()


def _drop_index(parser: Parser, line: int) -> nodes.Statement:
    """index ON table, or table.index; several after commas."""
    if_exists = parser.take_words("IF", "EXISTS")
    found: list[nodes.DropIndex] = []
    while True:
        name = parser.name()
        if parser.take_word("ON"):
            found.append(nodes.DropIndex(line, name.object, parser.name(), if_exists))
        elif len(name.parts) < 2:
            raise sql_error(159, line=line)
        else:
            found.append(nodes.DropIndex(line, name.object, Name(name.parts[:-1]), if_exists))
        skip_storage_options(parser, "DROP")
        if not parser.take_op(","):
            break
    return found[0] if len(found) == 1 else nodes.DropIndexes(line, tuple(found))


def parse_drop(parser: Parser) -> nodes.Statement:
    """DROP of a table, index, schema or module; other kinds are refused by name."""
    line = parser.next().line
    if parser.take_word("INDEX"):
        return _drop_index(parser, line)
    if parser.take_word("DATABASE"):
        return parse_drop_database(parser, line)
    if parser.at_word("EXTERNAL"):
        return parse_external(parser, line, "DROP")
    if parser.at_word(*GOVERNANCE):
        return GOVERNANCE[parser.token.value](parser, line, "DROP")
    if parser.at_word(*_DROP):
        return _DROP[parser.next().value](parser, line)
    if not parser.at_word("TABLE", "VIEW", "PROCEDURE", "PROC", "FUNCTION", "SCHEMA", "SEQUENCE"):
        if parser.token.kind == "word":
            raise unsupported(f"DROP {parser.token.value}", line=line)
        parser.fail()
    kind = parser.next().value
    if_exists = parser.take_words("IF", "EXISTS")
    kind = "PROCEDURE" if kind == "PROC" else kind
    if kind == "SCHEMA":
        return nodes.Drop(line, kind, (Name((parser.identifier(),)),), if_exists)
    anywhere = kind in ("TABLE", "SEQUENCE")
    names = [parser.name() if anywhere else parser.own_name(f"DROP {kind}")]
    while parser.take_op(","):
        names.append(parser.name() if anywhere else parser.own_name(f"DROP {kind}"))
    return nodes.Drop(line, kind, tuple(names), if_exists)
