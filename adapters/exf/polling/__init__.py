"""Polling one request: when, through which client, within which limits."""
