"""sys.external_languages, sys.external_libraries, and the files of both.

Source: "Catalog views" of sql-docs; sys.external_libraries_installed, which it leaves out, as SQL Server shows it.
The language that comes with the server has a row and no files.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymlsql.embedded.engine.extensibility.entries import (
    PLATFORM_IDS,
    PUBLIC_OWNER,
    PYTHON_ID,
    ExternalLanguage,
    ExternalLibrary,
)
from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, view
from pymlsql.embedded.engine.system_views.objects import time_of
from pymlsql.embedded.engine.system_views.state import SystemState

LANGUAGES = columns("external_language_id int, language sysname?, create_date datetime, principal_id int?")

LANGUAGE_FILES = columns("""
    external_language_id int, content varbinary(max)?, file_name nvarchar(266)?, platform tinyint?,
    platform_desc nvarchar(60)?, parameters nvarchar(4000)?, environment_variables nvarchar(4000)?""")

LIBRARIES = columns("""
    external_library_id int, name sysname?, principal_id int?, language sysname?, scope int, scope_desc varchar(7)""")

LIBRARY_FILES = columns("""
    external_library_id int, content varbinary(max)?, platform tinyint?, platform_desc nvarchar(60)?""")

LIBRARIES_INSTALLED = columns("""
    db_id int, principal_id int, language_id int, external_library_id int, name sysname, mdversion binary(8)""")


def _languages(state: SystemState) -> Iterator[Fact]:
    yield {"external_language_id": PYTHON_ID, "language": "Python", "create_date": state.created, "principal_id": 1}
    for language in state.catalog.entries(ExternalLanguage):
        yield {
            "external_language_id": language.language_id, "language": language.name,
            "create_date": time_of(language.created), "principal_id": language.owner if language.owner >= 0 else None,
        }  # fmt: skip


def _language_files(state: SystemState) -> Iterator[Fact]:
    for language in state.catalog.entries(ExternalLanguage):
        for file in language.files:
            yield {
                "external_language_id": language.language_id, "content": state.content(file.content),
                "file_name": file.file_name, "platform": PLATFORM_IDS[file.platform], "platform_desc": file.platform,
                "parameters": file.parameters or None, "environment_variables": file.environment or None,
            }  # fmt: skip


def _seen(state: SystemState) -> list[ExternalLibrary]:
    return [one for one in state.catalog.entries(ExternalLibrary) if state.sight.library(one.owner)]


def _libraries(state: SystemState) -> Iterator[Fact]:
    for library in _seen(state):
        public = library.owner == PUBLIC_OWNER
        yield {
            "external_library_id": library.library_id, "name": library.name,
            "principal_id": library.owner, "language": library.language,
            "scope": 0 if public else 1, "scope_desc": "PUBLIC" if public else "PRIVATE",
        }  # fmt: skip


def _library_files(state: SystemState) -> Iterator[Fact]:
    for library in _seen(state):
        for file in library.files:
            yield {
                "external_library_id": library.library_id, "content": state.content(file.content),
                "platform": PLATFORM_IDS[file.platform], "platform_desc": file.platform,
            }  # fmt: skip


def _libraries_installed(state: SystemState) -> Iterator[Fact]:
    """What scripts can import; the content stands for the version, which changes with every change."""
    ids = {
        "python": PYTHON_ID,
        **{one.name.lower(): one.language_id for one in state.catalog.entries(ExternalLanguage)},
    }
    for library in _seen(state):
        for file in library.files:
            if file.wheels:
                yield {
                    "db_id": state.database_id, "principal_id": library.owner,
                    "language_id": ids[library.language.lower()], "external_library_id": library.library_id,
                    "name": library.name, "mdversion": bytes.fromhex(file.content[:16]),
                }  # fmt: skip


EXTENSIBILITY_VIEWS: dict[str, SystemView] = {
    "external_languages": view(LANGUAGES, _languages),
    "external_language_files": view(LANGUAGE_FILES, _language_files),
    "external_libraries": view(LIBRARIES, _libraries),
    "external_library_files": view(LIBRARY_FILES, _library_files),
    "external_libraries_installed": view(LIBRARIES_INSTALLED, _libraries_installed),
}
