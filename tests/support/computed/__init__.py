"""What the tests of computed factors share: market data, and a plain recomputation."""
