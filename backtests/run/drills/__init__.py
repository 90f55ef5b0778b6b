"""Drills: factors and markets that fail in given windows of a backtest, and what came of it."""
