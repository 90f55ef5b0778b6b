"""A node of the venues that can be connected, built again when there is one more."""
