"""Computing: computed factors at work, from the market data of a node or a backtest to records."""
