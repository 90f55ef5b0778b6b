"""Producer processes of a run, and how they are started and ended."""
