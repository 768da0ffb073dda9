"""What SET LANGUAGE, DATEFORMAT and DATEFIRST decide about dates, of the session whose statement is compiled.

Source: "SET LANGUAGE", "SET DATEFORMAT", "SET DATEFIRST (Transact-SQL)" and "sys.syslanguages" of sql-docs.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

ORDERS = frozenset({"mdy", "dmy", "ymd", "ydm", "myd", "dym"})
"""What SET DATEFORMAT takes."""


@dataclass(frozen=True, slots=True)
class Locale:
    """``order`` is that of day, month and year in numeric dates; ``first_day`` of the week is 1 for Monday."""

    language: str = "us_english"
    language_id: int = 0
    order: str = "mdy"
    first_day: int = 7


US_ENGLISH = Locale()
LANGUAGES = {
    "us_english": US_ENGLISH,
    "english": US_ENGLISH,
    "british": Locale("British", 23, "dmy", 1),
    "british english": Locale("British", 23, "dmy", 1),
}
"""By the names and aliases that SET LANGUAGE takes. The months and days of all are English."""

FOREIGN_LANGUAGES = frozenset(
    """deutsch german français french japanese dansk danish español spanish italiano italian nederlands dutch norsk
    norwegian português portuguese suomi finnish svenska swedish čeština czech magyar hungarian polski polish română
    romanian hrvatski croatian slovenčina slovak slovenski slovenian ελληνικά greek български bulgarian русский russian
    türkçe turkish eesti estonian latviešu latvian lietuvių lithuanian brazilian korean arabic thai""".split()
) | {"português (brasil)", "traditional chinese", "simplified chinese", "日本語", "한국어", "ไทย",
      "繁體中文", "简体中文"}  # fmt: skip
"""Languages of SQL Server whose names of months and days are not known here."""

LOCALE: ContextVar[Locale] = ContextVar("locale", default=US_ENGLISH)
"""The locale of the session that runs in this thread. A plan that depends on it is kept under it."""
