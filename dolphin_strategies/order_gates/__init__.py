"""Order gates: a strategy's order passes, or waits for a price, or is refused with its reason."""
