"""Processes: the node and what runs beside it."""
