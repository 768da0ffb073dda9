"""Predictive maintenance, the example that the demo runs."""
