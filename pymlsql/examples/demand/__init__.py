"""Demand: how much of each item each shop sells in the next seven days; lags and windows over daily sales."""
