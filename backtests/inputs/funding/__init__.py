"""Funding of a backtest: where its rates are from, and which settlements are missing."""
