"""What a project file says of procedures, in tables [procedures.NAME]: their `kind` decides which words they know."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from pymlsql.errors import DeclarationError
from pymlsql.features import FeatureSet
from pymlsql.features.checks import suggest
from pymlsql.procedures.batch import Batch
from pymlsql.procedures.json_text import Json
from pymlsql.procedures.rows import Rows
from pymlsql.procedures.single import Single

ProcedureDeclaration = Batch | Single | Json | Rows
"""Any of them: a union of the classes of KINDS."""

KINDS: Mapping[str, type[ProcedureDeclaration]] = MappingProxyType({
    "batch": Batch, "single": Single, "json": Json, "rows": Rows,
})  # fmt: skip
"""The class of each `kind`."""


def parse(
    values: Mapping[str, object], features: Mapping[str, FeatureSet], where: tuple[str, ...] = ()
) -> ProcedureDeclaration:
    """A declaration from plain data (TOML, JSON), which lies at the keys `where` of a file.

    Raises DeclarationError with the first contradiction; its `path` are the keys that lead there.
    """
    kind = values.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        path = (*where, "kind") if "kind" in values else where
        raise DeclarationError(f"{'.'.join((*where, 'kind'))}: no kind of procedure{suggest(str(kind), KINDS)}.", path)
    try:
        found = KINDS[kind].model_validate(dict(values))
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
        shown, end = ".".join(where), "" if str(error).endswith(".") else "."
        raise DeclarationError(f"{shown}{'.' if error.path else ': '}{error}{end}", (*where, *error.path)) from None
    return found
