"""The last mile of every program: what a user meets besides its work."""
