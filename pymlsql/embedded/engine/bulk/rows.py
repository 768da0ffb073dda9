"""The rows of a data file: a stream of fields, each up to the end that belongs to its place, or CSV as RFC 4180 has it.

Source: "Specify field and row terminators", "BULK INSERT", "Non-XML format files" of sql-docs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pymlsql.embedded.engine.bulk.files import decoded
from pymlsql.embedded.tsql.formatfields import FormatFile
from pymlsql.embedded.tsql.messages import SqlError, sql_error, unsupported

_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\", "\\0": "\0"}
_HEX = re.compile(r"0[xX](?:[0-9A-Fa-f]{2})+")

Row = list[str | None]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a row lies in a file: what ends each field, or where nothing does how long it is. With ``quote`` the rows are
    CSV. ``either``: lines end in a newline with a carriage return before it or without."""

    endings: tuple[str, ...]
    lengths: tuple[int, ...]
    quote: str = ""
    either: bool = False


def stream_failed(*causes: SqlError) -> SqlError:
    """The errors of a provider that gives no more rows: ``causes``, then its own two."""
    errors = (*causes, sql_error(7399), sql_error(7330, state=2))
    errors[0].further = errors[1:]
    return errors[0]


# What is read -----------------------------------------------------------------------------------------------------


def check_options(options: Mapping[str, str]) -> tuple[int, int]:
    """The first and the last row, 0 for no last one. Raises 4878, 4880; refuses formats that are not known."""
    first, last = max(int(options.get("FIRSTROW", "1")), 1), int(options.get("LASTROW", "0"))
    if last and first > last:
        raise sql_error(4880)
    if options.get("FORMAT", "CSV").upper() != "CSV":
        raise unsupported(f"FORMAT = '{options['FORMAT']}'")
    if len(options.get("FIELDQUOTE", '"')) != 1:
        raise sql_error(4878)
    return first, last


def plain_layout(options: Mapping[str, str], n_fields: int) -> Layout:
    """Rows as the options of BULK INSERT describe them."""
    quote = options.get("FIELDQUOTE", '"') if "FORMAT" in options else ""
    field = _terminator(options.get("FIELDTERMINATOR", "," if quote else "\\t"))
    row = _terminator(options.get("ROWTERMINATOR", "\\n"))
    if not field or not row:
        raise unsupported("an empty terminator")
    either = row in ("\n", "\r\n")
    return Layout((field,) * (n_fields - 1) + ("\n" if either else row,), (0,) * n_fields, quote, either)


def _terminator(written: str) -> str:
    """A terminator as written: characters, escapes, or bytes in hexadecimal."""
    if _HEX.fullmatch(written):
        return bytes.fromhex(written[2:]).decode("latin-1")
    return re.sub(r"\\[tnr\\0]", lambda found: _ESCAPES[found[0]], written)


