"""Computed factors over recorded market data: their inputs, their records, their recording."""
