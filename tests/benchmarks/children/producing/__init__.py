"""Producers that the benchmarks start."""
