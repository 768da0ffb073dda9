"""FORMAT of dates and times, as the formatter of the .NET Framework writes them, for English cultures.

Source: "FORMAT (Transact-SQL)" of sql-docs; "Standard" and "Custom date and time format strings", "Custom TimeSpan
format strings" of the .NET documentation.
"""

from __future__ import annotations

import datetime as dt
import re

from pymlsql.embedded.tsql.messages import unsupported

FORMAT_TIME = "pymlsql_format_time"

CULTURES = {"en-us": "en-us", "en-gb": "en-gb", "": "", "iv": ""}
"""The cultures that are known, "" being the invariant one."""
_FIXED = {
    "r": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'", "s": "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
    "u": "yyyy'-'MM'-'dd HH':'mm':'ss'Z'", "o": "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffff",
}  # fmt: skip
_PATTERNS = {
    "en-us": {"d": "M/d/yyyy", "D": "dddd, MMMM d, yyyy", "t": "h:mm tt", "T": "h:mm:ss tt", "m": "MMMM d",
              "y": "MMMM yyyy"},
    "en-gb": {"d": "dd/MM/yyyy", "D": "dd MMMM yyyy", "t": "HH:mm", "T": "HH:mm:ss", "m": "d MMMM", "y": "MMMM yyyy"},
    "": {"d": "MM/dd/yyyy", "D": "dddd, dd MMMM yyyy", "t": "HH:mm", "T": "HH:mm:ss", "m": "MMMM dd", "y": "yyyy MMMM"},
}  # fmt: skip
_JOINED = {"f": "D t", "F": "D T", "g": "d t", "G": "d T"}
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_TOKEN = re.compile(r"\\(?P<escaped>.)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|%(?P<one>[A-Za-z])|"
                    r"(?P<run>(?P<char>[dMyhHmsftFzgK])(?P=char)*)|(?P<other>.)", re.DOTALL)  # fmt: skip


def format_time(stamp: dt.datetime, picture: str, spec: str) -> str | None:
    """A date (or a time of 1900-01-01) by ``picture``; ``spec`` is culture|type. None where the picture is none."""
    culture, kind = spec.split("|")
    if kind == "time":
        return _span(stamp, picture)
    if not picture:
        picture = "G"
    if len(picture) == 1:
        pattern = _standard(picture, culture)
        return None if pattern is None else _custom(stamp, pattern)
    return _custom(stamp, picture)


def _standard(letter: str, culture: str) -> str | None:
    known = _PATTERNS[culture]
    if letter in "MmYy":
        return known[letter.lower()]
    if letter in _JOINED:
        return " ".join(known[part] for part in _JOINED[letter].split())
    if letter == "U":
        raise unsupported("FORMAT of a date with U")
    return known.get(letter) or _FIXED.get(letter if letter in "su" else letter.lower() if letter in "RrOo" else "")


def _custom(stamp: dt.datetime, picture: str) -> str | None:
    out = []
    for match in _TOKEN.finditer(picture):
        run = match["run"] or match["one"]
        if run:
            out.append(_field(stamp, run[0], len(run)))
            continue
        text = match["escaped"] or match["single"] or match["double"] or match["other"] or ""
        if match["other"] in ("\\", "'", '"', "%"):
            return None
        out.append(text)
    joined = "".join(out)
    return joined.replace(".\0", "").replace("\0", "")


def _field(stamp: dt.datetime, char: str, n: int) -> str:
    if char in "fF":
        if n > 7:
            raise unsupported("FORMAT with more than seven digits of a fraction")
        digits = f"{stamp.microsecond:06d}0"[:n]
        return digits if char == "f" else digits.rstrip("0") or "\0"
    if char == "d":
        name = _DAYS[stamp.weekday()]
        return str(stamp.day).zfill(min(n, 2)) if n < 3 else name[:3] if n == 3 else name
    if char == "M":
        name = _MONTHS[stamp.month - 1]
        return str(stamp.month).zfill(min(n, 2)) if n < 3 else name[:3] if n == 3 else name
    if char == "y":
        return str(stamp.year % 100).zfill(n) if n < 3 else str(stamp.year).zfill(n)
    if char == "t":
        return ("AM" if stamp.hour < 12 else "PM")[:n]
    if char == "g":
        return "A.D."
    if char in "zK":
        raise unsupported(f"FORMAT with {char}")
    number = {"h": (stamp.hour + 11) % 12 + 1, "H": stamp.hour, "m": stamp.minute, "s": stamp.second}[char]
    return str(number).zfill(min(n, 2))


_SPAN_TOKEN = re.compile(r"\\(?P<escaped>.)|'(?P<quoted>[^']*)'|(?P<run>(?P<char>[dhmsfF])(?P=char)*)|(?P<other>.)",
                         re.DOTALL)  # fmt: skip


def _span(stamp: dt.datetime, picture: str) -> str | None:
    """time is a TimeSpan: whatever is not a field has to be escaped or quoted."""
    fraction = f"{stamp.microsecond:06d}0"
    if picture in ("", "c", "t", "T"):
        return f"{stamp:%H:%M:%S}" + (f".{fraction}" if stamp.microsecond else "")
    if picture == "g":
        return f"{stamp.hour}:{stamp:%M:%S}" + (f".{fraction.rstrip('0')}" if stamp.microsecond else "")
    if picture == "G":
        return f"0:{stamp:%H:%M:%S}.{fraction}"
    if len(picture) == 1:
        return None
    out = []
    for match in _SPAN_TOKEN.finditer(picture):
        char, n = match["char"], len(match["run"] or "")
        if match["other"] or (char in ("h", "m", "s") and n > 2) or n > 8:
            return None
        if char in ("f", "F"):
            out.append(fraction[:n] if char == "f" else fraction[:n].rstrip("0"))
        elif char:
            number = {"d": 0, "h": stamp.hour, "m": stamp.minute, "s": stamp.second}[char]
            out.append(str(number).zfill(n))
        else:
            out.append(match["escaped"] or match["quoted"] or "")
    return "".join(out)
