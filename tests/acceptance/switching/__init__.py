"""The switch of a node, as a user throws it."""
