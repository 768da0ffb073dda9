"""All areas of the conformance table."""

from __future__ import annotations

from tests.conformance import logic
from tests.conformance.form import Page

AREAS: dict[str, list[Page]] = {
    "logic": logic.PAGES,
}
