"""sys.external_languages and sys.external_language_files.

Source: "Catalog views" of sql-docs. The language that comes with the server has a row and no files.
"""

from __future__ import annotations

from collections.abc import Iterator

from pymlsql.embedded.engine.extensibility.entries import PLATFORM_IDS, PYTHON_ID, ExternalLanguage
from pymlsql.embedded.engine.security.principals import principal_named
from pymlsql.embedded.engine.system_views.declaration import Fact, SystemView, columns, view
from pymlsql.embedded.engine.system_views.objects import time_of
from pymlsql.embedded.engine.system_views.state import SystemState

LANGUAGES = columns("external_language_id int, language sysname?, create_date datetime, principal_id int?")

LANGUAGE_FILES = columns("""
    external_language_id int, content varbinary(max)?, file_name nvarchar(266)?, platform tinyint?,
    platform_desc nvarchar(60)?, parameters nvarchar(4000)?, environment_variables nvarchar(4000)?""")


def _languages(state: SystemState) -> Iterator[Fact]:
    yield {"external_language_id": PYTHON_ID, "language": "Python", "create_date": state.created, "principal_id": 1}
    for language in state.catalog.entries(ExternalLanguage):
        owner = principal_named(state.catalog, language.owner)
        yield {
            "external_language_id": language.language_id, "language": language.name,
            "create_date": time_of(language.created),
            "principal_id": owner.principal_id if owner is not None else None,
        }  # fmt: skip


def _language_files(state: SystemState) -> Iterator[Fact]:
    for language in state.catalog.entries(ExternalLanguage):
        for file in language.files:
            yield {
                "external_language_id": language.language_id, "content": state.content(file.content),
                "file_name": file.file_name, "platform": PLATFORM_IDS[file.platform], "platform_desc": file.platform,
                "parameters": file.parameters or None, "environment_variables": file.environment or None,
            }  # fmt: skip


EXTENSIBILITY_VIEWS: dict[str, SystemView] = {
    "external_languages": view(LANGUAGES, _languages),
    "external_language_files": view(LANGUAGE_FILES, _language_files),
}
