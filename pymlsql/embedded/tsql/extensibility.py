"""CREATE, ALTER and DROP of EXTERNAL things: languages, libraries, resource pools. Others are refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.embedded.tsql.extensibility_nodes import (
    HOST_PLATFORM,
    AlterLanguage,
    AlterLibrary,
    Change,
    CreateLanguage,
    CreateLibrary,
    DropLanguage,
    DropLibrary,
    FileSpec,
)
from pymlsql.embedded.tsql.governance import parse_external_pool
from pymlsql.embedded.tsql.governance_nodes import Action
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Statement

if TYPE_CHECKING:
    from pymlsql.embedded.tsql.reader import Reader

_PLATFORMS = ("WINDOWS", "LINUX")
_TEXTS = {"FILE_NAME": "file_name", "PARAMETERS": "parameters", "ENVIRONMENT_VARIABLES": "environment"}
_MAX_FILES = 2


def parse_external(reader: Reader, line: int, action: Action) -> Statement:
    """What follows CREATE, ALTER or DROP (``action``) where the word EXTERNAL comes next."""
    reader.expect_word("EXTERNAL")
    if reader.take_word("LANGUAGE"):
        return _LANGUAGE[action](reader, line)
    if reader.at_word("RESOURCE"):
        return parse_external_pool(reader, line, action)
    if reader.take_word("LIBRARY"):
        return _LIBRARY[action](reader, line)
    if reader.token.kind == "word":
        raise unsupported(f"{action} EXTERNAL {reader.token.value}", line=line)
    reader.fail()


# Languages --------------------------------------------------------------------------------------------------------


def _create_language(reader: Reader, line: int) -> Statement:
    name, owner = reader.identifier(), _owner(reader)
    reader.expect_word("FROM")
    return CreateLanguage(line, name, owner, _files(reader, "EXTERNAL LANGUAGE"))


def _alter_language(reader: Reader, line: int) -> Statement:
    name, owner = reader.identifier(), _owner(reader)
    change, file = _change(reader, "EXTERNAL LANGUAGE")
    return AlterLanguage(line, name, owner, change, file)


def _drop_language(reader: Reader, line: int) -> Statement:
    return DropLanguage(line, reader.identifier())


_LANGUAGE = {"CREATE": _create_language, "ALTER": _alter_language, "DROP": _drop_language}

# Libraries --------------------------------------------------------------------------------------------------------


def _create_library(reader: Reader, line: int) -> Statement:
    name, owner = reader.identifier(), _owner(reader)
    reader.expect_word("FROM")
    files = _files(reader, "EXTERNAL LIBRARY")
    return CreateLibrary(line, name, owner, files, _library_language(reader))


def _alter_library(reader: Reader, line: int) -> Statement:
    name, owner = reader.identifier(), _owner(reader)
    if reader.at_word("REMOVE"):
        raise unsupported("ALTER EXTERNAL LIBRARY REMOVE", line=line)
    change, file = _change(reader, "EXTERNAL LIBRARY")
    if file.content is None:
        raise unsupported("ALTER EXTERNAL LIBRARY with CONTENT = NONE", line=line)
    return AlterLibrary(line, name, owner, change, file, _library_language(reader))


def _drop_library(reader: Reader, line: int) -> Statement:
    return DropLibrary(line, reader.identifier(), _owner(reader))


def _library_language(reader: Reader) -> str:
    """WITH (LANGUAGE = '...')."""
    reader.expect_word("WITH")
    reader.expect_op("(")
    language = ""
    while not language or reader.take_op(","):
        if reader.at_word("DATA_SOURCE"):
            raise unsupported("DATA_SOURCE of an external library", line=reader.token.line)
        if language:
            reader.fail()
        reader.expect_word("LANGUAGE")
        reader.expect_op("=")
        if reader.token.kind != "string" or not reader.token.value:
            reader.fail()
        language = reader.next().value
    reader.expect_op(")")
    return language


_LIBRARY = {"CREATE": _create_library, "ALTER": _alter_library, "DROP": _drop_library}

# Parts ------------------------------------------------------------------------------------------------------------


def _owner(reader: Reader) -> str:
    return reader.identifier() if reader.take_word("AUTHORIZATION") else ""


def _files(reader: Reader, what: str) -> tuple[FileSpec, ...]:
    """One file specification, or two for two platforms. Raises 39112 or, for a library, 39114, and 39113."""
    line = reader.token.line
    found = [_file(reader, what)]
    while reader.take_op(","):
        found.append(_file(reader, what))
    if len(found) > _MAX_FILES:
        raise sql_error(39113, _MAX_FILES, line=line)
    if len({file.platform for file in found}) < len(found):
        raise sql_error(39114, line=line) if what == "EXTERNAL LIBRARY" else \
            sql_error(39112, found[-1].platform, line=line)  # fmt: skip
    return tuple(found)


def _change(reader: Reader, what: str) -> tuple[Change, FileSpec]:
    if reader.take_word("REMOVE"):
        if not reader.take_word("PLATFORM"):
            raise unsupported(f"ALTER {what} REMOVE of anything but a PLATFORM", line=reader.token.line)
        return "REMOVE", FileSpec(None, reader.expect_word(*_PLATFORMS).value)
    change: Change = "SET" if reader.expect_word("SET", "ADD").value == "SET" else "ADD"
    return change, _file(reader, what)


def _file(reader: Reader, what: str) -> FileSpec:
    """(CONTENT = expression [, FILE_NAME = '...'] [, PLATFORM = ...] ...), each at most once, CONTENT first."""
    reader.expect_op("(")
    reader.expect_word("CONTENT")
    reader.expect_op("=")
    content = None if reader.take_word("NONE") else reader.expression()
    options: dict[str, str] = {}
    while reader.take_op(","):
        token = reader.next()
        known = "platform" if token.is_word("PLATFORM") else _TEXTS.get(token.value, "")
        if token.kind != "word" or not known or known in options or not _knows(what, known):
            reader.fail(token)
        reader.expect_op("=")
        if known == "platform":
            options[known] = reader.expect_word(*_PLATFORMS).value
        elif reader.token.kind == "string":
            options[known] = reader.next().value
        else:
            reader.fail()
    reader.expect_op(")")
    return FileSpec(content, **{"platform": HOST_PLATFORM, **options})


def _knows(what: str, option: str) -> bool:
    return what == "EXTERNAL LANGUAGE" or option == "platform"
