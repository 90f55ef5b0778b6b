"""Figures of a run: of the replay, of the trading, of each currency."""
