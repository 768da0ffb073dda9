"""Format files of bulk operations: what the fields of a data file are, and which column each of them fills.

Two kinds are known, the one with a line for each field and XML. Source: "Non-XML format files", "XML format files",
"Use a format file to skip a table column" of sql-docs; the messages 4820 to 4829, 4839, 4855 to 4859 and 4862.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pymlsql.embedded.tsql.formatfields import FormatColumn, FormatField, FormatFile, check_collation, terminator_of
from pymlsql.embedded.tsql.formatxml import parse_xml_format
from pymlsql.embedded.tsql.messages import sql_error, unsupported
from pymlsql.embedded.tsql.types import SqlType, nvarchar, varchar

_MOST_FIELDS = 1024
_NEWEST = 16.0
_CHARS = {"SQLCHAR": False, "SQLNCHAR": True}
_NATIVE = frozenset(
    """SQLBIGINT SQLBINARY SQLBIT SQLDATE SQLDATETIM4 SQLDATETIME SQLDATETIME2 SQLDATETIMEOFFSET SQLDECIMAL SQLFLT4
    SQLFLT8 SQLIMAGE SQLINT SQLMONEY SQLMONEY4 SQLNTEXT SQLNUMERIC SQLNVARCHAR SQLSMALLINT SQLTEXT SQLTIME SQLTINYINT
    SQLUDT SQLUNIQUEID SQLVARBINARY SQLVARCHAR SQLVARIANT SQLVARYBIN SQLVARYCHAR SQLXML""".split()
)
_TOKEN = re.compile(r'"((?:\\.|[^"\\])*)"|(\S+)')


def parse_format_file(data: bytes, path: str) -> FormatFile:
    """The fields and columns that a format file describes. Raises 482x, 485x; refuses binary fields by name."""
    text = _decoded(data, path)
    if text.lstrip().startswith("<"):
        return parse_xml_format(text, path)
    return _parse_lines(text, path)


def _decoded(data: bytes, path: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if not data.removeprefix(b"\xef\xbb\xbf").isascii():
        raise unsupported("a format file with characters outside of ASCII")
    return data.removeprefix(b"\xef\xbb\xbf").decode("ascii")


@dataclass(frozen=True, slots=True)
class _Line:
    """One field of the older kind, and the column that it fills: its number in the table, 0 for none."""

    field: FormatField
    order: int
    type: SqlType


def _parse_lines(text: str, path: str) -> FormatFile:
    lines = text.split("\n")
    complete, lines = lines[-1] == "", [line.strip("\r") for line in lines[:-1]]
    if not lines or not re.fullmatch(r"\s*\d+(\.\d+)?\s*", lines[0]):
        raise sql_error(4820, path)
    if float(lines[0]) > _NEWEST:
        raise unsupported(f"a format file of version {lines[0].strip()}")
    if len(lines) < 2 or not lines[1].strip().isdecimal():
        raise sql_error(4821, path)
    count = int(lines[1])
    if not 0 < count <= _MOST_FIELDS:
        raise sql_error(4822, path)
    if len(lines) < 2 + count or (not complete and len(lines) == 2 + count and text.split("\n")[-1].strip()):
        raise sql_error(4862, path, "(null)")
    if any(line.strip() for line in lines[2 + count :]):
        raise unsupported("a format file with more lines than fields")
    return _file([_parse_line(line, number, path) for number, line in enumerate(lines[2 : 2 + count], 1)])


def _parse_line(line: str, number: int, path: str) -> _Line:
    tokens = [(found[1] if found[1] is not None else found[2], found[1] is not None) for found in _TOKEN.finditer(line)]
    if not tokens or tokens[0][0] != str(number):
        raise sql_error(4823, path)
    tokens += [("", False)] * (8 - len(tokens))
    _, kind, prefix, length, terminator, order, name, collation, *rest = tokens
    if kind[0].upper() not in _CHARS:
        if kind[0].upper() in _NATIVE:
            raise unsupported(f"a format file with fields of type {kind[0].upper()}")
        raise sql_error(4824, number, path)
    if prefix[0] not in ("0", "1", "2", "4", "8"):
        raise sql_error(4825, number, path)
    if prefix[0] != "0":
        raise unsupported("a format file with fields behind a length")
    if not length[0].isdecimal():
        raise sql_error(4826, number, path)
    if not terminator[1]:
        raise sql_error(4827, number, path)
    if not order[0].isdecimal():
        raise sql_error(4828, number, path)
    if not name[0]:
        raise sql_error(4829, number, path)
    if rest or not (collation[0] or collation[1]):
        raise unsupported("a format file with lines of other than eight parts")
    check_collation(collation[0], number, path)
    wide, size = _CHARS[kind[0].upper()], int(length[0])
    type_ = nvarchar(min(size // 2, 4000) or 4000) if wide else varchar(min(size, 8000) or 8000)
    ending = terminator_of(terminator[0])
    return _Line(FormatField(wide, 0 if ending else size, ending, name[0]), int(order[0]), type_)


def _file(lines: list[_Line]) -> FormatFile:
    filled = sorted((line.order, index) for index, line in enumerate(lines) if line.order)
    if len({order for order, _ in filled}) < len(filled):
        raise unsupported("a format file with two fields for a column")
    columns = tuple(
        FormatColumn(lines[index].field.name, lines[index].type, index, order=order) for order, index in filled
    )
    return FormatFile(tuple(line.field for line in lines), columns)
