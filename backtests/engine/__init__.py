"""NautilusTrader's BacktestEngine: building it, feeding it, and ending its run."""
