"""Catalogs: recordings of factors and market data in files that any tool can read."""
