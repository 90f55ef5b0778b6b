"""Exits that a strategy holds, in an engine."""
