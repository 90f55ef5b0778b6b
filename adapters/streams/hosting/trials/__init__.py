"""Trials: whether a venue can be connected, before it is let into the node."""
