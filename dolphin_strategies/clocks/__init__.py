"""Clocks: whether one is simulated, and the alert that tells when a record is too old."""
