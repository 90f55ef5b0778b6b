"""Writing recordings: factors and market data into a catalog's files."""
