"""Market data clients for the node: simulated and replayed."""
