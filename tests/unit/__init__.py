"""One class or function at a time."""
