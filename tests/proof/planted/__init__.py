"""Planted faults: mutants of the region's C, each of which a driver must find."""
