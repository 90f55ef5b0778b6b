"""The wiring of NautilusTrader's BacktestEngine."""
