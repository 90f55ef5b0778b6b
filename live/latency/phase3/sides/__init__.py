"""Sides: the producers, readers and drivers of a measurement, built, started and asked."""
