"""Aeron streams: their order, their messages, their channels."""
