"""What a format file says, of either kind: the fields of a data file and the columns that they fill."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.types import SqlType

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "0": "\0", "\\": "\\", '"': '"'}
_COLLATIONS = re.compile(r"|RAW|SQL_Latin1_General_CP(1|437|850)_(BIN2?|C[IS]_A[IS])|Latin1_General(_100)?_"
                         r"(BIN2?|C[IS]_A[IS]\w*)", re.IGNORECASE)  # fmt: skip
_COLLATION_NAME = re.compile(r"\w+_(BIN2?|C[IS]_A[IS](_\w+)?)|\w+_Pref_\w+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FormatField:
    """A field of a data file: text that ``terminator`` ends, or of ``length`` bytes; ``wide`` in UTF-16."""

    wide: bool
    length: int
    terminator: str
    name: str = ""
    most: int = 0
    """MAX_LENGTH of an XML format file, 0 for none."""


@dataclass(frozen=True, slots=True)
class FormatColumn:
    """A column that the field with this index fills. ``order`` is its number in the table that rows go into."""

    name: str
    type: SqlType
    field: int
    nullable: bool = True
    order: int = 0


@dataclass(frozen=True, slots=True)
class FormatFile:
    """The fields in the order of the data file, the columns in the order of the rows. ``typed``: the columns' types are
    said by the file, so that a value is converted to them first."""

    fields: tuple[FormatField, ...]
    columns: tuple[FormatColumn, ...]
    typed: bool = False


def terminator_of(written: str) -> str:
    """A terminator as a format file writes it."""
    if written[:2].lower() == "0x":
        raise unsupported("a format file with terminators in base sixteen")
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), written)


def check_collation(name: str, number: int, path: str) -> None:
    """A field's collation says which code page its text has. Raises 4839; refuses others than those of Latin 1."""
    if _COLLATIONS.fullmatch(name):
        return
    if not _COLLATION_NAME.fullmatch(name):
        raise sql_error(4839, number, path)
    raise unsupported(f"a format file with collation {name}")
