"""What a run records, checked before it travels. The procedures check the same, for callers from T-SQL."""

from __future__ import annotations

import math
import re
from typing import Any

from pymlsql.errors import RunError

MAX_RUN_NAME = 128
MAX_NAME = 250
MAX_PATH = 400
MAX_STEP = 2**63 - 1

_CONTROL = re.compile(r"[\x00-\x1f]")
_WRONG_PART = re.compile(r"^ |[ .]$|^$")


def length(text: str) -> int:
    """The length as nvarchar counts it, in UTF-16 units: an emoji is two. Raises RunError for half a surrogate pair."""
    try:
        return len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise RunError(f"{text[:40]!r} holds half of a surrogate pair, which is no text: leave it out.") from None


def check_name(name: str, what: str, longest: int = MAX_NAME) -> str:
    """The name itself. Raises RunError where it cannot be one; `what` as in "a metric"."""
    if not isinstance(name, str):
        raise RunError(f"{name!r} cannot be the name of {what}: a name is text.")
    if not 1 <= length(name) <= longest or name != name.strip(" ") or _CONTROL.search(name):
        shown = repr(name) if len(name) <= 60 else f"{name[:60]!r}..."
        raise RunError(
            f"{shown} cannot be the name of {what}: give 1 to {longest} characters, no control characters, no blanks "
            "at the ends."
        )
    return name


def check_path(path: str) -> str:
    """The path of an artifact itself. Raises RunError where it could lead out of a folder, or be no path elsewhere."""
    parts = path.split("/")
    if not 1 <= length(path) <= MAX_PATH or re.search(r"[\x00-\x1f\\:]", path) or any(map(_WRONG_PART.search, parts)):
        raise RunError(
            f"{path[:100]!r} cannot be the path of an artifact: give 1 to {MAX_PATH} characters, a relative path with "
            "/ between its parts, none of which begins with a blank or ends in a blank or a dot."
        )
    return path


def check_metric(name: str, value: Any) -> float:
    """A metric's value as float. Raises RunError where it is none, or none that SQL Server's float can hold."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise RunError(f"The metric {name} is {str(value)[:60]!r}: a metric is a number.") from None
    except OverflowError:
        raise RunError(f"The metric {name} is beyond 1.8E308, the largest float.") from None
    if not math.isfinite(number):
        shown = "NaN" if math.isnan(number) else "infinite"
        raise RunError(
            f"The metric {name} is {shown}, which SQL Server's float cannot hold: log a number, or say it in a tag."
        )
    return number


def check_step(name: str, step: Any) -> int:
    """A step as int. Raises RunError where it is no whole number within bigint."""
    if isinstance(step, bool) or not hasattr(step, "__index__") or not -MAX_STEP - 1 <= step.__index__() <= MAX_STEP:
        raise RunError(f"The step {step!r} of the metric {name} is no whole number within bigint.")
    return int(step)


def render_value(value: Any) -> str:
    """A parameter's or tag's value as text: `str()` of it, with NUL refused, which no client reads back whole."""
    text = value if isinstance(value, str) else str(value)
    length(text)
    if "\x00" in text:
        raise RunError(f"{text[:40]!r} holds the character NUL: leave it out.")
    return text
