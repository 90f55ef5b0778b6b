"""Which factors there are, and where each comes from."""
