"""What a project file says of procedures, in tables [procedures.NAME]: their `kind` decides which words they know."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from pydantic import ValidationError

from pymlsql.errors import DeclarationError
from pymlsql.features import FeatureSet
from pymlsql.procedures.batch import Batch
from pymlsql.procedures.evaluation import Evaluate
from pymlsql.procedures.json_text import Json
from pymlsql.procedures.purge import Purge
from pymlsql.procedures.rows import Rows
from pymlsql.procedures.single import Single
from pymlsql.procedures.train import Train
from pymlsql.quoting import qualified
from pymlsql.wording import first_error, suggest

ProcedureDeclaration = Batch | Evaluate | Purge | Single | Json | Rows | Train
"""Any of them: a union of the classes of KINDS."""

KINDS: Mapping[str, type[ProcedureDeclaration]] = MappingProxyType({
    "batch": Batch, "evaluate": Evaluate, "purge": Purge, "single": Single, "json": Json, "rows": Rows,
    "train": Train,
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
        place, message, _ = first_error(error, KINDS[kind])
        raise DeclarationError(f"{'.'.join(map(str, (*where, *place)))}: {message}.", (*where, *place)) from None
    path = (*where, "features")
    if found.features not in features:
        known = suggest(found.features, features)
        raise DeclarationError(f"{'.'.join(path)}: no features are called {found.features}{known}.", path)
    with _placed(where):
        found.render(features[found.features])
    return found


def check_together(found: Mapping[str, ProcedureDeclaration], features: Mapping[str, FeatureSet]) -> None:
    """Raise DeclarationError where procedures of one project contradict each other, or make one object."""
    makers: dict[str, str] = {}
    for name, one in found.items():
        with _placed(("procedures", name)):
            one.check_others(found.values())
            for module in one.render(features[one.features]):
                other = makers.setdefault(qualified(module.name).lower(), name)
                if other != name:
                    raise DeclarationError(f"procedures.{other} makes {module.name} too")


@contextmanager
def _placed(where: tuple[str, ...]) -> Generator[None]:
    """Errors with the keys of the procedure before their own."""
    try:
        yield
    except DeclarationError as error:
        shown, end = ".".join(where), "" if str(error).endswith(".") else "."
        raise DeclarationError(f"{shown}{'.' if error.path else ': '}{error}{end}", (*where, *error.path)) from None
