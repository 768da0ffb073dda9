"""Feature declarations in every form, and small tables with everything wrong in them that rows can have."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pymlsql.features import (
    Attributes,
    ClassAhead,
    Column,
    Entity,
    EventCounts,
    Expression,
    FeatureSet,
    Lags,
    NumberAhead,
    OneHot,
    OwnLabel,
    Source,
    Store,
    TimeSince,
    Windows,
)
from pymlsql.features.terms import STATISTICS

TABLES = (
    "CREATE TABLE dbo.F_sales (shop int NOT NULL, item nvarchar(20) NOT NULL, day date NOT NULL, quantity float NULL,"
    " price decimal(9, 2) NULL, note nvarchar(20) NULL)",
    "CREATE TABLE dbo.F_visits (store int NOT NULL, seen datetime2(3) NOT NULL, kind nvarchar(20) NOT NULL,"
    " amount float NULL)",
    "CREATE TABLE dbo.F_items (item nvarchar(20) NOT NULL, grp nvarchar(20) NULL, size int NULL)",
    "CREATE TABLE dbo.F_readings (id int NOT NULL, at datetime NOT NULL, x float NULL, seq int NOT NULL)",
    "CREATE TABLE dbo.F_calls (call_id int NOT NULL, job nvarchar(20) NULL, age int NULL, seconds int NULL,"
    " y nvarchar(3) NULL)",
)
"""All tables that the declarations read."""

_SALES = {
    "sales": Source(table="dbo.F_sales", time_type="date", ties=("price",)),
    "visits": Source(
        table="dbo.F_visits", keys={"shop": "store"}, time="seen", time_type="datetime2", ties=("kind",)
    ),
    "items": Source(table="dbo.F_items", keys={"item": "item"}, static=True),
}
_SHOP_AND_ITEM = (
    Entity(name="shop", sql_type="int", parameter="shop"),
    Entity(name="item", sql_type="nvarchar(20)", parameter="item"),
)
_ITEM = Attributes(
    source="items",
    columns=(Column(name="size", sql_type="int"),),
    one_hot=(OneHot(column="grp", values=("a", "b'c")),),
)

DEMAND = FeatureSet(
    view="dbo.V_Demand",
    entity=_SHOP_AND_ITEM,
    time="day",
    rows="sales",
    sources=_SALES,
    history="2d",
    windows=(
        Windows(source="sales", columns=("quantity", "price"), statistics=STATISTICS, over=("3d", "4 rows")),
        Windows(source="sales", columns=("quantity",), statistics=STATISTICS, over=("2d", "3 rows"), tumbling=True),
        Windows(source="visits", columns=("amount",), statistics=STATISTICS, over=("36h",)),
        Windows(source="visits", columns=("amount",), statistics=("sum", "last"), over=("24h",), tumbling=True),
    ),
    lags=(
        Lags(
            source="sales",
            columns=(Column(name="quantity", sql_type="float"), Column(name="note", sql_type="nvarchar(20)")),
            by=("0 rows", "2 rows", "1d"),
        ),
    ),
    counts=(
        EventCounts(source="visits", over="2d", column="kind", values={"in": "n_in", "o'ut": "n_out"}),
        EventCounts.model_validate({"source": "visits", "over": "30min", "name": "n_visits"}),
    ),
    since=(
        TimeSince(source="visits", column="kind", values={"in": "since_in"}),
        TimeSince.model_validate({"source": "sales", "name": "since_sale"}),
    ),
    attributes=(_ITEM,),
    expressions=(
        Expression(
            name="share]of",
            sql_type="float",
            sql="CASE WHEN quantitysum_3d > 0 THEN [quantity_lag_0] / quantitysum_3d END * (1 - -2)",
            pandas="(quantity_lag_0 / quantitysum_3d).where(quantitysum_3d > 0) * 3",
        ),
        Expression(
            name="note's end",
            sql_type="nvarchar(30)",
            sql="CONCAT(UPPER(note_lag_0), IIF((n_in > 0 AND item = 'p') OR note_lag_1d IS NULL, '''in', '\u00fc'))",
        ),
    ),
    label=NumberAhead(kind="number", source="sales", column="quantity", statistic="sum", name="next_2d", ahead="2d"),
    store=Store(table="dbo.V_DemandStored", late="2d", chunk="3d"),
)
"""A row per row of a table of two keys and a date, with all statistics, by time and by rows, and a number ahead."""

WEEKLY = FeatureSet(
    view="dbo.V_Weekly",
    entity=_SHOP_AND_ITEM,
    time="slot end",
    rows="sales",
    every="12h",
    history="1d",
    sources={
        "sales": _SALES["sales"].model_copy(update={"time": "day"}),
        "visits": _SALES["visits"],
        "items": _SALES["items"],
    },
    windows=(
        Windows(source="sales", columns=("quantity",), statistics=STATISTICS, over=("1d", "2d", "40d", "2 rows")),
        Windows(source="visits", columns=("amount",), statistics=STATISTICS, over=("24h", "60d")),
        Windows(source="visits", columns=("amount",), statistics=STATISTICS, over=("24h",), tumbling=True),
        Windows(source="sales", columns=("price",), statistics=("max", "count"), over=("2d",), tumbling=True),
    ),
    lags=(Lags(source="sales", columns=(Column(name="price", sql_type="decimal(9, 2)"),), by=("1 row", "2d")),),
    counts=(
        EventCounts(source="visits", over="24h", column="kind", values={"in": "n_in"}),
        EventCounts.model_validate({"source": "visits", "over": "50d", "name": "n_all"}),
        EventCounts.model_validate({"source": "visits", "over": "12h", "name": "n_recent"}),
    ),
    attributes=(_ITEM,),
    label=ClassAhead(
        source="visits", column="kind", name="next_kind", sql_type="nvarchar(20)", values=("in", "o'ut"), ahead="36h"
    ),
    store=Store(table="dbo.V_WeeklyStored", late="2d", chunk="30h", primary_key=False),
)
"""Slots of half days: all statistics spread and looked up, whole periods, and the kind of the next visit."""

READINGS = FeatureSet(
    view="dbo.V_Readings",
    entity=(Entity(name="id", sql_type="int", parameter="id"),),
    time="at",
    rows="readings",
    every="30min",
    sources={"readings": Source(table="dbo.F_readings", ties=("seq",))},
    windows=(
        Windows(source="readings", columns=("x",), statistics=STATISTICS, over=("30min", "2h")),
        Windows(source="readings", columns=("x",), statistics=STATISTICS, over=("1h", "2 rows"), tumbling=True),
    ),
    lags=(Lags(source="readings", columns=(Column(name="x", sql_type="float"),), by=("1 row", "30min")),),
    label=NumberAhead(
        kind="number", source="readings", column="x", statistic="max", name="highest", none=-1.5, ahead="1h"
    ),
    expressions=(
        Expression(
            name="drift",
            sql_type="float",
            sql="xmean_30min - xmean_2h + DATEDIFF(minute, at, DATEADD(hour, 1, at))",
            pandas="xmean_30min - xmean_2h + 60",
        ),
    ),
    store=Store(table="dbo.V_ReadingsStored", refresh="dbo.[Refresh readings]", late="1h", chunk="45min"),
)
"""Slots of half hours over readings of which several have one time."""

CALLS = FeatureSet(
    view="dbo.V_Calls",
    entity=(Entity(name="call_id", sql_type="int", parameter="call_id"),),
    rows="calls",
    sources={"calls": Source(table="dbo.F_calls", static=True)},
    attributes=(
        Attributes(
            source="calls",
            columns=(Column(name="job", sql_type="nvarchar(20)"), Column(name="age", sql_type="int")),
            one_hot=(OneHot(column="job", values=("clerk", "nurse")),),
        ),
    ),
    label=OwnLabel(
        kind="column", column="y", name="outcome", sql_type="nvarchar(3)", values=("no", "yes"), also=("seconds",)
    ),
)
"""A flat table without a time."""

FORMS = {"demand": DEMAND, "weekly": WEEKLY, "readings": READINGS, "calls": CALLS}


def frames() -> dict[str, pd.DataFrame]:
    """All tables: gaps, ties, missing values, an item that nobody describes, visits of a shop that sells nothing."""
    return {
        "dbo.F_sales": _sales(),
        "dbo.F_visits": _visits(),
        "dbo.F_items": pd.DataFrame({"item": ["p", "q"], "grp": ["a", None], "size": [3.0, None]}),
        "dbo.F_readings": _readings(),
        "dbo.F_calls": pd.DataFrame(
            {"call_id": [1, 2, 3, 4], "job": ["clerk", "other", None, "nurse"], "age": [30, 41, 25, 60],
             "seconds": [10, 200, 0, 7], "y": ["no", "yes", None, "no"]}
        ),
    }  # fmt: skip


def until(frames: dict[str, pd.DataFrame], moment: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """What of the tables was known at a time."""
    times = {"dbo.F_sales": "day", "dbo.F_visits": "seen", "dbo.F_readings": "at"}
    return {
        table: frame[frame[times[table]] <= moment].reset_index(drop=True) if table in times else frame
        for table, frame in frames.items()
    }


def _sales() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = []
    for shop, item, days in ((1, "p", 14), (1, "q", 9), (2, "p", 3), (3, "nameless", 12)):
        for day in range(days):
            if (shop, item, day) in ((1, "p", 5), (1, "p", 6), (1, "p", 7), (3, "nameless", 2)):
                continue  # days without a sale
            quantity = None if rng.random() < 0.2 else round(float(rng.normal(20, 5)), 3)
            rows.append((shop, item, day, quantity, round(float(rng.uniform(1, 9)), 2), f"n{day}" if day % 3 else None))
    frame = pd.DataFrame(rows, columns=["shop", "item", "day", "quantity", "price", "note"])
    frame["day"] = (pd.Timestamp("2021-03-01") + pd.to_timedelta(frame["day"], unit="D")).astype("datetime64[us]")
    return frame


def _visits() -> pd.DataFrame:
    rows = [
        (1, "2021-03-03 00:00:00", "in", 5.0),  # at the end of a slot and of a day: known then
        (1, "2021-03-03 00:00:00", "o'ut", 7.0),
        (1, "2021-03-03 00:00:00.001", "in", 1.5),  # a moment later
        (1, "2021-03-04 11:59:59.999", "in", None),
        (1, "2021-03-04 12:00:00", "in", 2.0),
        (1, "2021-03-09 18:30:00", "o'ut", 4.25),
        (2, "2021-02-01 08:00:00", "in", 3.0),
        (3, "2021-03-10 23:45:00", "other", 9.0),
        (9, "2021-03-02 10:00:00", "in", 1.0),
    ]
    frame = pd.DataFrame(rows, columns=["store", "seen", "kind", "amount"])
    frame["seen"] = pd.to_datetime(frame["seen"], format="ISO8601").astype("datetime64[us]")
    return frame


def _readings() -> pd.DataFrame:
    rows = [
        (1, minutes, value, number)
        for number, (minutes, value) in enumerate(
            [(0, 1.0), (10, 2.0), (30, 4.0), (30, 8.0), (30, None), (45, 16.0), (60, 3.0), (95, 5.0), (150, None),
             (150, 9.0), (151, 6.0), (200, 7.0), (270, 2.5), (271, 2.5), (360, 1e7)]
        )
    ] + [(2, minutes, 1e7 + 0.1, number) for number, minutes in enumerate(range(5, 400, 20))]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["id", "at", "x", "seq"])
    frame["at"] = (pd.Timestamp("2021-05-03") + pd.to_timedelta(frame["at"], unit="min")).astype("datetime64[us]")
    return frame
