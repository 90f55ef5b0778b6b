"""The configuration of a node's run: the tables of its file, its options, and their checks."""
