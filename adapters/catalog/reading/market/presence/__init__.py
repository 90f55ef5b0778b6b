"""Presence: when the market of an instrument is there, by its recorded prices."""
