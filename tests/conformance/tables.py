"""All areas of the conformance table."""

from __future__ import annotations

from tests.conformance import (
    constraints,
    grouping,
    indexes,
    json_documents,
    logic,
    names,
    queries,
    sequences,
    set_operators,
    table_definitions,
    temporal,
    windows,
)
from tests.conformance.form import Page

AREAS: dict[str, list[Page]] = {
    "grouping": grouping.PAGES,
    "json_documents": json_documents.PAGES,
    "logic": logic.PAGES,
    "names": names.PAGES,
    "queries": queries.PAGES,
    "set_operators": set_operators.PAGES,
    "windows": windows.PAGES,
    "table_definitions": table_definitions.PAGES,
    "constraints": constraints.PAGES,
    "indexes": indexes.PAGES,
    "sequences": sequences.PAGES,
    "temporal": temporal.PAGES,
}
