"""CREATE, ALTER and DROP EXTERNAL LANGUAGE, and what @language = ... means in a call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import now_text
from pymlsql.embedded.engine.database_entries import MAIN
from pymlsql.embedded.engine.extensibility.contents import (
    CannotOpen,
    NotAnExpression,
    drop_content,
    keep_content,
    read_content,
)
from pymlsql.embedded.engine.extensibility.entries import (
    FIRST_ID,
    ExternalLanguage,
    ExternalLibrary,
    LanguageFile,
    parse_environment,
)
from pymlsql.embedded.engine.extensibility.interpreters import PLACES, Unusable, check_interpreter, find_interpreter
from pymlsql.embedded.engine.extensibility.rights import current_user_id, find_user_id, require
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.selection import changing, done
from pymlsql.embedded.tsql.extensibility_nodes import (
    HOST_PLATFORM,
    AlterLanguage,
    CreateLanguage,
    DropLanguage,
    FileSpec,
)
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.catalog import Catalog
    from pymlsql.embedded.engine.session import Session

HOME = "PYTHONHOME"
_NO_TABLE = Name(("",))

SYSTEM_LANGUAGES = frozenset({"r", "python"})
"""Names that nobody can give to a language."""

_PYTHON_EXTENSION = re.compile(r"(lib)?python[-_]?extension[\w.]*\.(so[\d.]*|dll)", re.IGNORECASE)
_REFUSED_VARIABLE = re.compile(
    r"(LD_|DYLD_|PYTHON|GLIBC_|MALLOC_).*|PATH|HOME|TMPDIR|PWD|.*_NUM_THREADS", re.IGNORECASE
)


@dataclass(frozen=True)
class Language:
    """What a call needs of a language: ``python`` is "" for the server's own interpreter."""

    name: str
    python: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


# In a call --------------------------------------------------------------------------------------------------------


def find_language(session: Session, name: str, request_id: str) -> Language:
    """The language of this name. Raises 39007 where there is none, 39021 and 39124 where it cannot run here."""
    if name.lower() == "python":
        return Language("Python")
    found = session.catalog.entry(ExternalLanguage, name)
    if found is None:
        raise sql_error(39021, "R", request_id, "R") if name.lower() == "r" else sql_error(39007, name)
    file = found.file_for(HOST_PLATFORM)
    if file is None:
        raise sql_error(39124, HOST_PLATFORM, found.name)
    try:
        if not runs_python(found):
            raise Unusable(f"Its extension is {file.file_name}; only Python's extension can be run here.")
        environment = parse_environment(file.environment)
        python = find_interpreter(environment[HOME], session.engine.allowed.pythons) if HOME in environment else ""
    except Unusable as problem:
        session.send_error(_returned(found.name, str(problem), severity=10))
        raise sql_error(39021, found.name, request_id, found.name) from None
    return Language(found.name, python, {key: value for key, value in environment.items() if key != HOME})


def runs_python(language: ExternalLanguage) -> bool:
    """Whether a language is Python here: its extension for this platform is Microsoft's for Python."""
    file = language.file_for(HOST_PLATFORM)
    return file is not None and _PYTHON_EXTENSION.fullmatch(file.file_name) is not None


def interpreters_of(catalog: Catalog) -> frozenset[str]:
    """The interpreters that the languages of a database name, without a look at whether they are there."""
    homes = [parse_environment(file.environment).get(HOME) for language in catalog.entries(ExternalLanguage)
             for file in language.files if file.platform == HOST_PLATFORM]  # fmt: skip
    found = set()
    for home in homes:
        if home is not None:
            found |= {str(Path(home).resolve() / place) for place in PLACES}
    return frozenset(found)


def _returned(name: str, text: str, severity: int = 16) -> SqlError:
    error = sql_error(39029, name, text)
    return SqlError(error.number, error.message, severity=severity)


# CREATE -----------------------------------------------------------------------------------------------------------


def create_language(session: Session, frame: Frame, statement: CreateLanguage) -> None:
    """Raises 39029, 39117, 39119, 39121 to 39123, 39130, 39133."""
    refuse_elsewhere(session)
    require(session, "CREATE EXTERNAL LANGUAGE")
    if statement.name.lower() in SYSTEM_LANGUAGES:
        raise sql_error(39130, "CREATE EXTERNAL LANGUAGE", statement.name)
    owner = find_user_id(session, statement.owner) if statement.owner else current_user_id(session)
    if owner is None:
        raise sql_error(39121, statement.owner)
    contents = [_checked(session, frame, statement.name, file, "CREATE") for file in statement.files]
    with changing(session, _NO_TABLE):
        if session.catalog.entry(ExternalLanguage, statement.name) is not None:
            raise sql_error(39122, statement.name)
        used = [found.language_id for found in session.catalog.entries(ExternalLanguage)]
        files = tuple(_kept(session, file, data) for file, data in zip(statement.files, contents, strict=True))
        made = ExternalLanguage(max([FIRST_ID - 1, *used]) + 1, statement.name, owner, now_text(), files)
        session.set_catalog(session.catalog.with_entries(made), [made])
    _finish(session, frame)


