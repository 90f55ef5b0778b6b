"""Unit tests: when computed factors are evaluated."""
