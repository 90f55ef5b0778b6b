"""Polling one source: when, through which client, within which limits."""
