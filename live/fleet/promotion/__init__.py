"""Promotion: which node of a pair leads, changed by a transaction that survives any kill."""
