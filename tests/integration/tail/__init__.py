"""Tails against real recorders: killed, restarted, behind, and readers that were down."""
