"""The content of an entry: its text, its order, and its state."""
