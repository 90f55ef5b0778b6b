"""Watching: regions, services, nodes, fleets and alarms, looked at from outside as plain data."""
