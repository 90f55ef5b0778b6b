"""The C of the watch over a process: its end by one byte, and word of its crash."""
