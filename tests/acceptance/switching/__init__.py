"""The switch and the limits of a node, as a user has them."""
