"""Computed factors: numbers computed from Nautilus market data as it is delivered."""
