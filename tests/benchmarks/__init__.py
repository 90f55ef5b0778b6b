"""Benchmarks: what each part of the way from a producer to a strategy costs here."""
