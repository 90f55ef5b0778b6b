"""What commands share: settings, strategies by name, instants, durations, text on a terminal."""
