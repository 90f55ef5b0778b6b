"""Acceptance tests of the watchdog over nodes."""
