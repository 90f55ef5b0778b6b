"""Bridging: factors of another machine into a region, and those of a region onto a stream."""
