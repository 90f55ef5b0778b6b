"""advise.py: planted effects, shuffled trades, and the command as it is typed."""
