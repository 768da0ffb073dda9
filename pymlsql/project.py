"""A project: the file `pymlsql.toml`, which declares feature views and procedures.

    [project]                     # name: under which the database keeps what belongs to it
    [environments]                # NAME = "VARIABLE" that holds its URL; see pymlsql.settings
    [database]                    # optional: url of the server, without a password; PYMLSQL_URL wins
    [security]                    # optional: trusted_keys, the public keys that procedures pin
    [features.NAME]               # the fields of pymlsql.features.FeatureSet
    [procedures.NAME]             # kind, and the fields of that kind: pymlsql.procedures.declaration

A mistake names file, line and key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pymlsql import procedures, quoting
from pymlsql.errors import DeclarationError, SettingsError, UsageError
from pymlsql.features import FeatureSet
from pymlsql.features.checks import columns_read, suggest
from pymlsql.features.modules import render_features
from pymlsql.modules import Module
from pymlsql.procedures import ProcedureDeclaration
from pymlsql.settings import CONFIG_FILE
from pymlsql.toml_lines import find_line

TABLES = ("project", "environments", "database", "security", "features", "procedures")
"""What a project file may hold."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")


@dataclass(frozen=True, slots=True)
class Project:
    """What a project file declares: feature sets by name, those first that others read, and procedures over them."""

    path: Path
    name: str | None
    features: Mapping[str, FeatureSet]
    procedures: Mapping[str, ProcedureDeclaration]

    @property
    def modules(self) -> tuple[Module, ...]:
        """All functions, views and procedures, in the order in which they can be created."""
        made = [
            replace(module, declared=("features", name))
            for name, one in self.features.items()
            for module in render_features(one)
        ]
        made += [
            replace(module, declared=("procedures", name))
            for name, one in self.procedures.items()
            for module in one.render(self.features[one.features])
        ]
        return tuple(made)

    @property
    def required_name(self) -> str:
        """The project's name. Raises DeclarationError where the file gives none."""
        if self.name is None:
            raise DeclarationError(
                f'{self.path} has no [project] name = "...": the database keeps what belongs to it under that name.'
            )
        return self.name

    def place(self, error: DeclarationError) -> DeclarationError:
        """The same error with file and line, where its path says where."""
        if not error.path:
            return error
        return DeclarationError(_placed(self.path, self.path.read_text(encoding="utf-8"), error), error.path)

    def named(self, names: list[str]) -> list[FeatureSet]:
        """The feature sets of these names, or all. Raises DeclarationError for a name that is not declared."""
        for name in names:
            if name not in self.features:
                raise DeclarationError(f"{self.path} declares no features {name}{suggest(name, self.features)}.")
        return [found for name, found in self.features.items() if not names or name in names]


