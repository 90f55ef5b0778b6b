"""Run states: what a running node tells a watchdog beside it, and systemd."""
