"""The envelope at work: its file, the watch over a strategy, and what the watch remembers."""
