"""Comparison: what two nodes did over the same inputs, from their recorded sessions."""
