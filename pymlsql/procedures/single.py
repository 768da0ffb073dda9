"""Scoring one row, `kind = "single"`: `EXEC dbo.ScoreOne @age = 41, @job = N'clerk'`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.terms import Column, Name, Parameter
from pymlsql.procedures.ondemand import OnDemand, Optional, Printed, entity_key
from pymlsql.procedures.terms import kind_of

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")

TAKEN = frozenset("""
    alias bytes call_run_id classes declared failure forgery format given is_pinned language message missing model
    model_version_id n_rows name number packages python_version refusal route_key route_now route_salt rule run_id
    sample scored script seal seal_key sha256 signature started_at statement text trusted variant_alias version wrong
""".split())  # fmt: skip
"""Names of the procedure's own parameters and variables, in lower case."""


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter without its @, its type, whether it may be left out, and the T-SQL that makes JSON of its value."""

    name: str
    sql_type: str
    is_optional: bool
    text: str


class Single(OnDemand):
    """A procedure that scores the row of its parameters, one for each feature.

    A parameter is called as its feature; `parameters` names those whose features cannot be called so, or that the
    procedure has a variable of. `optional` are the features whose parameter may be left out.
    """

    kind: Literal["single"]
    parameters: dict[Name, Parameter] = {}
    optional: Optional = ()

    def printed(self, features: FeatureSet) -> Printed:
        """Its template, and what that prints beside the scripts."""
        key = entity_key(features)
        procedure = self.demand(features, "values", optional=self.optional, key=key if len(key) == 1 else ())
        return "procedures/single.sql.j2", {"procedure": procedure, "parameters": self._given(features)}

    def _given(self, features: FeatureSet) -> tuple[Given, ...]:
        names = [column.name for column in features.features]
        for name in self.parameters:
            if name not in names:
                raise DeclarationError(
                    f"parameters.{name}: {features.view} has no feature {name}", ("parameters", name)
                )  # fmt: skip
        found: dict[str, str] = {}
        for column in features.features:
            name = self.parameters.get(column.name, column.name)
            path = ("parameters", column.name) if column.name in self.parameters else ("name",)
            if not _WORD.fullmatch(name):
                raise DeclarationError(_unnamed(column.name, "T-SQL cannot call a parameter so"), path)
            if name.lower() in TAKEN:
                raise DeclarationError(_unnamed(column.name, f"the procedure has @{name} for itself"), path)
            if name.lower() in found:
                raise DeclarationError(_unnamed(column.name, f"@{name} is {found[name.lower()]}'s"), path)
            found[name.lower()] = column.name
        return tuple(
            _parameter(self.parameters.get(column.name, column.name), column, column.name in self.optional)
            for column in features.features
        )


def _unnamed(feature: str, why: str) -> str:
    return f'parameters: the feature {feature} needs a parameter of another name, as {why}: "{feature}" = "..."'


def _parameter(name: str, column: Column, is_optional: bool) -> Given:
    base = column.sql_type.partition("(")[0]
    value, kind = f"@{name}", kind_of(column)
    if kind == "text":
        return Given(name, "nvarchar(max)", is_optional, _quoted(value, f"STRING_ESCAPE({value}, 'json')"))
    if kind == "time":
        text = _quoted(value, f"CONVERT(nvarchar(30), {value}, 126)")
    elif base in ("float", "real"):
        text = f"COALESCE(CONVERT(nvarchar(40), CAST({value} AS float), 3), N'null')"
    elif base in ("money", "smallmoney"):
        text = f"COALESCE(CONVERT(nvarchar(40), {value}, 2), N'null')"
    else:
        text = f"COALESCE(CONVERT(nvarchar(50), {value}), N'null')"
    return Given(name, column.sql_type, is_optional, text)


def _quoted(value: str, text: str) -> str:
    return f"CASE WHEN {value} IS NULL THEN N'null' ELSE CONCAT(N'\"', {text}, N'\"') END"
