"""Parts of a fleet with real processes, without a node."""
