"""All areas of the conformance table."""

from __future__ import annotations

from tests.conformance import (
    aggregates,
    conversion,
    dates,
    grouping,
    json_documents,
    logic,
    maths,
    names,
    queries,
    set_operators,
    strings,
    system,
    types,
    windows,
)
from tests.conformance.form import Page

AREAS: dict[str, list[Page]] = {
    "aggregates": aggregates.PAGES,
    "conversion": conversion.PAGES,
    "dates": dates.PAGES,
    "grouping": grouping.PAGES,
    "json_documents": json_documents.PAGES,
    "logic": logic.PAGES,
    "maths": maths.PAGES,
    "names": names.PAGES,
    "queries": queries.PAGES,
    "set_operators": set_operators.PAGES,
    "strings": strings.PAGES,
    "system": system.PAGES,
    "types": types.PAGES,
    "windows": windows.PAGES,
}
