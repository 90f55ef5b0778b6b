"""Nodes with real orders at the account of a local exchange, and what orders them about."""
