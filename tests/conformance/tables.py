"""All areas of the conformance table."""

from __future__ import annotations

from tests.conformance import (
    aggregates,
    catalog,
    constraints,
    conversion,
    databases,
    dates,
    grouping,
    indexes,
    json_documents,
    logic,
    maths,
    names,
    queries,
    sequences,
    set_operators,
    strings,
    system,
    table_definitions,
    temporal,
    types,
    windows,
)
from tests.conformance.form import Page

AREAS: dict[str, list[Page]] = {
    "aggregates": aggregates.PAGES,
    "catalog": catalog.PAGES,
    "constraints": constraints.PAGES,
    "conversion": conversion.PAGES,
    "databases": databases.PAGES,
    "dates": dates.PAGES,
    "grouping": grouping.PAGES,
    "indexes": indexes.PAGES,
    "json_documents": json_documents.PAGES,
    "logic": logic.PAGES,
    "maths": maths.PAGES,
    "names": names.PAGES,
    "queries": queries.PAGES,
    "sequences": sequences.PAGES,
    "set_operators": set_operators.PAGES,
    "strings": strings.PAGES,
    "system": system.PAGES,
    "table_definitions": table_definitions.PAGES,
    "temporal": temporal.PAGES,
    "types": types.PAGES,
    "windows": windows.PAGES,
}
