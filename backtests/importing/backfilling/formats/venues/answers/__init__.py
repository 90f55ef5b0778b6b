"""Answers of exchanges' endpoints that were saved as JSON: the volatility index, funding."""
