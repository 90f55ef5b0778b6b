"""Aeron streams through real media drivers."""
