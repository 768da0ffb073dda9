"""External languages and libraries as the catalog keeps them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

from pymlsql.embedded.engine.catalog import stored

PLATFORM_IDS = {"WINDOWS": 1, "LINUX": 2}
"""The numbers of platforms in sys.external_language_files and sys.external_library_files."""

FIRST_ID = 65536
"""The first number of what users make; the languages that come with the server have smaller ones."""

PUBLIC_OWNER = 1
"""dbo, whose libraries the scripts of all users can import."""

PYTHON_ID = 2
"""sys.external_languages' number of the language that comes with the server."""


@dataclass(frozen=True, slots=True)
class LanguageFile:
    """What a language is on one platform; ``content`` is the sha256 of the bytes, ``environment`` JSON as written."""

    platform: str
    content: str
    file_name: str
    parameters: str = ""
    environment: str = ""


@stored
@dataclass(frozen=True, slots=True)
class ExternalLanguage:
    """A language that CREATE EXTERNAL LANGUAGE has made; ``owner`` is a principal's id."""

    kind: ClassVar[str] = "external_language"

    language_id: int
    name: str
    owner: int
    created: str
    files: tuple[LanguageFile, ...]

    @property
    def key(self) -> str:
        """Its name, which no other language of the database has."""
        return self.name

    def file_for(self, platform: str) -> LanguageFile | None:
        """What the language is on ``platform``."""
        return next((file for file in self.files if file.platform == platform), None)


@dataclass(frozen=True, slots=True)
class LibraryWheel:
    """What a wheel says of itself: ``tags`` as written, each perhaps several (cp311-cp311-linux_x86_64)."""

    name: str
    version: str
    tags: tuple[str, ...]
    requires_python: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """What a library is on one platform; ``content`` is the sha256 of the bytes.

    The rest is known of what was checked, and empty otherwise: its ``wheels``, the ``modules`` that they bring, the
    ``interpreter`` that they were found to fit, and whether they need one that has loaded little (``bare``).
    """

    platform: str
    content: str
    wheels: tuple[LibraryWheel, ...] = ()
    modules: tuple[str, ...] = ()
    interpreter: str = ""
    bare: bool = False


@stored
@dataclass(frozen=True, slots=True)
class ExternalLibrary:
    """A library that CREATE EXTERNAL LIBRARY has made; ``owner`` is the number of a user or role."""

    kind: ClassVar[str] = "external_library"

    library_id: int
    name: str
    owner: int
    language: str
    created: str
    files: tuple[LibraryFile, ...]

    @property
    def key(self) -> str:
        """Its owner and its name, which no other library of the owner has."""
        return library_key(self.owner, self.name)

    def file_for(self, platform: str) -> LibraryFile | None:
        """What the library is on ``platform``."""
        return next((file for file in self.files if file.platform == platform), None)


def library_key(owner: int, name: str) -> str:
    """The key of an owner's library."""
    return f"{owner}:{name}"


def parse_environment(text: str) -> dict[str, str]:
    """ENVIRONMENT_VARIABLES as names and values; "" is none. Raises ValueError for what is no object of texts."""
    found = json.loads(text) if text.strip() else {}
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    for name, value in found.items():
        if not isinstance(value, str):
            raise ValueError(f"the value of {name} is no string")
        if not name or "=" in name or "\0" in name + value:
            raise ValueError(f"{name!r} cannot be the name of a variable")
    return found


__all__ = ["FIRST_ID", "PLATFORM_IDS", "PUBLIC_OWNER", "PYTHON_ID", "ExternalLanguage", "ExternalLibrary",
           "LanguageFile", "LibraryFile", "LibraryWheel", "library_key", "parse_environment"]  # fmt: skip
