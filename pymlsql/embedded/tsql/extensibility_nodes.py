"""Statements about external languages and libraries, as the parser makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pymlsql.embedded.tsql.nodes import Statement
from pymlsql.embedded.tsql.slices import Text

HOST_PLATFORM = "LINUX"
"""The platform of a file specification that names none."""

Change = Literal["SET", "ADD", "REMOVE"]


@dataclass(frozen=True, slots=True)
class FileSpec:
    """(CONTENT = ..., ...): ``content`` is an expression, None where it was left out or is NONE."""

    content: Text | None
    platform: str = HOST_PLATFORM
    file_name: str = ""
    parameters: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True)
class CreateLanguage(Statement):
    """CREATE EXTERNAL LANGUAGE."""

    name: str
    owner: str
    files: tuple[FileSpec, ...]


@dataclass(frozen=True, slots=True)
class AlterLanguage(Statement):
    """ALTER EXTERNAL LANGUAGE: of a file, REMOVE keeps the platform only."""

    name: str
    owner: str
    change: Change
    file: FileSpec


@dataclass(frozen=True, slots=True)
class DropLanguage(Statement):
    """DROP EXTERNAL LANGUAGE."""

    name: str


@dataclass(frozen=True, slots=True)
class CreateLibrary(Statement):
    """CREATE EXTERNAL LIBRARY; ``owner`` is "" where none is named."""

    name: str
    owner: str
    files: tuple[FileSpec, ...]
    language: str


@dataclass(frozen=True, slots=True)
class AlterLibrary(Statement):
    """ALTER EXTERNAL LIBRARY: SET or ADD. ``owner`` says whose library is meant, and is not changed."""

    name: str
    owner: str
    change: Change
    file: FileSpec
    language: str


@dataclass(frozen=True, slots=True)
class DropLibrary(Statement):
    """DROP EXTERNAL LIBRARY; ``owner`` says whose library is meant."""

    name: str
    owner: str
