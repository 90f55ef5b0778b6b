"""Market data in a catalog: its tables, where their rows lie, where prices are missing."""
