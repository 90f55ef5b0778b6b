"""Holding: how a strategy holds an exit policy, and what acts on its decisions."""
