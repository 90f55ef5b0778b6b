"""Watching: regions, services, nodes and alarms, looked at from outside as plain data."""
