"""Dates: days on which exchanges and offices do something, and the instants of them."""
