"""Prediction procedures and the modules under them: declared, rendered, deployed and recorded.

`CREATE OR ALTER` modules (functions, views, procedures) are not migrations: `apply` deploys today's text, each in its
own batch, and writes to ml.deployments what was there before.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pymlsql import __version__, pinning, quoting, scripts, signing, templates
from pymlsql.errors import DeclarationError
from pymlsql.features.declaration import FeatureSet
from pymlsql.features.rendering import Plan
from pymlsql.features.terms import Column, Name, Parameter, Qualified, Type
from pymlsql.signing import Signing

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

CHUNK_ROWS = 100_000
"""Rows of one call of the script: SQL Server's external resource pool may use a fifth of the memory by default."""

SCORE_SCRIPT = "score"

EXAMPLE = "pymlsql.examples.pdm.declaration:render_all"
"""The declaration that is applied where no other is named."""

ObjectType = Literal["function", "view", "procedure"]

_TEXTS = ("char", "nchar", "varchar", "nvarchar")
_TIMES = ("date", "datetime", "smalldatetime")
_NUMBERS = ("float", "real", "bigint", "int", "smallint", "tinyint", "bit", "decimal", "numeric", "money", "smallmoney")


class ScoringProcedure(BaseModel):
    """A procedure that scores rows of a view or table, with all that its template prints.

    `function` and `slots` are inline functions over (entity, since, until); without them `source` itself is
    filtered. Classes come in the order of their probability columns p_{class}; the first is the harmless one, so that
    the rows with the least of it are the most urgent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Qualified
    source: Qualified
    function: Qualified | None = None
    slots: Qualified | None = None
    entity: Column
    parameter: Parameter
    time: Name
    features: tuple[Column, ...] = Field(min_length=1)
    classes: tuple[str, ...] = Field(min_length=2)
    predicted_type: Type = "nvarchar(20)"
    predictions: Qualified
    served: Qualified
    model: Name
    alias: Name = "champion"
    chunk_rows: int = Field(default=CHUNK_ROWS, ge=1, le=10_000_000)

    @classmethod
    def over(cls, features: FeatureSet, *, name: str, predictions: str, served: str, model: str) -> ScoringProcedure:
        """A procedure over a declared feature view. Raises DeclarationError for one that no procedure can score yet."""
        if len(features.entity) != 1 or features.time is None or features.label is None or not features.label.classes:
            raise DeclarationError(f"{features.view} needs one entity key, a time key and a label with classes.")
        return cls(
            name=name,
            source=features.view,
            function=features.function,
            slots=features.slots,
            entity=features.keys[0],
            parameter=features.entity[0].parameter,
            time=features.time,
            features=features.features,
            classes=features.label.classes,
            predicted_type=features.label.sql_type,
            predictions=predictions,
            served=served,
            model=model,
        )

    @property
    def probabilities(self) -> tuple[str, ...]:
        """The probability columns, in the order of the classes."""
        return tuple(f"p_{name}" for name in self.classes)

    @property
    def columns_json(self) -> str:
        """What the script is told of the feature columns: names and types as the view has them."""
        return json.dumps([column.model_dump() for column in self.features], separators=(", ", ": "))

    @property
    def classes_json(self) -> str:
        """What the script is told of the classes."""
        return json.dumps(self.classes)

    @property
    def feature_rows(self) -> str:
        """T-SQL row source: keys and features of the range @since to @until."""
        return self._rows(self.function)

    @property
    def slot_rows(self) -> str:
        """T-SQL row source: the keys alone."""
        return self._rows(self.slots)

    @property
    def signing(self) -> Signing:
        """What its callers need not have: the script reads a temporary table only, so no SELECT is among it."""
        return Signing(self.name, looked_up=(self.source,))

    def staged_type(self, column: Column) -> str:
        """How a feature column travels to the script: numbers as float, text and times as they are."""
        return "float" if _kind(column) == "number" else column.sql_type

    def _rows(self, function: str | None) -> str:
        if function is not None:
            return f"{quoting.qualified(function)} (@{self.parameter}, @since, @until)"
        entity, time = quoting.ident(self.entity.name), quoting.ident(self.time)
        return (
            f"(SELECT t.* FROM {quoting.qualified(self.source)} AS t"
            f" WHERE (@{self.parameter} IS NULL OR t.{entity} = @{self.parameter})"
            f" AND (@since IS NULL OR t.{time} >= @since) AND (@until IS NULL OR t.{time} <= @until))"
        )

    @model_validator(mode="after")
    def _consistent(self) -> ScoringProcedure:
        if self.parameter.lower() in ("since", "until", "unscored", "model", "alias", "persist", "run_id"):
            raise ValueError(f"the procedure has a parameter @{self.parameter} of its own")
        for column in self.features:
            _kind(column)
        names = [name.lower() for name in self.probabilities]
        if len(set(names)) != len(names):
            raise ValueError("two classes differ in case only: SQL Server takes their columns for one")
        for name in self.probabilities:
            quoting.ident(name)
        return self


def _kind(column: Column) -> Literal["number", "text", "time"]:
    """How Python takes a column. Raises DeclarationError for a type that a script cannot take."""
    base = column.sql_type.partition("(")[0]
    if base in _NUMBERS:
        return "number"
    if base in _TEXTS:
        return "text"
    if base in _TIMES:
        return "time"
    raise DeclarationError(
        f"The feature {column.name} is {column.sql_type}, which no script takes: CAST it in the view."
    )


@dataclass(frozen=True, slots=True)
class Module:
    """One CREATE OR ALTER batch: its name, kind and text, how it is to be signed, and which roles may execute it."""

    name: str
    type: ObjectType
    text: str
    signing: Signing | None = None
    granted_to: tuple[str, ...] = ()

    @property
    def grants(self) -> str | None:
        """GRANT EXECUTE for the roles, where there are any; an ALTER keeps it."""
        roles = ", ".join(map(quoting.ident, self.granted_to))
        return f"GRANT EXECUTE ON OBJECT::{quoting.qualified(self.name)} TO {roles};" if roles else None


@dataclass(frozen=True, slots=True)
class Deployment:
    """What `apply` did to one module; `changed` is False where the server had this very text already."""

    name: str
    type: ObjectType
    changed: bool


def render_features(features: FeatureSet) -> tuple[Module, ...]:
    """The functions and the view of a feature set, in the order in which they can be created."""
    plan = Plan(features)
    return (
        _module(features.slots, "function", templates.render("functions/slots.sql.j2", plan=plan)),
        _module(features.function, "function", templates.render("functions/features.sql.j2", plan=plan)),
        _module(features.view, "view", templates.render("views/features.sql.j2", plan=plan)),
    )


def render_procedure(procedure: ScoringProcedure) -> tuple[Module, ...]:
    """The procedure and the view of what it has predicted."""
    text = templates.render("procedures/predict.sql.j2", procedure=procedure, script=scripts.read(SCORE_SCRIPT))
    return (
        Module(quoting.qualified(procedure.name), "procedure", text, procedure.signing),
        _module(procedure.served, "view", templates.render("views/predictions.sql.j2", procedure=procedure)),
    )


def render_script(modules: Sequence[Module], *, sign: bool = True) -> str:
    """The modules as one script with GO, for sqlcmd and SSMS; behind them, unless told otherwise, their signatures."""
    head = "SET QUOTED_IDENTIFIER ON;\nSET ANSI_NULLS ON;\nGO\n"
    script = ":on error exit\n" + head + "".join(f"{module.text.rstrip()}\nGO\n" for module in modules)
    script += "".join(f"{module.grants}\nGO\n" for module in modules if module.grants)
    batches = [signing.render(found) for found in _signings(modules)] if sign else []
    return script + "".join(f"{_SIGN_HEAD}{batch.rstrip()}\nGO\n{_SIGN_TAIL}" for batch in batches)


_SIGN_HEAD = "SET XACT_ABORT ON;\nBEGIN TRANSACTION;\nGO\n"
_SIGN_TAIL = "COMMIT TRANSACTION;\nSET XACT_ABORT OFF;\nGO\n"


def _signings(modules: Sequence[Module]) -> list[Signing]:
    return [module.signing for module in modules if module.signing is not None]


def find_modules(declaration: str = EXAMPLE) -> tuple[Module, ...]:
    """The modules of a declaration named `package.module:function`, a function without arguments that gives them.

    Raises DeclarationError where there is no such function.
    """
    module_name, _, function_name = declaration.partition(":")
    try:
        found: Callable[[], tuple[Module, ...]] = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DeclarationError(f"{declaration!r} does not name a function package.module:function ({error}).") from None
    return found()


def render_all(declaration: str = EXAMPLE, *, sign: bool = True, trusted: Iterable[bytes] = ()) -> str:
    """All modules of a declaration as one script with GO, and the signatures of its procedures.

    `trusted` are the public keys that the procedures pin.
    """
    return render_script(_pinned(find_modules(declaration), trusted), sign=sign)


def apply(connection: Connection, declaration: str = EXAMPLE, *, sign: bool = True,
          trusted: Iterable[bytes] | None = None) -> list[str]:  # fmt: skip
    """Deploy all modules of a declaration, record those that changed and sign the procedures; the names of all."""
    modules = find_modules(declaration)
    return [deployment.name for deployment in deploy(connection, modules, sign=sign, trusted=trusted)]


def deploy(connection: Connection, modules: Sequence[Module], *, sign: bool = True,
           trusted: Iterable[bytes] | None = None) -> list[Deployment]:  # fmt: skip
    """Create or alter modules in order, each in its own batch, and record in ml.deployments those that changed.

    SQL Server keeps another text than it is sent (CREATE OR ALTER becomes CREATE), so what is compared and recorded is
    what sys.sql_modules shows before and after. An ALTER takes a procedure's signature, so signing comes last, and each
    time. All in the caller's transaction: give it one, and it is all or none.

    `trusted` are the public keys that procedures which load models pin; None keeps those that the database trusts.
    """
    modules = _pinned(modules, read_trusted(connection) if trusted is None else trusted)
    deployed = [_deploy(connection, module) for module in modules]
    for module in modules:
        if module.grants:
            connection.exec_driver_sql(module.grants)
    for found in _signings(modules) if sign else ():
        signing.sign(connection, found)
    return deployed


_DEFINITION = "SELECT definition FROM sys.sql_modules WHERE object_id = OBJECT_ID(?)"

_RECORD = (
    "INSERT INTO ml.deployments (object_name, object_type, definition_sha256, definition, former_definition,"
    " package_version) VALUES (?, ?, ?, ?, ?, ?)"
)


def read_trusted(connection: Connection) -> frozenset[bytes]:
    """The public keys that the database trusts: those in the text of ml.CheckModel."""
    text = connection.exec_driver_sql(_DEFINITION, (pinning.AUTHORITY,)).scalar()
    return frozenset() if text is None else pinning.pinned(text)


def _pinned(modules: Sequence[Module], keys: Iterable[bytes]) -> tuple[Module, ...]:
    keys = tuple(keys)
    return tuple(dataclasses.replace(module, text=pinning.pin(module.text, keys)) for module in modules)


def _deploy(connection: Connection, module: Module) -> Deployment:
    former = connection.exec_driver_sql(_DEFINITION, (module.name,)).scalar()
    connection.exec_driver_sql("SET QUOTED_IDENTIFIER ON; SET ANSI_NULLS ON;")
    connection.exec_driver_sql(module.text)
    stored = connection.exec_driver_sql(_DEFINITION, (module.name,)).scalar()
    if stored is None:
        raise DeclarationError(f"{module.name} was deployed, but this login may not see it: grant VIEW DEFINITION.")
    if stored == former:
        return Deployment(module.name, module.type, changed=False)
    sha256 = hashlib.sha256(stored.encode("utf-16-le")).digest()
    connection.exec_driver_sql(_RECORD, (module.name, module.type, sha256, stored, former, __version__))
    return Deployment(module.name, module.type, changed=True)


def _module(name: str, kind: ObjectType, text: str) -> Module:
    return Module(quoting.qualified(name), kind, text)
