"""The parts of a process: signals, locks, children, a watch over its main thread."""
