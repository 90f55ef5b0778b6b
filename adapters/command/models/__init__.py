"""Models: files of what was fitted, read without trust."""
