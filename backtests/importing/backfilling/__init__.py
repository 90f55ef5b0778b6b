"""Backfill: the archive files of exchanges converted into recordings of a catalog."""
