"""Streamed and polled factors together, in one state that is published at once."""
