"""Formats: what each kind of archive file looks like, and what its columns mean."""
