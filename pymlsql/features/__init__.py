"""Features declared once: the T-SQL that SQL Server runs and the pandas that checks it come from one declaration."""

from pymlsql.features.declaration import Entity, FeatureSet, Source
from pymlsql.features.groups import (
    Attributes,
    ClassAhead,
    EventCounts,
    Expression,
    Lags,
    NumberAhead,
    OneHot,
    OwnLabel,
    TimeSince,
    Windows,
)
from pymlsql.features.store import Store
from pymlsql.features.terms import Column

__all__ = [
    "Attributes",
    "ClassAhead",
    "Column",
    "Entity",
    "EventCounts",
    "Expression",
    "FeatureSet",
    "Lags",
    "NumberAhead",
    "OneHot",
    "OwnLabel",
    "Source",
    "Store",
    "TimeSince",
    "Windows",
]
