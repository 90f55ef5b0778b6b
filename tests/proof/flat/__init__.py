"""Flat: stop signals of every kind, at random instants of a strategy that trades all the time."""