def read(path: Path | str = CONFIG_FILE) -> Project:
    """Read a project file, or the one in a folder.

    Raises SettingsError where there is none or it is no TOML, and DeclarationError, with file, line and key, where it
    declares what cannot be.
    """
    path = Path(path)
    path = path / CONFIG_FILE if path.is_dir() else path
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError:
        raise SettingsError(f"There is no {path}: pymlsql init makes a project.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from None
    try:
        features = _parse_features(values)
        return Project(path, _parse_name(values), features, _parse_procedures(values, features))
    except DeclarationError as error:
        raise DeclarationError(_placed(path, text, error), error.path) from None


def _placed(path: Path, text: str, error: DeclarationError) -> str:
    message = str(error).removeprefix("The feature declaration is not usable: ")
    return f"{path}, line {find_line(text, error.path)}, {message}"


def _parse_features(values: Mapping[str, object]) -> dict[str, FeatureSet]:
    for key in values:
        if key not in TABLES:
            raise DeclarationError(f"{key}: a project has no such table{suggest(key, TABLES)}.", (key,))
    found = {name: FeatureSet.parse(one, ("features", name)) for name, one in _tables(values, "features")}
    _check_views(found)
    return {name: found[name] for name in _in_order(found)}


def _parse_name(values: Mapping[str, object]) -> str | None:
    table = values.get("project", {})
    if not isinstance(table, dict) or any(key != "name" for key in table):
        raise DeclarationError('project: a table [project] with name = "..." is wanted.', ("project",))
    name = table.get("name")
    if name is not None and (not isinstance(name, str) or not _NAME.fullmatch(name)):
        where = ("project", "name")
        raise DeclarationError(f"project.name: {name!r} is not a name of letters, digits, - and _, up to 60.", where)
    return name


def _parse_procedures(
    values: Mapping[str, object], features: Mapping[str, FeatureSet]
) -> dict[str, ProcedureDeclaration]:
    return {name: procedures.parse(one, features, ("procedures", name)) for name, one in _tables(values, "procedures")}


def _tables(values: Mapping[str, object], key: str) -> Iterator[tuple[str, dict[str, object]]]:
    """The tables [key.NAME] of a file."""
    declared = values.get(key, {})
    if not isinstance(declared, dict):
        raise DeclarationError(f"{key}: tables [{key}.NAME] are wanted.", (key,))
    for name, one in declared.items():
        if not isinstance(one, dict) or not _NAME.fullmatch(name):
            raise DeclarationError(f"{key}.{name}: a table [{key}.NAME] is wanted.", (key, name))
        yield name, one


def _check_views(found: Mapping[str, FeatureSet]) -> None:
    """No two declarations make one object, and none takes another's label for a feature."""
    makers: dict[str, str] = {}
    for name, features in found.items():
        for made in (features.view, features.function, features.slots):
            other = makers.setdefault(quoting.qualified(made).lower(), name)
            if other != name:
                where = ("features", name, "view")
                raise DeclarationError(f"{'.'.join(where)}: features.{other} makes {made} too.", where)
        for key, number, group in features.groups:
            read = _maker(found, features.sources[group.source].table)
            label = found[read].label if read else None
            if label is not None and label.name.lower() in {column.lower() for column in columns_read(group)}:
                path: tuple[str | int, ...] = ("features", name, key, number)
                raise DeclarationError(
                    f"{'.'.join(map(str, path))}: {label.name} is the label of features.{read}: no feature may use it.",
                    path,
                )


def _maker(found: Mapping[str, FeatureSet], table: str) -> str | None:
    """The declaration that makes a table, which is then a view of the project's own."""
    wanted = quoting.qualified(table).lower()
    return next((name for name, one in found.items() if quoting.qualified(one.view).lower() == wanted), None)


def _in_order(found: Mapping[str, FeatureSet]) -> list[str]:
    """Names, those first whose views others read. Raises DeclarationError for a cycle."""
    done: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in done:
            return
        for source, maker in _read(found, name):
            where = ("features", name, "sources", source, "table")
            if maker in (*above, name):
                circle = " -> ".join([*above[above.index(maker) if maker in above else len(above) :], name, maker])
                raise DeclarationError(f"{'.'.join(where)}: a cycle of feature views: {circle}.", where)
            visit(maker, (*above, name))
        done[name] = None

    for name in found:
        visit(name, ())
    return list(done)


def _read(found: Mapping[str, FeatureSet], name: str) -> Iterator[tuple[str, str]]:
    """The sources of a declaration that other declarations make, with their makers."""
    for source, one in found[name].sources.items():
        maker = _maker(found, one.table)
        if maker is not None:
            yield source, maker


def example(name: str) -> Project:
    """The project of an example, as `initialise` writes it. Raises UsageError for an unknown one."""
    return read(_place(name) / "project.toml")


def _place(name: str) -> Path:
    if name not in EXAMPLES:
        raise UsageError(f"There is no example {name}{suggest(name, EXAMPLES)}.")
    return Path(__file__).parent / "examples" / name


def initialise(folder: Path, name: str) -> list[Path]:
    """Write a project of an example into a folder, which is made: pymlsql.toml, README.md and the example's tables.

    Raises UsageError for an unknown example, and where one of the files is there already; then nothing is written.
    """
    place = _place(name)
    texts = {folder / CONFIG_FILE: (place / "project.toml").read_text(encoding="utf-8")}
    texts[folder / "README.md"] = _README.format(name=name, steps=EXAMPLES[name])
    if (place / "tables.sql").is_file():
        texts[folder / "tables.sql"] = (place / "tables.sql").read_text(encoding="utf-8")
    there = [path for path in texts if path.exists()]
    if there:
        raise UsageError(f"{there[0]} is there already: name another folder, or remove it.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.") from None
    return list(texts)


EXAMPLES = {
    "pdm": "pymlsql db upgrade               # the tables\n    pymlsql data load --generate  # made-up machine data",
    "bank": "pymlsql db upgrade                 # schema ml\n"
    "    python -m pymlsql.examples.bank    # tables.sql, and made-up calls",
    "demand": "pymlsql db upgrade                 # schema ml\n"
    "    python -m pymlsql.examples.demand  # tables.sql, and made-up sales",
}
"""The examples, each with what makes and fills its tables."""

_README = """\
# {name}: a pymlsql project

`pymlsql.toml` declares the feature views. The server is the one of `--url` or `PYMLSQL_URL`, else the embedded one;
passwords belong into neither file. In this folder:

    pymlsql server start &           # if there is no SQL Server
    {steps}
    pymlsql features render          # the T-SQL, to be read
    pymlsql features apply           # the functions and views
    pymlsql features check           # do they give what pandas gives?

Development, test and production differ by the URL alone: `PYMLSQL_URL=... pymlsql features apply`.
"""
