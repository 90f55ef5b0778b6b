"""Supervision: the lives of the services of a fleet, and the one who watches them."""
