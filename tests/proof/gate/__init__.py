"""Gate: a strategy that always wants to trade, and factors that fail in every way."""
