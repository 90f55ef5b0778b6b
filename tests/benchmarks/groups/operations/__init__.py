"""Groups of benchmarks of operations: the switch, the monitor, fleets of processes, Aeron."""
