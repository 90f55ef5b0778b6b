"""Sending: what a publisher is given, its messages, and those that wait."""
