"""What a node's run is configured with: the tables of its file, its options, and their checks."""
