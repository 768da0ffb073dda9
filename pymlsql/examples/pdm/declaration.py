"""Predictive maintenance, declared: which component of which machine fails within the next 24 hours."""

from __future__ import annotations

from pymlsql import procedures, project

PROJECT = project.example("pdm")

FEATURES = PROJECT.features["failures"]
"""One row per machine and three hours: 30 features and the label."""

_PREDICT = PROJECT.procedures["predict"]
assert isinstance(_PREDICT, procedures.Batch)

PROCEDURE = _PREDICT.existing(FEATURES)
"""Scores slots of the view and stores what it predicts."""
