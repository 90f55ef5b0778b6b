"""Accounting: fills, fees and funding over time: positions, equity, notional."""
