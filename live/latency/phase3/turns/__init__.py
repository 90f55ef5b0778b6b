"""Turns: the cases of phase 3, one turn of each, its log, and what kills do."""
