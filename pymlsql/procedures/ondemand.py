"""Scoring on demand: rows that the caller gives, scored at once; nothing is stored but, where it is wanted, the run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from pymlsql import quoting, scripts, templates
from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Column, Name
from pymlsql.modules import Module
from pymlsql.procedures.outputs import Output, Predicting
from pymlsql.procedures.terms import check_columns, kind_of
from pymlsql.routes import slot_text
from pymlsql.signing import Signing

Form = Literal["values", "objects", "table"]
"""How the rows come: one as a list of values, as JSON objects, as a table."""

ROW_NUMBER = "row_no"


@dataclass(frozen=True, slots=True)
class Demand:
    """What the templates print of a procedure that scores rows which a caller gives.

    `features` are the columns that it takes, in order; `optional` of them may be left out, and are NULL then. `id` is
    the key whose value goes with a row into the result, or None.
    """

    name: str
    model: str
    alias: str
    log: bool
    form: Form
    features: tuple[Column, ...]
    output: Output
    optional: tuple[str, ...] = ()
    id: str | None = None
    language: str | None = None
    route: bool = True
    key: tuple[Column, ...] = ()

    @property
    def splits(self) -> bool:
        """Whether the rows of one call may be of several versions."""
        return self.form != "values" and bool(self.key)

    @property
    def slot(self) -> str:
        """T-SQL: the slot of a key that was given, NULL where it is none."""
        named = [(f"d.{quoting.ident(one.name)}", one.sql_type) for one in self.key]
        found = named if self.form == "table" else [_given(self.key[0], "@route_key", "d.given", self.form)]
        missing = " OR ".join(f"{expression} IS NULL" for expression, _ in found)
        return f"CASE WHEN {missing} THEN NULL ELSE {slot_text(found)} END"

    @property
    def key_name(self) -> str:
        """What the route goes by."""
        return ", ".join(column.name for column in self.key)

    @property
    def key_type(self) -> str:
        """The types of the key."""
        return ", ".join(column.sql_type for column in self.key)

    @property
    def id_path(self) -> str:
        """Where an object has its key."""
        return "$." + json.dumps(self.id, ensure_ascii=False)

    @property
    def remedy(self) -> str:
        """What to declare, so that the rows have a key."""
        remedies = {"objects": "id, the entity's key", "table": "route_by, the entity's keys"}
        return remedies.get(self.form, "features with one key")

    @property
    def declared_json(self) -> str:
        """What the script is told of the rows."""
        told: dict[str, Any] = {"form": self.form, "columns": [column.model_dump() for column in self.features]}
        if self.form == "objects":
            told |= {"optional": self.optional, "id": self.id}
            told |= {"splits": True} if self.splits else {}
        return json.dumps(told)

    @property
    def parts(self) -> dict[str, str]:
        """The script, and the texts that stand before it in the calls that need them."""
        names = ["given_table"] if self.form == "table" else [*_readers(self.features), "given"]
        script = "\n".join(map(scripts.read, names))
        return {"script": script, "formats": scripts.read("formats"), "verifying": scripts.read("verifying")}


def _readers(features: tuple[Column, ...]) -> list[str]:
    """The parts of the script that not every procedure needs: what is not sent need not be compiled in each call."""
    bases = {column.sql_type.partition("(")[0] for column in features}
    exact = ["given_exact"] if bases & {"decimal", "numeric", "money", "smallmoney"} else []
    return exact + (["given_times"] if any(kind_of(column) == "time" for column in features) else [])


Printed = tuple[str, dict[str, Any]]
"""A template and what it prints."""


class OnDemand(Predicting):
    """A procedure that scores the rows which its caller gives. With `log`, each call is a row of ml.scoring_runs.

    `language` is the external language that scores, by default the one that the version was registered for.
    """

    log: bool = False
    language: Name | None = None

    def printed(self, features: FeatureSet) -> Printed:
        """Its template, and what that prints beside the scripts. Raises DeclarationError for what cannot be meant."""
        raise NotImplementedError

    def render(self, features: FeatureSet) -> tuple[Module, ...]:
        """The procedure. Raises DeclarationError for what cannot be meant."""
        template, values = self.printed(features)
        text = templates.render(template, **values, **values["procedure"].parts)
        name = quoting.qualified(self.name)
        return (Module(name, "procedure", text, Signing(self.name), granted_to=self.granted_to),)

    def demand(self, features: FeatureSet, form: Form, *, optional: tuple[str, ...] = (),
               id: str | None = None, key: tuple[Column, ...] = ()) -> Demand:  # fmt: skip
        """The procedure over the columns of a feature view. Raises DeclarationError for what cannot be meant."""
        output = self.output_of(features)
        for column in features.features:
            kind_of(column)
        _check_optional(features, optional)
        own = ["model_version", *([] if form == "values" else [ROW_NUMBER])]
        if id is not None:
            _check_id(features, id, [*own, *(column.name.lower() for column in output.columns)])
        check_columns(output.columns, own, "the result")
        return Demand(
            self.name, self.model, self.alias, self.log, form, features.features, output, optional, id, self.language,
            self.route, key,
        )  # fmt: skip


def _given(key: Column, parameter: str, value: str, form: Form) -> tuple[str, str]:
    """A key that comes as text, in its own type; a text as it is, since a cast would cut it."""
    given, base = parameter if form == "values" else value, key.sql_type.partition("(")[0]
    if base in ("char", "nchar", "varchar", "nvarchar", "sysname"):
        return given, "nvarchar(400)"
    if base in ("date", "datetime", "smalldatetime", "datetime2"):
        return f"TRY_CONVERT({key.sql_type}, {given}, 126)", key.sql_type
    return f"TRY_CAST({given} AS {key.sql_type})", key.sql_type


def entity_key(features: FeatureSet) -> tuple[Column, ...]:
    """The keys by which a route tells rows apart: without the time."""
    return features.keys[: len(features.entity)]


def _check_optional(features: FeatureSet, optional: tuple[str, ...]) -> None:
    names = {column.name for column in features.features}
    for place, name in enumerate(optional):
        if name not in names:
            raise DeclarationError(f"optional.{place}: {features.view} has no feature {name}", ("optional", place))


def _check_id(features: FeatureSet, id: str, own: list[str]) -> None:
    if id.lower() in {column.name.lower() for column in features.features}:
        raise DeclarationError(f"id: {id} is a feature already: call the key otherwise", ("id",))
    if id.lower() in own:
        raise DeclarationError(f"id: the result has a column {id} of its own: call the key otherwise", ("id",))


Optional = tuple[Name, ...]
"""Features that may be left out, which means NULL."""
