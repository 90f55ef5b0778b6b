"""Measures: figures of a series of equity, and of a list of positions, from arrays alone."""
