"""OBJECTPROPERTY, COLUMNPROPERTY, INDEXPROPERTY, TYPEPROPERTY and what sessions know of themselves.

Source: the pages of these functions in sql-docs. A property that SQL Server has and that is not known here is refused;
NULL is said of what is no property.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pymlsql.embedded.engine.catalog import Key, Module, Table
from pymlsql.embedded.engine.frame import Frame
from pymlsql.embedded.engine.security.visibility import sees_object
from pymlsql.embedded.engine.system_views.datatypes import DATA_TYPES
from pymlsql.embedded.tsql.messages import unsupported
from pymlsql.embedded.tsql.types import MAX, SqlType

if TYPE_CHECKING:
    from pymlsql.embedded.engine.session import Session

Object = Table | Module


def _is(*kinds: str) -> Callable[[Object], int]:
    return lambda found: int((found.kind if isinstance(found, Module) else "U") in kinds)


def _has(test: Callable[[Table], object]) -> Callable[[Object], int | None]:
    """A property of tables, NULL for others."""
    return lambda found: int(bool(test(found))) if isinstance(found, Table) else None


def _index(test: Callable[[Key], bool]) -> Callable[[Object], int | None]:
    return _has(lambda table: any(test(key) for key in table.keys))


_OBJECT: dict[str, Callable[[Object], Any]] = {
    "istable": _is("U"), "isusertable": _is("U"), "isview": _is("V"), "isprocedure": _is("P"),
    "isinlinefunction": _is("IF"), "istablefunction": _is("IF", "TF"), "isscalarfunction": _is("FN"),
    "issystemtable": _is("S"), "istrigger": _is("TR"), "isrule": _is("R"), "isdefault": _is("D"),
    "isconstraint": _is("C"), "isprimarykey": _is("PK"), "isforeignkey": _is("F"), "ischeckcnst": _is("C"),
    "isuniquecnst": _is("UQ"), "isdefaultcnst": _is("D"), "isqueue": _is("SQ"), "isextendedproc": _is("X"),
    "isreplproc": _is("RF"), "ismsshipped": lambda found: 0,
    "tablehasprimarykey": _has(lambda table: table.primary_key), "tablehasidentity": _has(lambda table: table.identity),
    "tablehasforeignkey": _has(lambda table: table.foreign_keys), "tablehascheckcnst": _has(lambda table: table.checks),
    "tablehasuniquecnst": _index(lambda key: key.kind == "unique"),
    "tablehasdefaultcnst": _has(lambda table: any(column.default for column in table.columns)),
    "tablehasindex": _has(lambda table: table.keys), "tablehasclustindex": _index(lambda key: key.clustered),
    "tablehasnonclustindex": _index(lambda key: not key.clustered),
    "execisansinullson": lambda found: int(found.ansi_nulls) if isinstance(found, Module) else None,
    "execisquotedidenton": lambda found: int(found.quoted_identifier) if isinstance(found, Module) else None,
}  # fmt: skip
_OBJECT_ELSEWHERE = frozenset(
    """cnstisclustkey cnstiscolumn cnstisdeletecascade cnstisdisabled cnstisnonclustkey cnstisnotrepl cnstisnottrusted
    cnstisupdatecascade execisafterTrigger execisdeletetrigger execisfirstdeletetrigger execisinserttrigger
    execisstartup execistriggerdisabled execisupdatetrigger hasafterTrigger hasinserttrigger isansinullson
    isdeterministic isexecuted isencrypted isindexable isindexed isprecise isschemabound issystemverified ownerid
    schemaid systemdataaccess tabledeletetrigger tablefulltextcatalogid tablehasactivefulltextindex
    tablehasdeletetrigger tablehasinserttrigger tablehasrowguidcol tablehastextimage tablehastimestamp
    tablehasupdatetrigger tableinserttrigger tableisfake tableislockedonbulkload tableispinned tabletextinrowlimit
    tableupdatetrigger tablehasvardecimalstorageformat userdataaccess basetype cardinality isquotedidenton
    tabletemporaltype tableismemoryoptimized""".lower().split()
)


def _by_id(session: Session, text: str) -> Object | None:
    number = int(float(text))
    found = session.catalog.by_id(number)
    if found is None:
        return next((table for table in session.temporary.values() if table.object_id == number), None)
    return found if sees_object(session.identity, found) else None


def _object_property(session: Session, frame: Frame, args: list[str]) -> Any:
    found, name = _by_id(session, args[0]), args[1].strip().lower()
    if name in _OBJECT_ELSEWHERE:
        raise unsupported(f"OBJECTPROPERTY {args[1]}")
    test = _OBJECT.get(name)
    return None if found is None or test is None else test(found)


def _object_property_ex(session: Session, frame: Frame, args: list[str]) -> str | None:
    found = _by_id(session, args[0])
    if args[1].strip().lower() == "basetype" and found is not None:
        return found.kind if isinstance(found, Module) else "U"
    value = _object_property(session, frame, args)
    return None if value is None else str(value)


def _measures(type_: SqlType) -> tuple[int | None, int | None]:
    """Precision and scale as COLUMNPROPERTY tells them: characters of strings, digits of numbers and times."""
    if type_.is_string or type_.is_binary:
        return (-1 if type_.length == MAX else type_.length), None
    if type_.name == "decimal":
        return type_.precision, type_.scale
    row = next((row for row in DATA_TYPES if row.name == type_.name), None)
    if row is None or not row.precision:
        return None, None
    if type_.name in ("time", "datetime2", "datetimeoffset"):
        return row.precision - 7 - 1 + type_.scale + (type_.scale > 0), type_.scale
    return row.precision, None if type_.is_approximate else row.scale


def _column_property(session: Session, frame: Frame, args: list[str]) -> int | None:
    found, name, wanted = _by_id(session, args[0]), args[1].lower(), args[2].strip().lower()
    if found is None:
        return None
    column: Any = next((column for column in found.columns if column.name.lower() == name), None)
    if column is None:
        if isinstance(found, Module) and name.startswith("@"):
            raise unsupported("COLUMNPROPERTY of a parameter")
        return None
    computed = bool(getattr(column, "computed", None))
    number = getattr(column, "column_id", None) or list(found.columns).index(column) + 1
    precision, scale = _measures(column.type)
    known = {
        "allowsnull": int(column.nullable), "columnid": number, "precision": precision, "scale": scale,
        "isidentity": int(bool(getattr(column, "identity", None))), "iscomputed": int(computed),
        "isrowguidcol": 0, "issparse": 0, "iscolumnset": 0, "isfulltextindexed": 0, "isidnotforrepl": 0,
        "isxmlindexable": 0, "iscursortype": None, "isoutparam": None, "statisticalsemantics": 0,
        "usesansitrim": 1 if column.type.is_string or column.type.is_binary else None,
    }  # fmt: skip
    if wanted in ("isdeterministic", "isprecise", "issystemverified", "systemdataaccess", "userdataaccess", "ishidden",
                  "generatedalwaystype", "isindexable", "fulltexttypecolumn"):  # fmt: skip
        raise unsupported(f"COLUMNPROPERTY {args[2]}")
    return known.get(wanted)


def _index_property(session: Session, frame: Frame, args: list[str]) -> int | None:
    table, wanted = _by_id(session, args[0]), args[2].strip().lower()
    if not isinstance(table, Table):
        return None
    key = next((key for key in table.keys if key.name.lower() == args[1].lower()), None)
    if key is None:
        return None
    if wanted in ("indexdepth", "isfulltextkey"):
        raise unsupported(f"INDEXPROPERTY {args[2]}")
    return {"indexid": key.index_id, "isclustered": int(key.clustered), "isunique": int(key.unique),
            "iscolumnstore": int(key.columnstore), "isdisabled": 0, "ishypothetical": 0, "isautostatistics": 0,
            "isstatistics": 0, "ispadindex": 0, "ispagelockdisallowed": 0, "isrowlockdisallowed": 0,
            "indexfillfactor": 0, "isoptimizedforsequentialkey": 0}.get(wanted)  # fmt: skip


def _type_property(session: Session, frame: Frame, args: list[str]) -> int | None:
    name = args[0].lower().removeprefix("sys.").strip("[]")
    row = next((row for row in DATA_TYPES if row.name == name), None)
    if row is None:
        return None
    textual = row.is_character or "binary" in row.name
    n_characters = row.max_length // (2 if row.name in ("nchar", "nvarchar") else 1) if textual else None
    precision = row.precision or n_characters
    scaled = row.precision and row.name not in ("float", "real")
    return {"precision": precision, "scale": row.scale if scaled else None, "allowsnull": int(row.nullable),
            "ownerid": 4, "usesansitrim": 1 if textual else None}.get(args[1].strip().lower())  # fmt: skip


def _session_property(session: Session, frame: Frame, args: list[str]) -> str | None:
    options = session.options
    known = {
        "ansi_nulls": options.ansi_nulls, "ansi_padding": options.ansi_padding, "ansi_warnings": options.ansi_warnings,
        "arithabort": options.arithabort, "concat_null_yields_null": options.concat_null_yields_null,
        "numeric_roundabort": False, "quoted_identifier": options.quoted_identifier,
    }  # fmt: skip
    value = known.get(args[0].strip().lower())
    return None if value is None else str(int(value))


def _identity_part(place: int) -> Callable[[Session, Frame, list[str]], Decimal | None]:
    def value(session: Session, frame: Frame, args: list[str]) -> Decimal | None:
        from pymlsql.embedded.engine.runtime import find_object

        found = find_object(session, args[0])
        if not isinstance(found, Table) or found.identity is None or found.identity.identity is None:
            return None
        return Decimal(found.identity.identity[place])

    return value


PROPERTY_VALUES: dict[str, Callable[[Session, Frame, list[str]], Any]] = {
    "OBJECTPROPERTY": _object_property,
    "OBJECTPROPERTYEX": _object_property_ex,
    "COLUMNPROPERTY": _column_property,
    "INDEXPROPERTY": _index_property,
    "TYPEPROPERTY": _type_property,
    "SESSIONPROPERTY": _session_property,
    "IDENT_SEED": _identity_part(0),
    "IDENT_INCR": _identity_part(1),
    "GETANSINULL": lambda s, f, a: 1,
    "STATS_DATE": lambda s, f, a: None,
    "ORIGINAL_DB_NAME": lambda s, f, a: str(s.home),
    "CONTEXT_INFO": lambda s, f, a: s.context_info,
    "SESSION_CONTEXT": lambda s, f, a: s.session_context.get(a[0].lower(), (None, False))[0],
}
"""Run-time values by the names of their functions."""
