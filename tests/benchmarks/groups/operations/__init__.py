"""The groups of the benchmarks about operating nodes."""
