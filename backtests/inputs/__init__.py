"""The inputs of a backtest: settings, factors, market data, checked before anything runs."""
