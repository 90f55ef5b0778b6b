"""One file a group of the benchmarks: what is run, in which order, and the table of it."""
