"""The ExtF service as a process: command line, settings, background, status."""
