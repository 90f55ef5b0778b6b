"""Containers: what they share, who keeps it, and the settings that they begin with."""
