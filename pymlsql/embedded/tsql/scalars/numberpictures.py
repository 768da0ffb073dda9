"""FORMAT of numbers, as the formatter of the .NET Framework writes them, for cultures whose marks are English.

Source: "FORMAT (Transact-SQL)" of sql-docs; "Standard" and "Custom numeric format strings" of the .NET documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from pymlsql.embedded.tsql.messages import unsupported

FORMAT_NUMBER = "pymlsql_format_number"

_CURRENCY = {"en-us": ("$", "(${})"), "en-gb": ("£", "-£{}"), "": ("¤", "(¤{})")}
_PERCENT = {"en-us": "{}%", "en-gb": "{}%", "": "{} %"}
_STANDARD = re.compile(r"([A-Za-z])(\d{0,2})")
_WIDE = Context(prec=400, rounding=ROUND_HALF_UP)
_BITS: Final = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}


def format_number(text: str, picture: str, spec: str) -> str | None:
    """A number, given as its text, by ``picture``; ``spec`` is culture|type. None where the picture is none."""
    culture, kind = spec.split("|")
    value = _value(text, kind)
    standard = _STANDARD.fullmatch(picture)
    if not picture:
        return _general(text, kind)
    if standard is None:
        return _custom(value, picture, culture, kind)
    digits = int(standard[2]) if standard[2] else None
    if value == 0 and kind == "decimal" and "." not in text and standard[1] in "pPcC":
        raise unsupported("FORMAT of a decimal zero without decimals")
    return _by_letter(value, standard[1], digits, culture, kind, text)


def _value(text: str, kind: str) -> Decimal:
    """Floats count as many digits as .NET shows of them."""
    if kind in ("float", "real"):
        return Decimal(format(float(text), ".15g" if kind == "float" else ".7g"))
    return Decimal(text)


def _by_letter(value: Decimal, letter: str, digits: int | None, culture: str, kind: str, text: str) -> str | None:
    upper = letter.upper()
    if upper in "NFCP":
        scaled = value.scaleb(2, _WIDE) if upper == "P" else value
        shown = _rounded(abs(scaled), 2 if digits is None else digits)
        plain = format(shown, "f" if upper == "F" else ",f")
        negative = value < 0 and shown != 0
        if upper == "C":
            sign, below = _CURRENCY[culture]
            return below.format(plain) if negative else sign + plain
        signed = ("-" if negative else "") + plain
        return _PERCENT[culture].format(signed) if upper == "P" else signed
    if upper == "E":
        return _scientific(value, 6 if digits is None else digits, letter)
    if upper == "G":
        return _general(text, kind) if digits in (None, 0) else _refuse(f"G{digits}")
    if upper in "DX":
        return _whole(int(value), upper, letter, digits or 0, kind) if kind in _BITS else None
    return _refuse(letter) if upper == "R" and kind not in _BITS else None


def _refuse(picture: str) -> str:
    raise unsupported(f"FORMAT of a number with {picture}")


def _rounded(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _WIDE)


def _general(text: str, kind: str) -> str:
    if kind not in ("float", "real"):
        return text
    shown = format(float(text), ".15g" if kind == "float" else ".7g")
    return re.sub(r"e([+-])(\d+)$", lambda m: f"E{m[1]}{m[2]}", shown)


def _scientific(value: Decimal, digits: int, letter: str) -> str:
    if value == 0:
        return f"{_rounded(value, digits):f}{letter}+000"
    mantissa, exponent = format(_WIDE.create_decimal(value), f".{digits}e").lower().split("e")
    return f"{mantissa}{letter}{exponent[0]}{int(exponent[1:]):03d}"


def _whole(value: int, upper: str, letter: str, digits: int, kind: str) -> str:
    if upper == "D":
        return ("-" if value < 0 else "") + str(abs(value)).zfill(digits)
    shown = format(value % (1 << _BITS[kind]), "x").zfill(digits)
    return shown.upper() if letter == "X" else shown


# Custom pictures --------------------------------------------------------------------------------------------------


@dataclass
class _Section:
    """A picture's places: ``0`` and ``#`` before and behind the point, literals between them."""

    before: list[tuple[str, str]] = field(default_factory=list)
    behind: list[tuple[str, str]] = field(default_factory=list)
    groups: bool = False
    thousands: int = 0
    times: int = 0


