"""Metrics: what a process tells of itself in numbers, and the endpoint that serves them."""
