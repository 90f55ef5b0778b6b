"""Hostile files: what no writer would write, before a reader attaches and while it reads."""
