"""The C of computed factors: their markets, windows and formulas."""
