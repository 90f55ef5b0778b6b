"""Several parts together, with real processes."""
