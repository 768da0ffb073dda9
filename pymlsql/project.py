"""A project: the file `pymlsql.toml`, which declares feature views and procedures.

    [project]                     # name: under which the database keeps what belongs to it; tables = "pdm"
    [environments]                # NAME = "VARIABLE" that holds its URL; see pymlsql.settings
    [database]                    # optional: url of the server, without a password; PYMLSQL_URL wins
    [security]                    # optional: trusted_keys, the public keys that procedures pin
    [features.NAME]               # the fields of pymlsql.features.FeatureSet
    [jobs.NAME]                   # pymlsql.jobs.declaration
    [grants]                      # members of the registry's roles: pymlsql.deployment.members
    [routes.NAME]                 # pymlsql.routes.declaration
    [procedures.NAME]             # kind, and the fields of that kind: pymlsql.procedures.declaration

A mistake names file, line and key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pymlsql import jobs, procedures
from pymlsql.deployment import members
from pymlsql.errors import DeclarationError, SettingsError, UsageError
from pymlsql.features import FeatureSet, lineage
from pymlsql.features.modules import render_features
from pymlsql.jobs import Job, RenderedJob, render_job
from pymlsql.modules import Module
from pymlsql.procedures import ProcedureDeclaration
from pymlsql.quoting import qualified
from pymlsql.routes.declaration import DeclaredRoute, check_routes, parse_route
from pymlsql.settings import CONFIG_FILE
from pymlsql.toml_lines import find_line
from pymlsql.wording import suggest

TABLES = ("project", "environments", "database", "security", "features", "procedures", "jobs", "grants", "routes")
"""What a project file may hold."""

PROJECT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")


@dataclass(frozen=True, slots=True)
class Project:
    """What a project file declares: feature sets by name, those first that others read, and procedures over them."""

    path: Path
    name: str | None
    tables: str | None
    features: Mapping[str, FeatureSet]
    procedures: Mapping[str, ProcedureDeclaration]
    jobs: Mapping[str, Job]
    grants: members.Grants = field(default_factory=dict)
    routes: Mapping[str, DeclaredRoute] = field(default_factory=dict)

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
    def rendered_jobs(self) -> tuple[RenderedJob, ...]:
        """All jobs, with their commands and schedules."""
        return tuple(render_job(key, job, self.required_name, self.procedures) for key, job in self.jobs.items())

    @property
    def migrations(self) -> Path | None:
        """The folder of the project's own migrations, where it has one."""
        folder = self.path.parent / "migrations"
        return folder if (folder / "env.py").is_file() else None

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

    def name_of(self, features: FeatureSet) -> str:
        """Under which name the project declares a feature set."""
        return next(name for name, found in self.features.items() if found is features)

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
        declared = _parse_procedures(values, features)
        made = Project(path, *_parse_head(values), features, declared, _parse_jobs(values, declared),
                       members.parse_grants(values), _parse_routes(values, declared))  # fmt: skip
        _check_jobs(made)
        return made
    except DeclarationError as error:
        raise DeclarationError(_placed(path, text, error), error.path) from None


def find() -> Project | None:
    """The project of the current folder, if its pymlsql.toml declares one; it may name just a server."""
    path = Path(CONFIG_FILE)
    if not path.is_file():
        return None
    found = read(path)
    return found if found.name is not None or found.features else None


def _placed(path: Path, text: str, error: DeclarationError) -> str:
    message = str(error).removeprefix("The feature declaration is not usable: ")
    return f"{path}, line {find_line(text, error.path)}, {message}"


def _parse_features(values: Mapping[str, object]) -> dict[str, FeatureSet]:
    for key in values:
        if key not in TABLES:
            raise DeclarationError(f"{key}: a project has no such table{suggest(key, TABLES)}.", (key,))
    found = {name: FeatureSet.parse(one, ("features", name)) for name, one in _tables(values, "features")}
    lineage.check_names(found)
    ordered = {name: found[name] for name in lineage.in_order(found)}
    lineage.check_leaks(ordered)
    return ordered


