"""Factors: their names, their values at one instant, and where they come from."""
