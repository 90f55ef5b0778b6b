"""What a backtest replays: settings, factors, market data, checked before anything runs."""