def _checked(session: Session, frame: Frame, name: str, file: FileSpec, action: str) -> bytes:
    """The content of a file that can be used."""
    try:
        data = read_content(session, frame, file.content)
    except NotAnExpression:
        raise sql_error(39117, action, "CONTENT") from None
    except CannotOpen as problem:
        raise sql_error(39119, action, problem.path, problem) from None
    if not file.file_name:
        raise sql_error(39123, action, "FILE_NAME")
    environment = _environment(file.environment)
    if file.platform == HOST_PLATFORM and HOME in environment:
        try:
            check_interpreter(find_interpreter(environment[HOME], session.engine.allowed.pythons))
        except Unusable as problem:
            raise _returned(name, str(problem)) from None
    return data


def _environment(text: str) -> dict[str, str]:
    """The variables. Raises 39133 for what is no JSON object of texts, and for names that this server decides on."""
    invalid = sql_error(39133)
    try:
        found = parse_environment(text)
    except ValueError as problem:
        raise SqlError(39133, f"{invalid.message} ({problem})") from None
    for name in found:
        if name != HOME and _REFUSED_VARIABLE.fullmatch(name):
            raise unsupported(f"ENVIRONMENT_VARIABLES with {name}")
    return found


def _kept(session: Session, file: FileSpec, data: bytes) -> LanguageFile:
    return LanguageFile(file.platform, keep_content(session, data), file.file_name, file.parameters, file.environment)


# ALTER, DROP ------------------------------------------------------------------------------------------------------


def alter_language(session: Session, frame: Frame, statement: AlterLanguage) -> None:
    """Raises what CREATE raises, and 15151, 39124 to 39126, 39131."""
    _refuse_system(session, "ALTER", statement.name)
    _existing(session, "alter", statement.name)
    owner = find_user_id(session, statement.owner) if statement.owner else None
    if statement.owner and owner is None:
        raise sql_error(15151, "find", "user", statement.owner)
    removes = statement.change == "REMOVE"
    data = b"" if removes else _checked(session, frame, statement.name, statement.file, "ALTER")
    with changing(session, _NO_TABLE):
        old = _existing(session, "alter", statement.name)
        others = tuple(file for file in old.files if file.platform != statement.file.platform)
        if (len(others) == len(old.files)) != (statement.change == "ADD"):
            raise sql_error(39125) if statement.change == "ADD" else \
                sql_error(39124, statement.file.platform, old.name)  # fmt: skip
        if removes and not others:
            raise sql_error(39126)
        files = others if removes else (*others, _kept(session, statement.file, data))
        made = replace(old, owner=old.owner if owner is None else owner, files=files)
        session.set_catalog(session.catalog.with_entries(made), [made])
        _drop_unused(session, old)
    _finish(session, frame)


def drop_language(session: Session, frame: Frame, statement: DropLanguage) -> None:
    """Raises 15151, 39129, 39131."""
    _refuse_system(session, "DROP", statement.name)
    with changing(session, _NO_TABLE):
        old = _existing(session, "drop", statement.name)
        for library in session.catalog.entries(ExternalLibrary):
            if library.language.lower() == old.name.lower():
                raise sql_error(39129, old.name, library.name)
        session.set_catalog(session.catalog.without_entries(old), [], gone=[old])
        _drop_unused(session, old)
    _finish(session, frame)


def _refuse_system(session: Session, action: str, name: str) -> None:
    refuse_elsewhere(session)
    if name.lower() in SYSTEM_LANGUAGES:
        raise sql_error(39131, f"{action} EXTERNAL LANGUAGE", name)


def refuse_elsewhere(session: Session) -> None:
    """Raises 40510 in other databases than the first, whose languages and libraries scripts run with."""
    if session.catalog.database.database_id != MAIN:
        raise unsupported(f"objects in database {session.database}")


def _existing(session: Session, action: str, name: str) -> ExternalLanguage:
    require(session, "ALTER ANY EXTERNAL LANGUAGE")
    found = session.catalog.entry(ExternalLanguage, name)
    if found is None:
        raise sql_error(15151, action, "external language", name)
    return found


def _drop_unused(session: Session, old: ExternalLanguage) -> None:
    """Forget the bytes of ``old`` that nothing keeps any more."""
    drop_unused(session, [file.content for file in old.files])


def drop_unused(session: Session, digests: Iterable[str]) -> None:
    """Forget those of these bytes that no language and no library keeps, in the running statement."""
    kept = {file.content for language in session.catalog.entries(ExternalLanguage) for file in language.files}
    kept |= {file.content for library in session.catalog.entries(ExternalLibrary) for file in library.files}
    for digest in set(digests) - kept:
        drop_content(session, digest)


def _finish(session: Session, frame: Frame) -> None:
    session.last_error = 0
    done(session, frame)
