"""Unit tests of what a run tells a watchdog."""
