"""Wheels: what they say of themselves, which interpreters they are for, and how they lie unpacked.

Nothing of a wheel is run. What it would install outside of site-packages, commands and headers, is left out.
"""

from __future__ import annotations

import email.parser
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging import tags
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pymlsql.embedded.engine.extensibility.archives import (
    Broken,
    Budget,
    budget_for,
    files_of,
    open_archive,
    pieces_of,
    read_file,
)
from pymlsql.embedded.engine.extensibility.entries import LibraryWheel
from pymlsql.embedded.engine.extensibility.interpreters import Build

_WHEEL_FILE = re.compile(r"([^/]+)-([^/-]+)\.dist-info/WHEEL")
_MODULE = re.compile(r"(\w+)(/__init__)?(\.py|(\.[\w-]+)?\.so)", re.ASCII)
_IGNORED = re.compile(r"__MACOSX/|(.*/)?\.DS_Store$")
_MAX_METADATA_BYTES = 4 << 20
_MAX_WHEELS = 200
_INSTALLED = ("purelib", "platlib", "data")
_LEFT_OUT = ("scripts", "headers")
_FILE_MODE, _PROGRAM_MODE = 0o444, 0o555


@dataclass(frozen=True)
class Wheel:
    """An open wheel: ``files`` are where each of its files is to lie."""

    facts: LibraryWheel
    archive: zipfile.ZipFile
    files: dict[str, zipfile.ZipInfo] = field(repr=False)


# Reading ----------------------------------------------------------------------------------------------------------


def read_wheels(data: bytes) -> list[Wheel]:
    """The wheel that ``data`` is, or those in the zip archive that it is. Raises Broken."""
    budget = budget_for(len(data))
    archive = open_archive(data)
    files = files_of(archive, budget)
    if any(_WHEEL_FILE.fullmatch(name) for name in files):
        wheels = [_wheel(archive, files)]
    else:
        wheels = _packed_wheels(archive, files, budget)
    places: set[str] = set()
    for wheel in wheels:
        for place in wheel.files:
            if place in places:
                raise Broken(f"{place} is in two of its wheels")
            places.add(place)
    for place in places:
        if any(parent in places for parent in _parents(place)):
            raise Broken(f"{place} lies below a file")
    return wheels


def _parents(place: str) -> list[str]:
    parts = place.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _packed_wheels(archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo], budget: Budget) -> list[Wheel]:
    names = [name for name in files if not _IGNORED.match(name)]
    strange = next((name for name in names if not name.endswith(".whl")), None)
    if strange is not None:
        raise Broken(f"it holds {strange}; it must be a wheel, or a zip archive with nothing but wheels in it")
    if not 0 < len(names) <= _MAX_WHEELS:
        raise Broken("it holds no wheel" if not names else f"it holds more than {_MAX_WHEELS} wheels")
    found = []
    for name in names:
        inner = open_archive(b"".join(pieces_of(archive, files[name])))
        try:
            found.append(_wheel(inner, files_of(inner, budget)))
        except Broken as problem:
            raise Broken(f"{name}: {problem}") from None
    return found


def _wheel(archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo]) -> Wheel:
    matches = [match for match in map(_WHEEL_FILE.fullmatch, files) if match]
    if len(matches) != 1:
        raise Broken("it has no .dist-info/WHEEL, so it is no wheel" if not matches else "it holds two .dist-info")
    name, version = matches[0][1], matches[0][2]
    about = _headers(archive, files, f"{name}-{version}.dist-info/WHEEL")
    metadata = _headers(archive, files, f"{name}-{version}.dist-info/METADATA")
    if (about.get("Wheel-Version") or "").split(".")[0] != "1":
        raise Broken(f"its Wheel-Version is {about.get('Wheel-Version')}, not 1")
    written = tuple(str(value).strip() for value in about.get_all("Tag", []))
    try:
        SpecifierSet(metadata.get("Requires-Python") or "")
        if not written or any(not tags.parse_tag(tag) for tag in written):
            raise ValueError
    except InvalidSpecifier:
        raise Broken(f"its Requires-Python is {metadata.get('Requires-Python')}") from None
    except ValueError:
        raise Broken(f"its tags are {', '.join(written) or 'missing'}") from None
    facts = LibraryWheel(name, version, written, str(metadata.get("Requires-Python") or ""))
    return Wheel(facts, archive, _places(files, f"{name}-{version}.data/"))


