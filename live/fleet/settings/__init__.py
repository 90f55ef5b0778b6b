"""The settings of a fleet: its file, the order of its starts, and the commands of its services."""
