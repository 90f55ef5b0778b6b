"""Measures of a factor from arrays alone: correlation, error bars, persistence, quantiles."""
