"""The media driver: its folder, its settings, the driver itself, and a connection to it."""
