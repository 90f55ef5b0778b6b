"""The processes that the groups start: nodes, producers, readers, engines."""
