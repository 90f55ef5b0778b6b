"""Market data in a catalog: which tables there are, and where their rows lie."""
