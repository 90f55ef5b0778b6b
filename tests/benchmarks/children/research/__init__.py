"""Processes that the benchmarks of research start."""
