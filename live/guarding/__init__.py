"""Guarding: the watch over nodes from outside, its alarms, and closing what was left open."""
