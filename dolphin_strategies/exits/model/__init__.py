"""Models of exits: plain data, each value checked."""
