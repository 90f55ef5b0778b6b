"""Wiring and command line of backtests."""
