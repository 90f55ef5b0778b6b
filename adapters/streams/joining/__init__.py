"""Venues that join a node which trades: tried apart, left out with a reason, or streamed from."""
