"""What a project file says of procedures, in tables [procedures.NAME]: their `kind` decides which words they know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter, ValidationError

from pymlsql.errors import DeclarationError
from pymlsql.features import FeatureSet
from pymlsql.features.checks import suggest
from pymlsql.features.terms import Frozen, Name, Qualified
from pymlsql.modules import Module
from pymlsql.procedures.batch import CHUNK_ROWS, ScoringProcedure, render_procedure


class Declared(Frozen):
    """What every procedure says: its name, its features.NAME, its model, and the roles that may call it."""

    name: Qualified
    features: str
    model: Name
    alias: Name = "champion"
    granted_to: tuple[Name, ...] = ()

    loads_model: ClassVar[bool] = True
    """Whether it needs a version of its model that runs on the server."""


class Batch(Declared):
    """A procedure that scores rows of a feature view and stores what it predicts; see ScoringProcedure."""

    kind: Literal["batch"]
    predictions: Qualified
    served: Qualified
    chunk_rows: int = Field(default=CHUNK_ROWS, ge=1, le=10_000_000)

    def resolve(self, features: FeatureSet) -> ScoringProcedure:
        """The procedure over its feature view. Raises DeclarationError for a view that it cannot score."""
        made = ScoringProcedure.over(
            features, name=self.name, predictions=self.predictions, served=self.served, model=self.model
        )
        return made.model_copy(update={"alias": self.alias, "chunk_rows": self.chunk_rows})

    def render(self, features: FeatureSet) -> tuple[Module, ...]:
        """Its modules, in the order in which they can be created."""
        procedure, served = render_procedure(self.resolve(features))
        return replace(procedure, granted_to=self.granted_to), served


ProcedureDeclaration = Batch
"""Any of them."""

_ADAPTER: TypeAdapter[ProcedureDeclaration] = TypeAdapter(Annotated[ProcedureDeclaration, Field()])


def parse(
    values: Mapping[str, object], features: Mapping[str, FeatureSet], where: tuple[str, ...] = ()
) -> ProcedureDeclaration:
    """A declaration from plain data (TOML, JSON), which lies at the keys `where` of a file.

    Raises DeclarationError with the first contradiction; its `path` are the keys that lead there.
    """
    try:
        found = _ADAPTER.validate_python(dict(values))
    except ValidationError as error:
        first: Any = error.errors()[0]
        path = (*where, *first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ")
        raise DeclarationError(f"{'.'.join(map(str, path))}: {message}.", path) from None
    path = (*where, "features")
    if found.features not in features:
        known = suggest(found.features, features)
        raise DeclarationError(f"{'.'.join(path)}: no features are called {found.features}{known}.", path)
    try:
        found.render(features[found.features])
    except DeclarationError as error:
        raise DeclarationError(f"{'.'.join(where)}: {error}", where) from None
    return found
