"""Computed factors at work: in backtests and in nodes."""
