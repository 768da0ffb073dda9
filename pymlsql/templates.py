"""T-SQL from the Jinja templates under sql/: Python decides, the template prints, `quoting` quotes.

Each template begins with a comment: its purpose, then one line `name: meaning` for each variable. Every `{{ }}` ends
in one of the filters of FILTERS; a variable that is not given is an error, never an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import jinja2
from jinja2 import meta

from pymlsql import _resources, quoting
from pymlsql.errors import TemplateError

FILTERS: dict[str, Callable[..., str]] = {
    "ident": quoting.ident,
    "qualified": quoting.qualified,
    "string": quoting.string,
    "sqltype": quoting.sqltype,
    "temptype": quoting.temptype,
    "integer": quoting.integer,
    "sql": quoting.sql,
}
"""The only ways in which a value gets into the text."""

SUFFIX = ".sql.j2"
_MACROS = "macros/"
_HEAD = re.compile(r"\{#-?(.*?)-?#\}", re.DOTALL)
_VARIABLE_LINE = re.compile(r"\s*([a-z_][a-z0-9_]*): (\S.*)")


@dataclass(frozen=True, slots=True)
class Head:
    """What the head comment of a template says: its purpose, and the meaning of each variable by name."""

    purpose: str
    variables: dict[str, str]


def names() -> tuple[str, ...]:
    """All templates that can be rendered, e.g. `views/features.sql.j2`; macros are parts, not templates."""
    folder = _resources.folder("sql")
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*" + SUFFIX))
    return tuple(sorted(name for name in found if not name.startswith(_MACROS)))


def render(name: str, **variables: object) -> str:
    """The text of template `name`.

    Raises TemplateError where there is no such template, where it lacks a variable or is given one that it does not
    know, and where a value cannot be printed safely.
    """
    known = set(head(name).variables)
    unknown, absent = sorted(set(variables) - known), sorted(known - set(variables))
    if unknown:
        raise TemplateError(f"The template {name} does not know {', '.join(unknown)}.")
    if absent:
        raise TemplateError(f"The template {name} lacks its variable {', '.join(absent)}.")
    try:
        return _environment().get_template(name).render(variables)
    except jinja2.UndefinedError as error:
        raise TemplateError(f"The template {name} asks for what it was not given: {error.message}.") from None
    except TemplateError as error:
        raise TemplateError(f"{name}: {error}") from None


def head(name: str) -> Head:
    """Read the head comment of a template. Raises TemplateError where the template or its comment is missing."""
    found = _HEAD.match(source(name))
    if found is None:
        raise TemplateError(f"The template {name} does not begin with a comment that says what it is for.")
    purpose: list[str] = []
    variables: dict[str, str] = {}
    for line in found.group(1).strip().splitlines():
        variable = _VARIABLE_LINE.fullmatch(line)
        if variable is not None:
            variables[variable.group(1)] = variable.group(2)
        elif variables:
            variables[next(reversed(variables))] += " " + line.strip()
        else:
            purpose.append(line.strip())
    return Head(" ".join(purpose), variables)


def source(name: str) -> str:
    """The unrendered text of a template. Raises TemplateError where there is none of that name."""
    environment = _environment()
    try:
        assert environment.loader is not None
        return environment.loader.get_source(environment, name)[0]
    except jinja2.TemplateNotFound:
        raise TemplateError(f"There is no template {name}: the templates are {', '.join(names())}.") from None


def used_variables(name: str) -> set[str]:
    """The variables that a template reads, as Jinja sees them; imported macros take theirs as arguments."""
    return meta.find_undeclared_variables(_environment().parse(source(name)))


def parse(name: str) -> jinja2.nodes.Template:
    """The tree of a template, for the test that every `{{ }}` ends in one of FILTERS."""
    return _environment().parse(source(name))


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_resources.folder("sql")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the output is T-SQL; `quoting` escapes
    )
    environment.filters.update(FILTERS)
    return environment
