"""The rows of a data file: fields between terminators, or CSV as RFC 4180 has it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping

from pymlsql.embedded.engine.bulk.files import decoded
from pymlsql.embedded.tsql.messages import unsupported

_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\", "\\0": "\0"}
_HEX = re.compile(r"0[xX](?:[0-9A-Fa-f]{2})+")
_QUOTED_NOTHING = re.compile(r'(?:^|[,\n])\s*""\s*(?:[,\r\n]|$)')


def data_rows(data: bytes, options: Mapping[str, str]) -> list[list[str]]:
    """The fields of each row, as texts; FIRSTROW and LASTROW are applied. What is not certain is refused."""
    text = _text(data, options)
    rows = _csv_rows(text, options) if options.get("FORMAT", "").upper() == "CSV" else _plain_rows(text, options)
    first, last = int(options.get("FIRSTROW", "1")), int(options.get("LASTROW", "0"))
    return rows[max(first, 1) - 1 : last or None]


def _text(data: bytes, options: Mapping[str, str]) -> str:
    kind, page = options.get("DATAFILETYPE", "char").lower(), options.get("CODEPAGE", "").upper()
    if kind not in ("char", "widechar"):
        raise unsupported(f"DATAFILETYPE = '{kind}'")
    if kind == "widechar":
        return decoded(data, "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-16-le")
    if page == "65001":
        return decoded(data, "utf-8-sig")
    if page in ("ACP", "1252"):
        return decoded(data, "cp1252")
    if not data.isascii():
        raise unsupported("a file with characters outside of ASCII without CODEPAGE 65001, 1252 or ACP")
    return data.decode("ascii")


def _terminator(written: str) -> str:
    """A terminator as written: characters, escapes, or bytes in hexadecimal."""
    if _HEX.fullmatch(written):
        return bytes.fromhex(written[2:]).decode("latin-1")
    return re.sub(r"\\[tnr\\0]", lambda found: _ESCAPES[found[0]], written)


def _plain_rows(text: str, options: Mapping[str, str]) -> list[list[str]]:
    field = _terminator(options.get("FIELDTERMINATOR", "\\t"))
    row = _terminator(options.get("ROWTERMINATOR", "\\n"))
    if not field or not row:
        raise unsupported("an empty terminator")
    if row in ("\n", "\r\n"):  # a line may end either way
        text, row = text.replace("\r\n", "\n"), "\n"
    lines = text.split(row)
    if lines and not lines[-1].strip("\r\n"):
        lines.pop()
    return [line.split(field) for line in lines]


def _csv_rows(text: str, options: Mapping[str, str]) -> list[list[str]]:
    field, quote = _terminator(options.get("FIELDTERMINATOR", ",")), options.get("FIELDQUOTE", '"')
    row = _terminator(options.get("ROWTERMINATOR", "\\n"))
    if len(field) != 1 or len(quote) != 1 or row not in ("\n", "\r\n"):
        raise unsupported("CSV with terminators of several characters")
    if _QUOTED_NOTHING.search(text.replace(quote, '"').replace(field, ",")):
        raise unsupported("CSV with quoted empty values")
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=field, quotechar=quote, strict=True)
        return [line for line in lines if line]
    except csv.Error as error:
        raise unsupported(f"CSV in which {error}") from None
