"""Ending: why and with which code a node's run ends, and what must not end it on the spot."""
