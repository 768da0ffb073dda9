"""CREATE, ALTER and DROP EXTERNAL LIBRARY, and what a call's script can import of them.

A library is checked and unpacked when it is made, with nothing of it run, so that what is wrong with it is said there.
The bytes in the database are what counts: see folders.
"""

from __future__ import annotations

import errno
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pymlsql.embedded.engine.catalog import now_text
from pymlsql.embedded.engine.errors import Cancelled
from pymlsql.embedded.engine.extensibility.archives import Broken
from pymlsql.embedded.engine.extensibility.contents import (
    CannotOpen,
    NotAnExpression,
    digest_of,
    find_content,
    keep_content,
    read_content,
)
from pymlsql.embedded.engine.extensibility.entries import (
    FIRST_ID,
    PUBLIC_OWNER,
    ExternalLanguage,
    ExternalLibrary,
    LibraryFile,
    library_key,
)
from pymlsql.embedded.engine.extensibility.interpreters import Unusable, describe_interpreter
from pymlsql.embedded.engine.extensibility.languages import (
    Language,
    drop_unused,
    find_language,
    refuse_elsewhere,
    runs_python,
)
from pymlsql.embedded.engine.extensibility.rights import (
    current_user_id,
    find_user_id,
    owner_name,
    owns,
    require,
)
from pymlsql.embedded.engine.extensibility.wheels import check_fit, modules_of, read_wheels, unpack
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security.enforcement import may
from pymlsql.embedded.engine.security.rights import DATABASE_SECURABLE
from pymlsql.embedded.engine.security.statements import future_owner
from pymlsql.embedded.engine.selection import changing, done
from pymlsql.embedded.tsql.extensibility_nodes import (
    HOST_PLATFORM,
    AlterLibrary,
    CreateLibrary,
    DropLibrary,
    FileSpec,
)
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.nodes import Name

if TYPE_CHECKING:
    from pymlsql.embedded.engine.catalog import Catalog
    from pymlsql.embedded.engine.session import Session

CHANGE_ANY = "ALTER ANY EXTERNAL LIBRARY"
_NO_TABLE = Name(("",))
_OPEN_ERRORS = {errno.ENAMETOOLONG: 39043, errno.EISDIR: 39045, errno.EIO: 39045}


# In a call --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InstalledLibraries:
    """Where a script finds its libraries, the first first; ``bare`` is whether it needs a process that has loaded
    little, so that their modules count and not those that were loaded ahead of time."""

    paths: tuple[str, ...] = ()
    bare: bool = False


@contextmanager
def installed_libraries(session: Session, language: Language) -> Iterator[InstalledLibraries]:
    """The libraries of the session's user, then the public ones; their files stay while the block runs.

    Raises 39048 for one that the language's interpreter cannot use, now that it is another.
    """
    libraries = visible_libraries(session.catalog, current_user_id(session), language.name)
    found = [(library, file) for library in libraries if (file := library.file_for(HOST_PLATFORM)) is not None]
    if not found:
        yield InstalledLibraries()
        return
    bare = [_still_fits(library, file, language) for library, file in found]
    contents = [(file.content, partial(_unpack_again, session, library, file)) for library, file in found]
    with session.engine.libraries.using(contents) as paths:
        yield InstalledLibraries(paths, any(bare))


def visible_libraries(catalog: Catalog, user: int, language: str) -> list[ExternalLibrary]:
    """The libraries that ``user``'s scripts in ``language`` can import: their own before the public ones, and those of
    one owner as they were made."""
    owners = list(dict.fromkeys((user, PUBLIC_OWNER)))
    found = [library for library in catalog.entries(ExternalLibrary)
             if library.owner in owners and library.language.lower() == language.lower()]  # fmt: skip
    return sorted(found, key=lambda library: (owners.index(library.owner), library.library_id))


def unpacked_contents(catalog: Catalog) -> frozenset[str]:
    """The contents of libraries, by sha256, that scripts here can import."""
    files = (file for library in catalog.entries(ExternalLibrary) for file in library.files)
    return frozenset(file.content for file in files if file.wheels)


def _still_fits(library: ExternalLibrary, file: LibraryFile, language: Language) -> bool:
    if file.interpreter == _interpreter_of(language):
        return file.bare
    try:
        if not file.wheels:
            raise Broken(f"it was made when {language.name} could not run here, and was not checked; set it again")
        return check_fit(file.wheels, file.modules, language.name, describe_interpreter(_python_of(language)))
    except (Broken, Unusable) as problem:
        raise _failed("install", library.name, problem) from None


def _unpack_again(session: Session, library: ExternalLibrary, file: LibraryFile, folder: Path) -> None:
    data = find_content(session, file.content)
    if data is None:
        raise _failed("install", library.name, Broken("its content is gone"))
    try:
        unpack(read_wheels(data), folder, partial(_check_cancelled, session))
    except (Broken, OSError) as problem:
        raise _failed("install", library.name, problem) from None


def _python_of(language: Language) -> str:
    return language.python or sys.executable


def _interpreter_of(language: Language) -> str:
    """What a library was checked for; the server's own Python may be another one tomorrow."""
    return language.python or f"{sys.executable} {sys.version_info[0]}.{sys.version_info[1]}"


def _check_cancelled(session: Session) -> None:
    if session.store.cancelled.is_set():
        raise Cancelled


def _failed(action: str, name: str, problem: Exception) -> SqlError:
    why = f"it cannot be unpacked ({problem.strerror})" if isinstance(problem, OSError) else str(problem)
    return sql_error(39048, action, name, why.removesuffix("."))


