"""Reports on a fleet: its status, as JSON and as a table, and its systemd units."""
