"""Running: a backfill from its plan to files in a catalog, and what is said about it."""
