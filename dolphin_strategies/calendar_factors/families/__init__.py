"""Families: the calendar factors by what they count: the clock, sessions, instants, the moon."""
