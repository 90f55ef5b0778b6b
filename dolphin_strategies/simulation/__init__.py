"""Simulation: what drives a BacktestEngine: clock marks, a strategy's errors and its stop."""
