"""Recorded: what a recording holds of each stream, in the order in which it was published."""
