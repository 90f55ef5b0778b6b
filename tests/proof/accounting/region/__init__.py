"""The region against a plain list: what is written, what is read, and what is counted."""