def _parse_head(values: Mapping[str, object]) -> tuple[str | None, str | None]:
    """The project's name, and the example whose tables, which come with pymlsql, it uses."""
    table = values.get("project", {})
    if not isinstance(table, dict):
        raise DeclarationError('project: a table [project] with name = "..." is wanted.', ("project",))
    for key in table:
        if key not in ("name", "tables"):
            known = suggest(key, ("name", "tables"))
            raise DeclarationError(f"project.{key}: a project has no such key{known}.", ("project", key))
    name, tables = table.get("name"), table.get("tables")
    if name is not None and (not isinstance(name, str) or not PROJECT_NAME.fullmatch(name)):
        where = ("project", "name")
        raise DeclarationError(f"project.name: {name!r} is not a name of letters, digits, - and _, up to 60.", where)
    if tables not in (None, "pdm"):
        raise DeclarationError(
            'project.tables: only the tables of "pdm" come with pymlsql; make others with migrations.',
            ("project", "tables"),
        )
    return name, tables


def _parse_procedures(
    values: Mapping[str, object], features: Mapping[str, FeatureSet]
) -> dict[str, ProcedureDeclaration]:
    tables = _tables(values, "procedures")
    found = {name: procedures.parse(one, features, ("procedures", name)) for name, one in tables}
    procedures.check_together(found, features)
    return found


def _parse_jobs(values: Mapping[str, object], known: Mapping[str, ProcedureDeclaration]) -> dict[str, Job]:
    return {name: jobs.parse(one, known, ("jobs", name)) for name, one in _tables(values, "jobs")}


def _parse_routes(
    values: Mapping[str, object], known: Mapping[str, ProcedureDeclaration]
) -> dict[str, DeclaredRoute]:
    models = {one.model for one in known.values() if one.loads_model}
    found = {name: parse_route(one, models, ("routes", name)) for name, one in _tables(values, "routes")}
    check_routes(found)
    return found


def _tables(values: Mapping[str, object], key: str) -> Iterator[tuple[str, dict[str, object]]]:
    """The tables [key.NAME] of a file."""
    declared = values.get(key, {})
    if not isinstance(declared, dict):
        raise DeclarationError(f"{key}: tables [{key}.NAME] are wanted.", (key,))
    for name, one in declared.items():
        if not isinstance(one, dict) or not PROJECT_NAME.fullmatch(name):
            raise DeclarationError(f"{key}.{name}: a table [{key}.NAME] is wanted.", (key, name))
        yield name, one


def _check_jobs(made: Project) -> None:
    if not made.jobs:
        return
    names: dict[str, str] = {}
    for job in made.rendered_jobs:
        path = ("jobs", str(job.declared[-1]))
        if job.name.lower() in names:
            raise DeclarationError(f"{'.'.join(path)}: {names[job.name.lower()]} is called {job.name} too.", path)
        names[job.name.lower()] = ".".join(path)
    taken = {qualified(one.name).lower(): one.parameters for one in made.modules if one.type == "procedure"}
    for key, declared in made.jobs.items():
        for number, step in enumerate(declared.steps):
            if step.procedure is not None:
                name = made.procedures[step.procedure].name
                _check_arguments(("jobs", key, "steps", number), name, step.arguments, taken[qualified(name).lower()])


def _check_arguments(
    path: tuple[str | int, ...], name: str, given: Mapping[str, object], taken: Mapping[str, bool]
) -> None:
    """Raise DeclarationError where a step gives a procedure what it does not take, or not what it asks for."""
    said = ".".join(map(str, path))
    for argument in given:
        if argument.lower() not in taken:
            raise DeclarationError(f"{said}.arguments: {name} has no parameter {argument}{suggest(argument, taken)}.",
                                   (*path, "arguments", argument))  # fmt: skip
    names = {argument.lower() for argument in given}
    missing = [parameter for parameter, has_default in taken.items() if not has_default and parameter not in names]
    if missing:
        raise DeclarationError(f"{said}: {name} asks for {', '.join(missing)}: give them as arguments.", path)


def example(name: str) -> Project:
    """The project of an example, as `pymlsql init` writes it. Raises UsageError for an unknown one."""
    return read(example_folder(name) / "project.toml")


def example_folder(name: str) -> Path:
    """Where an example's files are. Raises UsageError for an unknown one."""
    if name not in EXAMPLES:
        raise UsageError(f"There is no example {name}{suggest(name, EXAMPLES)}.")
    return Path(__file__).parent / "examples" / name


EXAMPLES = {
    "pdm": "pymlsql db upgrade               # the tables\n    pymlsql data load --generate     # made-up machine data",
    "bank": "pymlsql db upgrade               # the tables\n    python -m pymlsql.examples.bank  # made-up calls",
    "demand": "pymlsql db upgrade                 # the tables\n    python -m pymlsql.examples.demand  # made-up sales",
}
"""The examples, each with what makes and fills its tables."""