# CREATE -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Checked:
    """A file that can be kept: ``file`` without its content's sha256, which is that of ``data``."""

    file: LibraryFile
    data: bytes


def create_library(session: Session, frame: Frame, statement: CreateLibrary) -> None:
    """Raises 15151, 15247, 39007, 39042 to 39048."""
    refuse_elsewhere(session)
    require(session, "CREATE EXTERNAL LIBRARY")
    owner = _new_owner(session, statement.owner)
    language, python = _language(session, statement.language)
    checked = [_checked(session, frame, statement.name, file, number, python, "CREATE")
               for number, file in enumerate(statement.files, 1)]  # fmt: skip
    with changing(session, _NO_TABLE):
        if session.catalog.entry(ExternalLibrary, library_key(owner, statement.name)) is not None:
            raise sql_error(39047, statement.name, owner_name(session, owner), session.database)
        used = [found.library_id for found in session.catalog.entries(ExternalLibrary)]
        files = tuple(_kept(session, one) for one in checked)
        made = ExternalLibrary(max([FIRST_ID - 1, *used]) + 1, statement.name, owner, language, now_text(), files)
        session.set_catalog(session.catalog.with_entries(made), [made])
    _finish(session, frame)


def _new_owner(session: Session, name: str) -> int:
    if not name:
        return current_user_id(session)
    if find_user_id(session, name) is None:
        raise sql_error(39046, name)
    return future_owner(session, name)


def _language(session: Session, name: str) -> tuple[str, Language | None]:
    """The language's name as it is written, and how it runs; None where nothing of it can run here. Raises 39007."""
    if name.lower() == "python":
        return "Python", Language("Python")
    if name.lower() == "r":
        raise unsupported("external libraries for R")
    found = session.catalog.entry(ExternalLanguage, name)
    if found is None:
        raise sql_error(39007, name)
    return found.name, find_language(session, name, str(uuid.uuid4()).upper()) if runs_python(found) else None


def _checked(session: Session, frame: Frame, name: str, spec: FileSpec, number: int, language: Language | None,
             action: str) -> _Checked:  # fmt: skip
    try:
        data = read_content(session, frame, spec.content)
    except NotAnExpression:
        raise sql_error(39042, action, number) from None
    except CannotOpen as problem:
        code = _OPEN_ERRORS.get(problem.number, 39044)
        rest = () if code == 39043 else (problem,)
        raise sql_error(code, action, problem.path, *rest) from None
    file = LibraryFile(spec.platform, "")
    if language is None or spec.platform != HOST_PLATFORM:
        return _Checked(file, data)
    try:
        wheels = read_wheels(data)
        facts, modules = tuple(wheel.facts for wheel in wheels), modules_of(wheels)
        bare = check_fit(facts, modules, language.name, describe_interpreter(_python_of(language)))
        session.engine.libraries.make(
            digest_of(data), lambda folder: unpack(wheels, folder, partial(_check_cancelled, session))
        )
    except (Broken, Unusable, OSError) as problem:
        raise _failed(action.lower(), name, problem) from None
    return _Checked(
        replace(file, wheels=facts, modules=modules, interpreter=_interpreter_of(language), bare=bare), data
    )


def _kept(session: Session, checked: _Checked) -> LibraryFile:
    return replace(checked.file, content=keep_content(session, checked.data))


# ALTER, DROP ------------------------------------------------------------------------------------------------------


def alter_library(session: Session, frame: Frame, statement: AlterLibrary) -> None:
    """Raises what CREATE raises, and 15151, 39112, 39115."""
    refuse_elsewhere(session)
    found = _existing(session, "alter", statement.name, statement.owner)
    language, python = _language(session, statement.language)
    if language != found.language:
        raise sql_error(15151, "alter", "external library", statement.name)
    checked = _checked(session, frame, statement.name, statement.file, 1, python, "ALTER")
    with changing(session, _NO_TABLE):
        old = _existing(session, "alter", statement.name, statement.owner)
        others = tuple(file for file in old.files if file.platform != statement.file.platform)
        if (len(others) == len(old.files)) != (statement.change == "ADD"):
            number = 39112 if statement.change == "ADD" else 39115
            raise sql_error(number, statement.file.platform)
        made = replace(old, files=(*others, _kept(session, checked)))
        session.set_catalog(session.catalog.with_entries(made), [made])
        drop_unused(session, [file.content for file in old.files])
    _finish(session, frame)


def drop_library(session: Session, frame: Frame, statement: DropLibrary) -> None:
    """Raises 15151. Scripts that run keep the library until they end."""
    refuse_elsewhere(session)
    with changing(session, _NO_TABLE):
        old = _existing(session, "drop", statement.name, statement.owner)
        session.set_catalog(session.catalog.without_entries(old), [], gone=[old])
        drop_unused(session, [file.content for file in old.files])
    _finish(session, frame)


def _existing(session: Session, action: str, name: str, owner: str) -> ExternalLibrary:
    """The library of ``owner``, or of the session's user, which the session may change."""
    number = find_user_id(session, owner) if owner else current_user_id(session)
    found = None if number is None else session.catalog.entry(ExternalLibrary, library_key(number, name))
    if found is None or not (owns(session, found.owner) or may(session, CHANGE_ANY, DATABASE_SECURABLE)):
        raise sql_error(15151, action, "external library", name)
    return found


def _finish(session: Session, frame: Frame) -> None:
    session.engine.libraries.sweep()
    session.last_error = 0
    done(session, frame)
