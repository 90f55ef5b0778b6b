"""Tests of the results of backtests."""
