"""Catalogs of backtests: factors and markets whose results are known."""
