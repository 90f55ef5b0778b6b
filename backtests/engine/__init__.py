"""NautilusTrader's BacktestEngine: how it is built, fed, and brought to its end."""
