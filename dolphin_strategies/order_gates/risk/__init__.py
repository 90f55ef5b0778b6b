"""Risk: the limits of a node, its trading state, and what refuses orders by both."""
