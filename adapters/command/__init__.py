"""What commands share: the terminal, settings files, strategies found by name."""
