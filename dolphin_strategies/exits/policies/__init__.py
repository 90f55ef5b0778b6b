"""Policies: what says how much of an open position is to remain."""
