"""Integration tests of the monitor: its screens, over real regions and files."""
