"""Features declared once: the T-SQL that SQL Server runs and the pandas that checks it come from one declaration."""

from pymlsql.features.declaration import (
    Attributes,
    Column,
    EventCounts,
    FeatureSet,
    LabelAhead,
    OneHot,
    TimeSince,
    Windows,
)

__all__ = ["Attributes", "Column", "EventCounts", "FeatureSet", "LabelAhead", "OneHot", "TimeSince", "Windows"]
