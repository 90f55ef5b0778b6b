"""The C of computed factors: their windows, formulas and evaluation."""