def described_layout(options: Mapping[str, str], described: FormatFile) -> Layout:
    """Rows as a format file describes them."""
    quote = options.get("FIELDQUOTE", '"') if "FORMAT" in options else ""
    if quote and any(not field.terminator for field in described.fields):
        raise unsupported("CSV with fields of fixed length")
    lengths = tuple(field.length // 2 if field.wide else field.length for field in described.fields)
    return Layout(tuple(field.terminator for field in described.fields), lengths, quote)


def file_text(data: bytes, options: Mapping[str, str], described: FormatFile | None = None) -> str:
    """The text of a data file. What is not certain is refused."""
    kind, page = options.get("DATAFILETYPE", "char").lower(), options.get("CODEPAGE", "").upper()
    if kind not in ("char", "widechar"):
        raise unsupported(f"DATAFILETYPE = '{kind}'")
    if described is not None:
        if "DATAFILETYPE" in options:
            raise unsupported("DATAFILETYPE with a format file")
        return _described_text(data, page, described)
    if kind == "widechar":
        return decoded(data, "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-le")
    return _narrow_text(data, page)


def _described_text(data: bytes, page: str, described: FormatFile) -> str:
    wide = {field.wide for field in described.fields if field.terminator or field.length}
    if len(wide) > 1:
        raise unsupported("a format file with fields of UTF-16 and others")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data.startswith(b"\xef\xbb\xbf"):
        raise unsupported("a data file with a byte order mark, with a format file")
    if True in wide:
        return decoded(data, "utf-16-le")
    if not data.isascii() and any(field.length for field in described.fields):
        raise unsupported("characters outside of ASCII in fields of fixed length")
    return _narrow_text(data, page)


def _narrow_text(data: bytes, page: str) -> str:
    if page == "65001":
        return decoded(data, "utf-8-sig")
    if page in ("ACP", "1252"):
        return decoded(data, "cp1252")
    if not data.isascii():
        raise unsupported("a file with characters outside of ASCII without CODEPAGE 65001, 1252 or ACP")
    return data.decode("ascii")


# Fields -----------------------------------------------------------------------------------------------------------


def data_rows(text: str, layout: Layout, first: int, last: int, path: str) -> list[Row]:
    """The rows from number ``first`` to ``last`` (0: all); None for an empty field. Raises 4832, 4879, 7301."""
    if layout.quote:
        rows = _csv_rows(text, layout, first, last, path)
    else:
        text = text.replace("\r\n", "\n") if layout.either else text
        even = _even_rows(text, layout)
        rows = even if even is not None else _stream_rows(text, layout, last)
    rows = rows[first - 1 : last or None]
    # A NUL alone is the empty string.
    return [[None if not value else "" if value == "\0" else value for value in row] for row in rows]


def _even_rows(text: str, layout: Layout) -> list[Row] | None:
    """The rows where each line has its fields and all but the last end alike: the quick way to the same answer."""
    *inner, ending = layout.endings
    if any(layout.lengths) or not ending or len(set(inner)) > 1:
        return None
    field = inner[0] if inner else "\0\0"
    if not field or field in ending or ending in field:
        return None
    lines = text.split(ending)
    if lines.pop():
        return None
    rows: list[Row] = [list(line.split(field)) if inner else [line] for line in lines]
    n_fields = len(layout.endings)
    return rows if all(len(row) == n_fields for row in rows) else None


def _stream_rows(text: str, layout: Layout, last: int) -> list[Row]:
    """A row short of fields takes the next line's text, one with too many leaves the rest in its last field.

    The last field of the last row needs no end; without text the row does not count. Raises 4832.
    """
    rows: list[Row] = []
    position, size = 0, len(text)
    while position < size and not (last and len(rows) >= last):
        row: Row = []
        for place, (ending, length) in enumerate(zip(layout.endings, layout.lengths, strict=True)):
            if not ending:
                if position + length > size:
                    raise stream_failed(sql_error(4832))
                row.append(_fixed(text[position : position + length]))
                position += length
                continue
            end = text.find(ending, position)
            if end >= 0:
                row.append(text[position:end])
                position = end + len(ending)
                continue
            rest, position = text[position:], size
            if place < len(layout.endings) - 1:
                if rest == layout.endings[-1]:
                    return rows
                raise stream_failed(sql_error(4832))
            if not rest:
                return rows
            row.append(rest)
        rows.append(row)
    return rows


def _fixed(text: str) -> str:
    if text and not text.strip(" "):
        raise unsupported("a field of fixed length with nothing but blanks")
    return text


def _csv_rows(text: str, layout: Layout, first: int, last: int, path: str) -> list[Row]:
    reader = _CsvReader(text, layout, path)
    rows: list[Row] = []
    while reader.position < len(text) and not (last and len(rows) >= last):
        try:
            row = reader.row(len(rows) + 1)
        except SqlError as error:
            if error.number != 4879:
                raise
            raise sql_error(7301, state=2) if len(rows) + 1 < first else stream_failed(error) from None
        if row is None:
            break
        rows.append(row)
    return rows


@dataclass(slots=True)
class _CsvReader:
    """A field stands in quotes as a whole, a quote in it twice, or has none; its end is the one of its place."""

    text: str
    layout: Layout
    path: str
    position: int = 0

    def row(self, number: int) -> Row | None:
        """The next row; None where the file ends before its last field. Raises 4832, 4879."""
        row: Row = []
        n_fields = len(self.layout.endings)
        for place, ending in enumerate(self.layout.endings):
            if self.position >= len(self.text):
                if place == n_fields - 1:
                    return None
                raise stream_failed(sql_error(4832))
            quoted = self.text[self.position] == self.layout.quote
            value = self._quoted(place, number, ending) if quoted else self._bare(place, number, ending)
            row.append(value)
        return row

    def _quoted(self, place: int, number: int, ending: str) -> str:
        quote, start = self.layout.quote, self.position + 1
        end = self.text.find(quote, start)
        while end >= 0 and self.text[end + 1 : end + 2] == quote:
            end = self.text.find(quote, end + 2)
        if end < 0:
            raise stream_failed(sql_error(4832))
        value = self.text[start:end].replace(quote * 2, quote)
        self.position = end + 1
        if self.position >= len(self.text):
            if place < len(self.layout.endings) - 1:
                raise stream_failed(sql_error(4832))
            return value
        if self.layout.either and ending == "\n" and self.text.startswith("\r\n", self.position):
            self.position += 1
        if not self.text.startswith(ending, self.position):
            raise sql_error(4879, self.path, number, place + 1)
        self.position += len(ending)
        return value

    def _bare(self, place: int, number: int, ending: str) -> str:
        is_last = place == len(self.layout.endings) - 1
        others = {self.layout.endings[0], self.layout.endings[-1], ending}
        end, _, other = min((self._find(other), other != ending, other) for other in others)
        value = self.text[self.position : end]
        if end == len(self.text):
            if self.layout.quote not in value and not is_last:
                raise stream_failed(sql_error(4832))
        elif other != ending:
            raise sql_error(4879, self.path, number, place + 1)
        if self.layout.quote in value:
            raise sql_error(4879, self.path, number, place + 1)
        self.position = end + len(other)
        return value.removesuffix("\r") if self.layout.either and is_last else value

    def _find(self, ending: str) -> int:
        end = self.text.find(ending, self.position)
        return end if end >= 0 else len(self.text)
