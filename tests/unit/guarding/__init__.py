"""Unit tests of the watchdog over nodes."""
