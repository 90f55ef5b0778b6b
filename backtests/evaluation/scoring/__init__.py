"""Scoring: the figures of each factor at each horizon, their error bars and the verdict."""
