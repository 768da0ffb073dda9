"""XML format files. Source: "XML format files (SQL Server)" of sql-docs, and the messages 4855 to 4859."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from pymlsql.embedded.tsql.formatfields import FormatColumn, FormatField, FormatFile, check_collation, terminator_of
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported
from pymlsql.embedded.tsql.types import MAX, SqlType, decimal, nvarchar, varbinary, varchar

_NAMESPACE = "http://schemas.microsoft.com/sqlserver/2004/bulkload/format"
_TYPE = "http://www.w3.org/2001/XMLSchema-instance type"
_TREE = {"": ("BCPFORMAT",), "BCPFORMAT": ("RECORD", "ROW"), "RECORD": ("FIELD",), "ROW": ("COLUMN",)}
_FIELDS = {"CharTerm": False, "CharFixed": False, "NCharTerm": True, "NCharFixed": True}
_BINARY_FIELDS = frozenset({"NativeFixed", "NativePrefix", "CharPrefix", "NCharPrefix"})
_COLUMNS = {
    "SQLBIT": "bit", "SQLTINYINT": "tinyint", "SQLSMALLINT": "smallint", "SQLINT": "int", "SQLBIGINT": "bigint",
    "SQLFLT4": "real", "SQLFLT8": "float", "SQLDATETIME": "datetime", "SQLDATETIM4": "smalldatetime",
    "SQLMONEY": "money", "SQLMONEY4": "smallmoney", "SQLUNIQUEID": "uniqueidentifier", "SQLDATE": "date",
}  # fmt: skip
_SCALED = {"SQLDATETIME2": "datetime2", "SQLTIME": "time", "SQLDATETIMEOFFSET": "datetimeoffset"}
_SIZED = {"SQLCHAR": "char", "SQLVARYCHAR": "varchar", "SQLNCHAR": "nchar", "SQLNVARCHAR": "nvarchar",
          "SQLBINARY": "binary", "SQLVARYBIN": "varbinary"}  # fmt: skip
_OTHERS = frozenset({"SQLVARIANT", "SQLIMAGE", "CharLOB", "SQLTEXT", "SQLNTEXT", "SQLUDT", "SQLDATETIM8", "SQLXML"})


@dataclass(slots=True)
class _Reader:
    """The elements of a format file as the parser of XML tells them."""

    path: str
    line: int = 1
    open: list[str] = field(default_factory=list)
    fields: dict[str, FormatField] = field(default_factory=dict)
    columns: list[FormatColumn] = field(default_factory=list)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if space != _NAMESPACE:
            raise unsupported(f"a format file with the namespace {space}")
        if local not in _TREE.get(self.open[-1] if self.open else "", ()):
            raise sql_error(4855, self.line, self.path, local)
        self.open.append(local)
        if local == "FIELD":
            self._field(attributes)
        elif local == "COLUMN":
            self._column(attributes)

    def end(self, _: str) -> None:
        self.open.pop()

    def text(self, text: str) -> None:
        if text.strip():
            raise sql_error(4856, self.line, self.path)

    def _needed(self, attributes: Mapping[str, str], name: str) -> str:
        value = attributes.get(name)
        if value is None:
            raise sql_error(4859, self.line, self.path, name.removeprefix(_TYPE[:-4]))
        return value

    def _whole(self, attributes: Mapping[str, str], name: str, default: int = 0) -> int:
        value = attributes.get(name)
        if value is None:
            return default
        if not value.isdecimal():
            raise self._bad(value, name)
        return int(value)

    def _bad(self, value: str, name: str) -> SqlError:
        return sql_error(4858, self.line, self.path, value, name)

    def _allow(self, attributes: Mapping[str, str], *names: str) -> None:
        for name in attributes:
            if name not in (*names, _TYPE):
                raise sql_error(4857, self.line, self.path, name.rpartition(" ")[2])

    def _field(self, attributes: Mapping[str, str]) -> None:
        identifier, kind = self._needed(attributes, "ID"), self._needed(attributes, _TYPE)
        if kind in _BINARY_FIELDS:
            raise unsupported(f"a format file with fields of type {kind}")
        if kind not in _FIELDS:
            raise self._bad(kind, "type")
        if identifier in self.fields:
            raise self._bad(identifier, "ID")
        check_collation(attributes.get("COLLATION", ""), len(self.fields) + 1, self.path)
        if kind.endswith("Term"):
            self._allow(attributes, "ID", "TERMINATOR", "MAX_LENGTH", "COLLATION")
            ending = terminator_of(self._needed(attributes, "TERMINATOR"))
            if not ending:
                raise self._bad('""', "TERMINATOR")
            made = FormatField(_FIELDS[kind], 0, ending, identifier, self._whole(attributes, "MAX_LENGTH"))
        else:
            self._allow(attributes, "ID", "LENGTH", "COLLATION")
            self._needed(attributes, "LENGTH")
            made = FormatField(_FIELDS[kind], self._whole(attributes, "LENGTH"), "", identifier)
        self.fields[identifier] = made

    def _column(self, attributes: Mapping[str, str]) -> None:
        source, name = self._needed(attributes, "SOURCE"), self._needed(attributes, "NAME")
        if source not in self.fields:
            raise self._bad(source, "SOURCE")
        place = list(self.fields).index(source)
        if any(column.field == place for column in self.columns):
            raise unsupported("a format file with two columns of a field")
        nullable = attributes.get("NULLABLE", "YES")
        if nullable not in ("YES", "NO"):
            raise self._bad(nullable, "NULLABLE")
        type_ = self._type(attributes, self.fields[source])
        self.columns.append(FormatColumn(name, type_, place, nullable == "YES", len(self.columns) + 1))

    def _type(self, attributes: Mapping[str, str], source: FormatField) -> SqlType:
        common = ("SOURCE", "NAME", "NULLABLE")
        kind = attributes.get(_TYPE, "")
        if kind in _COLUMNS:
            self._allow(attributes, *common)
            return SqlType(_COLUMNS[kind])
        if kind in _SCALED:
            self._allow(attributes, *common, "SCALE", "PRECISION")
            return SqlType(_SCALED[kind], scale=min(self._whole(attributes, "SCALE", 7), 7))
        if kind in ("SQLDECIMAL", "SQLNUMERIC"):
            self._allow(attributes, *common, "PRECISION", "SCALE")
            precision, scale = self._whole(attributes, "PRECISION"), self._whole(attributes, "SCALE")
            if not scale <= precision <= 38 or not precision:
                raise unsupported(f"a format file with {kind} of precision {precision} and scale {scale}")
            return decimal(precision, scale)
        if kind in _SIZED:
            self._allow(attributes, *common, "LENGTH")
            return self._sized(kind, self._whole(attributes, "LENGTH") or source.most or source.length)
        if kind and kind not in _OTHERS:
            raise self._bad(kind, "type")
        raise unsupported(f"a format file with a column of {kind or 'no type'}")

    @staticmethod
    def _sized(kind: str, length: int) -> SqlType:
        name = _SIZED[kind]
        longest = 4000 if name in ("nchar", "nvarchar") else 8000
        size = MAX if length > longest else length or longest
        if name in ("char", "nchar", "binary"):
            return SqlType(name, length=longest if size == MAX else size)
        return {"varchar": varchar, "nvarchar": nvarchar, "varbinary": varbinary}[name](size)


def parse_xml_format(text: str, path: str) -> FormatFile:
    """The fields and columns of an XML format file. Raises 4855 to 4859; what is no XML is refused."""
    reader = _Reader(path)
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(name: str, attributes: dict[str, str]) -> None:
        reader.line = parser.CurrentLineNumber
        reader.start(name, attributes)

    def characters(data: str) -> None:
        reader.line = parser.CurrentLineNumber
        reader.text(data)

    def declared(*_: object) -> None:
        raise unsupported("a format file with a document type")

    parser.StartElementHandler = start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = declared
    try:
        parser.Parse(text.strip(), True)
    except expat.ExpatError as error:
        raise unsupported(f"a format file that is no XML ({error})") from None
    if not reader.fields or not reader.columns:
        raise unsupported("a format file without fields or columns")
    return FormatFile(tuple(reader.fields.values()), tuple(reader.columns), typed=True)
