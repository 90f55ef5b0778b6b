"""Tests: drills of backtests."""
