"""Copies of the catalog with a different future, and one of them in the catalog's place."""
