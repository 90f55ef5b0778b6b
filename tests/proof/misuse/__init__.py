"""Misuse: wrong uses of an author's API, each in a node of its own that must end with a word."""
