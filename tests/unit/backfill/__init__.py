"""Backfill: the parts, without a catalog."""
