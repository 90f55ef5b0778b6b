"""User code: the modules and strategy classes of a user, found by name."""
