"""What a project file says of routes, in tables [routes.NAME].

[routes.failures]
model = "failures"
shares = { champion = 90, challenger = 10 }   # per cent, two decimals at most
shadow = ["candidate"]                        # optional
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator

from pymlsql.errors import DeclarationError, RegistryError
from pymlsql.features.terms import Frozen
from pymlsql.registry.names import check_name
from pymlsql.wording import first_error, suggest


def _checked_alias(name: str) -> str:
    try:
        check_name(name, "alias")
    except RegistryError as error:
        raise ValueError(str(error).rstrip(".")) from None
    return name


Alias = Annotated[str, AfterValidator(_checked_alias)]


class DeclaredRoute(Frozen):
    """The shares of a model's aliases in per cent, which add up to 100, and the aliases that score in the shadow."""

    model: str
    shares: dict[Alias, float] = Field(min_length=1)
    shadow: tuple[Alias, ...] = ()

    @field_validator("shares")
    @classmethod
    def _each(cls, given: dict[str, float]) -> dict[str, float]:
        for alias, share in given.items():
            if not 0 < share <= 100 or abs(share * 100 - round(share * 100)) > 1e-6:
                raise ValueError(f"the share of {alias} is above 0 and at most 100, with two decimals at most")
        total = sum(round(share * 100) for share in given.values())
        if total != 10_000:
            raise ValueError(f"the shares add up to {total / 100:g}, not to 100")
        return given

    @model_validator(mode="after")
    def _once(self) -> DeclaredRoute:
        names = [name.lower() for name in (*self.shares, *self.shadow)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"the alias {twice} is named twice: it has one share, or is a shadow")
        return self


def parse_route(values: Mapping[str, object], models: Collection[str], where: tuple[str, ...]) -> DeclaredRoute:
    """A route from plain data (TOML, JSON), which lies at the keys `where` of a file; `models` are those in use.

    Raises DeclarationError with the first contradiction; its `path` are the keys that lead there.
    """
    try:
        found = DeclaredRoute.model_validate(dict(values))
    except ValidationError as error:
        found_at, message, _ = first_error(error, DeclaredRoute)
        place = tuple(key for key in found_at if key != "[key]")
        raise DeclarationError(f"{'.'.join(map(str, (*where, *place)))}: {message}.", (*where, *place)) from None
    if found.model.lower() not in {model.lower() for model in models}:
        path = (*where, "model")
        known = suggest(found.model, models)
        raise DeclarationError(f"{'.'.join(path)}: no procedure of this project uses {found.model}{known}.", path)
    return found


def check_routes(routes: Mapping[str, DeclaredRoute]) -> None:
    """Raise DeclarationError where two routes are of one model."""
    names: dict[str, str] = {}
    for key, route in routes.items():
        other = names.setdefault(route.model.lower(), key)
        if other != key:
            path = ("routes", key, "model")
            raise DeclarationError(f"{'.'.join(path)}: routes.{other} is a route of {route.model} too.", path)
