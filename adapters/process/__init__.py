"""What a process of ours does as a process: signals and locks."""
