"""Closing: what a dead node left open at an exchange, closed through a connection of its own."""
