"""Tests: backtest."""
