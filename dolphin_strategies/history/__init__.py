"""The history that a strategy is given before its first live record."""
