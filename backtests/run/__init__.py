"""One backtest, from its inputs to its report."""
