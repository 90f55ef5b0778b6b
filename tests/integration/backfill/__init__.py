"""backfill.py as a user runs it."""
