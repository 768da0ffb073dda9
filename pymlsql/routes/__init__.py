"""Routes: which share of a model's traffic goes to which of its aliases."""

from __future__ import annotations

from pymlsql.routes.operations import Route, find_route, list_routes, remove_route, route_of, set_route
from pymlsql.routes.slots import N_SLOTS, slot_of, slot_text

__all__ = [
    "N_SLOTS", "Route", "find_route", "list_routes", "remove_route", "route_of", "set_route", "slot_of", "slot_text",
]  # fmt: skip
