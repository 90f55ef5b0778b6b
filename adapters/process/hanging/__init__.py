"""Hanging: a main thread that does not turn, or will not end: the watch over it and its rules."""