def _headers(archive: zipfile.ZipFile, files: dict[str, zipfile.ZipInfo], name: str) -> email.message.Message:
    if name not in files:
        raise Broken(f"it has no {name}")
    text = read_file(archive, files[name], _MAX_METADATA_BYTES).decode("utf-8", "replace")
    return email.parser.HeaderParser().parsestr(text)


def _places(files: dict[str, zipfile.ZipInfo], data: str) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    for name, member in files.items():
        place = name
        if name.startswith(data):
            kind, _, place = name.removeprefix(data).partition("/")
            if kind in _LEFT_OUT:
                continue
            if kind not in _INSTALLED or not place:
                raise Broken(f"{name} is for no place that wheels install into")
        if place in found:
            raise Broken(f"it installs {place} twice")
        found[place] = member
    return found


def modules_of(wheels: Sequence[Wheel]) -> tuple[str, ...]:
    """The modules and packages that can be imported by their first names; namespace packages are shared, and not
    among them."""
    matches = (_MODULE.fullmatch(place) for wheel in wheels for place in wheel.files)
    return tuple(sorted({match[1] for match in matches if match}))


# Fitting ----------------------------------------------------------------------------------------------------------


def check_fit(wheels: Sequence[LibraryWheel], modules: Sequence[str], language: str, build: Build) -> bool:
    """Whether scripts need a process that has loaded nothing but what it must, for the wheels' own modules to count.

    Raises Broken for wheels that the interpreter ``build`` of ``language`` cannot use.
    """
    for wheel in wheels:
        _check_wheel(wheel, language, build)
    fixed = sorted(build.needed.intersection(modules))
    if fixed:
        raise Broken(
            f"it brings {', '.join(fixed)}, which every script of {language} has from its interpreter; leave that out, "
            "or name an interpreter that has it with CREATE EXTERNAL LANGUAGE"
        )
    return bool(build.preloaded.intersection(modules))


def _check_wheel(wheel: LibraryWheel, language: str, build: Build) -> None:
    runs_on = f"{language} runs on {build}"
    if not SpecifierSet(wheel.requires_python).contains(build.version, prereleases=True):
        raise Broken(f"the wheel {wheel} requires Python {wheel.requires_python}, and {runs_on}")
    offered = frozenset[tags.Tag]().union(*(tags.parse_tag(tag) for tag in wheel.tags))
    if not any(tag in offered for tag in supported_tags(build)):
        raise Broken(f"the wheel {wheel} is for {', '.join(wheel.tags)}, and {runs_on}")


def supported_tags(build: Build) -> list[tags.Tag]:
    """The tags of the wheels that an interpreter of this machine can use."""
    platforms = list(tags.platform_tags()) if build.same_platform else []
    version = build.version_info[:2]
    found = list(tags.cpython_tags(version, [build.abi], platforms)) if platforms else []
    return [*found, *tags.compatible_tags(version, f"cp{version[0]}{version[1]}", platforms or ["any"])]


# Unpacking --------------------------------------------------------------------------------------------------------


def unpack(wheels: Sequence[Wheel], folder: Path, checked: Callable[[], None] = lambda: None) -> None:
    """Write all files below ``folder``, which is empty, readable only. ``checked`` is called often and may raise.

    Raises Broken, OSError.
    """
    made = {folder}
    for wheel in wheels:
        for place, member in wheel.files.items():
            checked()
            path = folder / place
            if path.parent not in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                made.update(path.parents)
            mode = _PROGRAM_MODE if (member.external_attr >> 16) & 0o111 else _FILE_MODE
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
            os.fchmod(handle, mode)  # whatever the server's umask is
            with os.fdopen(handle, "wb") as file:
                for piece in pieces_of(wheel.archive, member):
                    file.write(piece)
    for parent, _, _ in os.walk(folder, topdown=False):
        Path(parent).chmod(0o555)
