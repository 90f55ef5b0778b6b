"""Evidence of many backtests: what is left of the best one, and how often it misleads."""
