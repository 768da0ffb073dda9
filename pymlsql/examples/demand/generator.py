"""Daily sales made up from a seed: a rhythm of the week, a slow trend of each item, and promotions that lift it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymlsql.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

START = "2023-01-02"
SEED = 20230102
WEEK = (1.0, 0.9, 0.95, 1.0, 1.3, 1.6, 0.4)
"""How much of a mean day each weekday sells, from Monday."""
CATEGORIES = ("fresh", "dry", "drinks")
PROMOTED_SHARE = 0.04
LIFT = 2.2


def generate(n_shops: int = 3, n_items: int = 8, n_days: int = 180, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """The frames of dbo.DemandItems, dbo.DemandSales and dbo.DemandPromotions, by table.

    A day on which nothing is sold is no row. The same arguments give the same data. Raises UsageError for too
    few of a kind.
    """
    import numpy as np
    import pandas as pd

    if min(n_shops, n_items) < 1 or n_days < 14:
        raise UsageError("The generator needs at least 1 shop, 1 item and 14 days.")
    rng = np.random.default_rng(seed)
    names = [f"item{number:02}" for number in range(1, n_items + 1)]
    prices = rng.uniform(1, 20, n_items).round(2)
    items = pd.DataFrame(
        {"item": names, "category": rng.choice(CATEGORIES, n_items).astype("object"), "list_price": prices}
    )
    days = pd.date_range(START, periods=n_days, unit="us")
    promoted = rng.random((n_items, n_days)) < PROMOTED_SHARE
    week = np.resize(np.array(WEEK), n_days)
    trend = np.exp(np.outer(rng.normal(0, 0.002, n_items), np.arange(n_days)))
    level = rng.uniform(1.5, 15, (n_shops, n_items, 1))
    quantity = rng.poisson(level * (week * trend * np.where(promoted, LIFT, 1.0))[None])
    shop, item, day = np.nonzero(quantity)
    price = np.where(promoted, 0.8, 1.0)[item, day] * prices[item]
    sales = pd.DataFrame(
        {
            "shopID": shop + 1,
            "item": np.array(names, dtype="object")[item],
            "day": days[day],
            "quantity": quantity[shop, item, day].astype("float64"),
            "price": price.round(2),
        }
    )
    item, day = np.nonzero(promoted)
    promotions = pd.DataFrame({"item": np.array(names, dtype="object")[item], "day": days[day]})
    return {"dbo.DemandItems": items, "dbo.DemandSales": sales, "dbo.DemandPromotions": promotions}
