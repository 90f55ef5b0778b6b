"""The fleet: producers, bridges, recorders and nodes, started, watched and promoted together."""
