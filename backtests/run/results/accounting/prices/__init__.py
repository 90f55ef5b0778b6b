"""Prices of the market after a run: its rows, and what they say about fills and instants."""