_TOKEN = re.compile(r"\\(?P<escaped>.)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<place>[0#])|(?P<mark>[.,%‰;])|(?P<e>[eE][+-]?0+)|(?P<other>.)", re.DOTALL)  # noqa: E501


def _sections(picture: str) -> list[_Section]:
    sections, current, point, commas = [], _Section(), False, 0
    for match in _TOKEN.finditer(picture):
        if match["e"]:
            _refuse("an exponent")
        if match["mark"] == ";":
            current.thousands += commas
            sections.append(current)
            current, point, commas = _Section(), False, 0
            continue
        places = current.behind if point else current.before
        if match["place"]:
            current.groups |= commas > 0 and not point
            commas = 0
            places.append(("place", match["place"]))
        elif match["mark"] == ".":
            current.thousands += commas if not point else 0
            point, commas = True, 0
        elif match["mark"] == ",":
            commas += any(kind == "place" for kind, _ in current.before) and not point
        else:
            current.times += {"%": 2, "‰": 3}.get(match["mark"] or "", 0)
            text = match["escaped"] or match["single"] or match["double"] or match["mark"] or match["other"] or ""
            places.append(("text", text))
    current.thousands += commas
    return [*sections, current]


def _custom(value: Decimal, picture: str, culture: str, kind: str) -> str | None:
    sections = _sections(picture)
    literals = any(kind_ == "text" for one in sections for kind_, _ in (*one.before, *one.behind))
    if kind == "decimal" and (literals or len(sections) > 1 or value == 0):
        # The .NET Framework lays these out in a way of its own for SqlDecimal.
        _refuse(f"picture {picture} of a decimal")
    if len(sections) > 3:
        _refuse(picture)
    section, sign = sections[0], "-" if value < 0 else ""
    if len(sections) > 1 and value < 0 and (sections[1].before or sections[1].behind):
        section, sign = sections[1], ""
    shown = _scaled(value, section)
    if shown == 0:
        sign = ""
        if len(sections) == 3 and (sections[2].before or sections[2].behind):
            section = sections[2]
            shown = _scaled(value, section)
    return sign + _laid_out(shown, section)


def _scaled(value: Decimal, section: _Section) -> Decimal:
    n_behind = sum(kind == "place" for kind, _ in section.behind)
    return _rounded(abs(value).scaleb(section.times - 3 * section.thousands, _WIDE), n_behind)


def _laid_out(value: Decimal, section: _Section) -> str:
    whole, _, fraction = format(value, "f").partition(".")
    return _before(whole.lstrip("0"), section) + _behind(fraction, section)


def _before(digits: str, section: _Section) -> str:
    places = [text for kind, text in section.before if kind == "place"]
    n_least = len(places) - places.index("0") if "0" in places else 0
    digits = digits.zfill(n_least) if n_least else digits
    left, out = len(places), []
    for kind, text in section.before:
        if kind == "text":
            out.append(text)
            continue
        # The first place takes all digits that there are no places for.
        for _ in range(len(digits) - left + 1):
            out.append(digits[0])
            digits = digits[1:]
            if section.groups and digits and len(digits) % 3 == 0:
                out.append(",")
        left -= 1
    return "".join(out)


def _behind(digits: str, section: _Section) -> str:
    places = [text for kind, text in section.behind if kind == "place"]
    n_least = len(places) - places[::-1].index("0") if "0" in places else 0
    kept = digits.rstrip("0").ljust(n_least, "0")
    out, used = [], 0
    for kind, text in section.behind:
        if kind == "text":
            out.append(text)
        elif used < len(kept):
            out.append(kept[used])
            used += 1
    joined = "".join(out)
    return "." + joined if used else joined
