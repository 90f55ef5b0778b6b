"""Groups of benchmarks of operations: fleets of processes."""
