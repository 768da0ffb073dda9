"""What sp_help tells of data types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.answers import send_table
from pymlsql.embedded.engine.runtime import asked_value, split_name
from pymlsql.embedded.engine.system_views import COLLATION
from pymlsql.embedded.engine.system_views.datatypes import DATA_TYPES, type_fact
from pymlsql.embedded.engine.typeentries import UserType
from pymlsql.embedded.tsql.lengths import stored_length
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.types import INT, SMALLINT, SYSNAME, SqlType, nvarchar, varchar

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

_COLUMNS: list[tuple[str, SqlType]] = [
    ("Storage_type", SYSNAME), ("Length", SMALLINT), ("Prec", INT), ("Scale", INT), ("Nullable", varchar(35)),
    ("Default_name", nvarchar(128)), ("Rule_name", nvarchar(128)), ("Collation", SYSNAME),
]  # fmt: skip


def send_type(session: Session, name: str) -> bool:
    """The row of a type, one's own before the system's; False where there is none."""
    parts = split_name(name)
    row = _own(session, parts) or _system(session, parts)
    if row is None:
        return False
    send_table(session, [("Type_name", SYSNAME), *_COLUMNS], [row])
    return True


def send_user_types(session: Session) -> None:
    """The types that users have made."""
    found = sorted(session.catalog.entries(UserType), key=lambda one: one.name.lower())
    send_table(session, [("User_type", SYSNAME), *_COLUMNS], [_row_of(one) for one in found])


def _own(session: Session, parts: tuple[str, ...]) -> tuple[Any, ...] | None:
    schemas = (parts[-2],) if len(parts) > 1 else session.path()
    found = (session.catalog.entry(UserType, f"{schema}.{parts[-1]}") for schema in schemas)
    return next((_row_of(one) for one in found if one is not None), None)


def _row_of(found: UserType) -> tuple[Any, ...]:
    base = found.base
    if base is None:
        return found.name, "table type", -1, 0, None, "no", "none", "none", None
    precision, scale = measures(base)
    return (found.name, base.name, stored_length(base), precision, scale, "yes" if found.nullable else "no", "none",
            "none", COLLATION if base.is_string else None)  # fmt: skip


def _system(session: Session, parts: tuple[str, ...]) -> tuple[Any, ...] | None:
    if len(parts) > 1 and parts[-2].lower() != "sys":
        return None
    found = next((one for one in DATA_TYPES if one.name == parts[-1].lower()), None)
    if found is None:
        return None
    if found.is_assembly_type or found.name in ("text", "ntext", "image", "xml", "sql_variant", "sysname"):
        raise unsupported(f"sp_help of {found.name}")
    precision, scale = (asked_value(session, "TYPEPROPERTY", [found.name, what]) for what in ("precision", "scale"))
    return (found.name, found.name, found.max_length, precision, scale, "yes" if found.nullable else "no", "none",
            "none", COLLATION if found.is_character else None)  # fmt: skip


def measures(type_: SqlType) -> tuple[int, int | None]:
    """Precision and scale as ODBC counts them: characters or bytes of strings, no scale of what has no digits."""
    if type_.is_string or type_.is_binary:
        return type_.length, None
    if type_.name == "uniqueidentifier":
        return 16, None
    fact = type_fact(type_)
    scale = fact["scale"] if type_.name not in ("float", "real", "bit", "timestamp") else None
    return int(str(fact["precision"])), None if scale is None else int(str(scale))
