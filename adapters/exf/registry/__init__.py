"""The factors, and the source of each."""
