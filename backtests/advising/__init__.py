"""Advising: whether the trades of a strategy depend on the calendar, and what to do about it."""
