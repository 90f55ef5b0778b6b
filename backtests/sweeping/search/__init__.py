"""The search: one study a fold in one file, and what is asked of them in which order."""
