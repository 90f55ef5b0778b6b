"""Integration tests of what a run tells a watchdog."""
